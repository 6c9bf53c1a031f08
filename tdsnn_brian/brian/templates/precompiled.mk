# Read after Brian2's makefile, and with DEPS= on the command line: what all files include is
# compiled once, and which headers a file depends on is noted while it is compiled.
COMMON = objects.h network.h synapses_classes.h $(filter brianlib/%,$(H_SRCS))
CXXFLAGS += -include common.h -MMD

$(OBJS): common.h.gch

common.h.gch: common.h $(COMMON)
	$(CXX) $(CXXFLAGS) -x c++-header common.h -o $@

common.h: makefile
	printf '#include "%s"\n' $(COMMON) fstream iostream > $@

# It reads and writes arrays once: optimising that takes longer than any of it.
objects.o: private OPTIMISATIONS += -O1 -fno-inline

-include $(OBJS:.o=.d)
