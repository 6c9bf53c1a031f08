"""The code that Brian2GeNN generates, made fit for a card.

Brian2GeNN has one way for all Synapses and all groups. Each function takes the text of generated
files and gives it back with what a card needs instead; the model's equations stay as they are. On
GeNN's CPU backend the same text does the same.
"""

import re
from pathlib import Path

from ..errors import UnsupportedDeviceError

_SPAN = "SynapseGroup::SpanType"
_THREADS = 32  # a warp, whose threads read neighbouring synapses
_STEPS = 64  # whose spikes the card keeps

_CLOCK = """
#include <chrono>
static std::clock_t wall_clock() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count() * CLOCKS_PER_SEC;
}
"""
_RECORDED = """
static unsigned int recorded(const uint32_t *words, int step, unsigned int n,
                             unsigned int *spikes) {
  const unsigned int n_words = (n + 31) / 32;
  unsigned int count = 0;
  for (unsigned int w = 0; w < n_words; w++)
    for (uint32_t word = words[step * n_words + w]; word; word &= word - 1)
      spikes[count++] = 32 * w + __builtin_ctz(word);
  return count;
}
"""
_INCLUDED = '#include "network.h"\n'


def fit_for_a_card(directory: str | Path) -> None:
    """Change the files in Brian2GeNN's directory, before GeNN reads them.

    Raises
    ------
    UnsupportedDeviceError
        If Brian2GeNN generates other code than this module knows.
    """
    model, engine = Path(directory, "magicnetwork_model.cpp"), Path(directory, "engine.cpp")
    texts = with_recorded_spikes(with_own_spans(model.read_text()), engine.read_text())
    model.write_text(texts[0])
    engine.write_text(with_wall_clock(with_few_pushes(texts[1])))


def with_wall_clock(engine: str) -> str:
    """The engine which times its steps by the wall's clock, not the processor's."""
    return _changed(_changed(engine, "std::clock()", "wall_clock()"), _INCLUDED, _INCLUDED + _CLOCK)


def with_own_spans(model: str) -> str:
    """The model in which the synapses of each spike are shared out among threads.

    By postsynaptic neuron, Brian2GeNN's choice, the threads of a Synapses walk its spikes one after
    the other: all 11,520 of LeNet's first layer in one thread for its ticking neuron. That is right
    for one neuron that reaches a whole layer, and for no other.
    """
    return re.sub(
        rf"syn->setSpanType\({_SPAN}::POSTSYNAPTIC\);"
        r"(\s*syn->setMaxConnections\((?P<row>\w+)\);"
        r"\s*syn->setMaxSourceConnections\((?P<column>\w+)\);)",
        rf"if (\g<column> > 1 || \g<row> < {_THREADS}) {{\n"
        rf"        syn->setSpanType({_SPAN}::PRESYNAPTIC);\n"
        rf"        syn->setNumThreadsPerSpike(std::min<long>(\g<row>, {_THREADS}));\n"
        r"    }\1",
        model,
    )


def with_recorded_spikes(model: str, engine: str) -> tuple[str, str]:
    """Model and engine in which monitored spikes stay on the card for many steps.

    Brian2GeNN copies those of each group in each step, for which the card waits.
    """
    read = ""
    for pull, group in re.findall(r"(    pull(\w+)CurrentSpikesFromDevice\(\);\n)", engine):
        added = rf'model\.addNeuronPopulation<\w+>\("{group}", (\d+),[^;]*\)(?=;)'
        population = re.search(added, model)
        if population is None:
            raise _unknown(f"the population {group}")
        model = _changed(model, population[0], f"{population[0]}->setSpikeRecordingEnabled(true)")
        engine = _changed(engine, pull, "")
        read += f"""        spikeCount_{group} =
            recorded(recordSpk{group}, iT % {_STEPS}, {population[1]}, spike_{group});
"""
    if not read:  # a network of a readout alone
        return model, engine
    monitors = re.search(r"    // report spikes\n((?:    _run_\w+\(\);\n)+)", engine)
    if monitors is None or monitors[1].count("_run_") != read.count("recorded("):
        raise _unknown("one monitor for each group whose spikes are read")
    read = f"""    // report spikes
    if ((i + 1) % {_STEPS} == 0 || i + 1 == riT) {{
      pullRecordingBuffersFromDevice();
      for (iT = i - i % {_STEPS}; iT <= i; iT++) {{
        t = iT * DT;
{read}{monitors[1]}      }}
      iT = i;
    }}
"""
    allocated = f"allocateMem();\n  allocateRecordingBuffers({_STEPS});\n"
    engine = _changed(engine.replace(monitors[0], read), "allocateMem();\n", allocated)
    return model, _changed(engine, _INCLUDED, _INCLUDED + _RECORDED)


def with_few_pushes(engine: str) -> str:
    """The engine which copies a spike source's spikes to the card where there are some.

    Brian2GeNN does in each step, and most sources are silent in most.
    """
    return re.sub(
        r"    (?P<run>_run_\w+\(\);)\n\s*(?P<push>push(?P<source>\w+)SpikesToDevice\(\);)\n",
        r"""    {
      const unsigned int before = spikeCount_\g<source>;
      \g<run>
      if (before || spikeCount_\g<source>) \g<push>
    }
""",
        engine,
    )


def _changed(text: str, old: str, new: str) -> str:
    if old not in text:
        raise _unknown(repr(old.strip()))
    return text.replace(old, new)


def _unknown(what: str) -> UnsupportedDeviceError:
    return UnsupportedDeviceError(
        f"{what} is not in the code that this Brian2GeNN generates, so that it cannot be made "
        "fit for a card; install the version that tdsnn-brian[genn] names"
    )
