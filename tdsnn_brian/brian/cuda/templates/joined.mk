# Beside the makefile that Brian2CUDA writes: one source in place of a hundred, in the C++ that the
# Thrust of CUDA 13 asks for, and with the arithmetic of the CPU: no fast-math, nothing fused.
NVCCFLAGS := $(subst -use_fast_math,-fmad=false,$(subst -std=c++11,-std=c++17,$(NVCCFLAGS)))

joined.cu: $(SRCS) $(H_SRCS)
	@"$(PYTHON)" "$(JOINED)" $(SRCS) > $@
