# Read after Brian2's makefile: a few sources in place of a hundred, as many as are compiled at a time.
# A user's own stay alone.
$(filter joined_%,$(OBJS:.o=.cpp)): joined_%.cpp: $(SRCS) $(H_SRCS) makefile
	@$(PYTHON) -I $(JOINED) $(subst _, ,$*) $(TOGETHER) > $@

$(OBJS): $(H_SRCS)

# It reads and writes arrays once: optimising that takes longer than any of it.
objects.o: private OPTIMISATIONS += -O1 -fno-inline

# Which headers of a user's a file depends on is noted while it is compiled.
CXXFLAGS += -MMD -MP
include $(wildcard $(OBJS:.o=.d))

.DELETE_ON_ERROR:
.SECONDARY:
