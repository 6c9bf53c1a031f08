# Beside the makefile that Brian2CUDA writes: one source in place of a hundred, in the C++ that the
# Thrust of CUDA 13 asks for, and with the arithmetic of the CPU: no fast-math, nothing fused. The host's
# part, which sets up, is compiled quickly.
NVCCFLAGS := $(subst -use_fast_math,-fmad=false,$(NVCCFLAGS))
NVCCFLAGS := $(subst -std=c++11,-std=c++17,$(subst -O3,-O1,$(subst -ffast-math,,$(NVCCFLAGS))))

# Only what draws random numbers needs cuRAND.
DRAWN := _ptr_array_[a-zA-Z0-9_]+_(rand|randn|poisson_[0-9]+)\b|curand
ifeq ($(shell grep -lE '$(DRAWN)' code_objects/*.cu),)
NVCCFLAGS := -I$(NO_RANDOM_NUMBERS) $(NVCCFLAGS)
LFLAGS := $(filter-out -lcurand,$(LFLAGS))
endif

joined.cu: $(SRCS) $(H_SRCS)
	@$(PYTHON) -I $(JOINED) 0 1 $(SRCS) > $@
