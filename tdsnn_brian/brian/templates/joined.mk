# Read after Brian2's makefile: a few sources in place of a hundred, as many as are compiled at a time.
joined_%.cpp: $(SRCS) $(H_SRCS)
	@"$(PYTHON)" "$(JOINED)" $* $(PARTS) $(filter-out objects.cpp,$(SRCS)) > $@

$(OBJS): $(H_SRCS)

# It reads and writes arrays once: optimising that takes longer than any of it.
objects.o: private OPTIMISATIONS += -O1 -fno-inline

.DELETE_ON_ERROR:
.SECONDARY:
