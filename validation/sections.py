"""The sections of the page, made from the summary and the plots."""

from .figures import Plot
from .page import Column, Fact, Section, Table

FACTS = (
    Fact(title="Accuracy, DNN", path="accuracy.dnn", style="share"),
    Fact(title="Accuracy, adapted DNN", path="accuracy.adapted", style="share"),
    Fact(title="Accuracy, discrete SNN", path="accuracy.discrete", style="share"),
    Fact(title="Accuracy, Brian2 SNN", path="accuracy.brian2", style="share"),
    Fact(title="Adapted DNN and discrete SNN agree", path="agreement.adapted_discrete",
         style="share"),
    Fact(title="Discrete and Brian2 SNN agree", path="agreement.discrete_brian2", style="share"),
    Fact(title="Images", path="images", style="count"),
    Fact(title="Leak (ticks)", path="leak", style="number"),
    Fact(title="Integration steps a tick", path="dt_per_tick", style="count"),
    Fact(title="Window", path="window"),
    Fact(title="Device", path="device"),
    Fact(title="Seconds to compile", path="seconds.compile", style="fixed"),
    Fact(title="Seconds an image", path="seconds.run_per_image", style="number"),
)

LAYERS = Table(
    path="layers",
    filter_by="name",
    columns=(
        Column(title="Layer", key="name"),
        Column(title="Neurons", key="neurons", style="count"),
        Column(title="Identical", key="identical", style="share"),
        Column(title="Largest difference (ticks)", key="max_difference_ticks", style="number"),
        Column(title="Spikes per neuron", key="spikes_per_neuron", style="fixed"),
        Column(title="Window (ticks)", key="window_ticks", style="count"),
        Column(title="Explained", key="explained", style="count"),
        Column(title="Unexplained", key="unexplained", style="count"),
    ),
)


def overview() -> Section:
    """What was simulated, and how well it answers."""
    return Section(id="overview", title="Overview", facts=FACTS)


def layers(plots: list[Plot]) -> Section:
    return Section(
        id="layers",
        title="Firing times, layer by layer",
        text=(
            "Identical: share of neurons whose simulated firing time equals the discrete "
            "analysis. A disagreement is explained where the layer's own input puts "
            "L ln(A + 1) at a jump of the ceiling, and unexplained anywhere else.",
        ),
        tables=(LAYERS,),
        plots=tuple(plots),
    )


def one_image(plots: list[Plot]) -> Section:
    return Section(id="one-image", title="One image, seen", plots=tuple(plots))
