"""The sections of the page: which values of the summary they show, beside which plots."""

from . import sweep_figures
from .plots import Plot
from .rendering import Column, Fact, Section, Table


def columns(*described: tuple) -> tuple[Column, ...]:
    """Columns from (title, key, style), text if there is no style."""
    return tuple(
        Column(title=title, key=key, style=style[0] if style else "text")
        for title, key, *style in described
    )


def facts(*described: tuple) -> tuple[Fact, ...]:
    """Facts from (title, path, style), a number if there is no style."""
    return tuple(
        Fact(title=title, path=path, style=style[0] if style else "number")
        for title, path, *style in described
    )


def overview() -> Section:
    """What was simulated, and how well it answers."""
    return Section(
        id="overview",
        title="Overview",
        facts=facts(
            ("Accuracy, DNN", "accuracy.dnn", "share"),
            ("Accuracy, adapted DNN", "accuracy.adapted", "share"),
            ("Accuracy, discrete SNN", "accuracy.discrete", "share"),
            ("Accuracy, Brian2 SNN", "accuracy.brian2", "share"),
            ("Adapted DNN and discrete SNN agree", "agreement.adapted_discrete", "share"),
            ("Discrete and Brian2 SNN agree", "agreement.discrete_brian2", "share"),
            ("Images", "images", "count"),
            ("Leak (ticks)", "leak"),
            ("Steps a tick at which inputs fire", "input_steps", "count"),
            ("Integration steps a tick", "dt_per_tick", "count"),
            ("Window", "window", "text"),
            ("Device", "device", "text"),
            ("Seconds to compile", "seconds.compile", "fixed"),
            ("Seconds an image", "seconds.run_per_image"),
        ),
    )


def layers(plots: list[Plot]) -> Section:
    """Discrete, continuous and simulated latencies."""
    continuous = [
        (
            f"{loop}, {what} from {reference}",
            f"{loop.lower().replace(' ', '_')}_{reference}_{key}",
            "number",
        )
        for loop in ("Open loop", "Closed loop")
        for reference in ("discrete", "simulated")
        for what, key in (("mean", "mean"), ("largest", "max"))
    ]
    return Section(
        id="layers",
        title="Three answers, layer by layer",
        text=(
            "Identical: share of neurons whose simulated firing time equals the discrete "
            "analysis. Explained: disagreements where the layer's own input puts L ln(A + 1) at "
            "a jump of the ceiling. Unexplained: disagreements anywhere else. Inherited: "
            "differences that came in with the layer's input.",
        ),
        facts=facts(
            ("Within so many ticks of a jump counts as at it", "boundary_ticks"),
            ("Output layer", "output.name", "text"),
            ("Unexplained output potentials", "output.unexplained", "count"),
            ("Accuracy, continuous DNN", "accuracy.continuous", "share"),
        ),
        tables=(
            Table(
                path="layers",
                filter_by="name",
                caption="Simulated and discrete firing times",
                columns=columns(
                    ("Layer", "name"),
                    ("Neurons", "neurons", "count"),
                    ("Identical", "identical", "share"),
                    ("Unexplained", "unexplained", "count"),
                    ("Largest difference (ticks)", "max_difference_ticks", "number"),
                    ("Mean difference (ticks)", "mean_difference_ticks", "number"),
                    ("Spikes per neuron", "spikes_per_neuron", "fixed"),
                    ("Window (ticks)", "window_ticks", "count"),
                    ("Inherited", "inherited", "count"),
                    ("Explained", "explained", "count"),
                ),
            ),
            Table(
                path="answers",
                filter_by="name",
                caption="Continuous latencies: differences in ticks",
                columns=columns(("Layer", "name"), *continuous),
            ),
            Table(
                path="disagreements",
                filter_by="name",
                caption="Neurons that did not fire when their input says, farthest from a jump "
                "first",
                columns=columns(
                    ("Layer", "name"),
                    ("Image", "image", "count"),
                    ("Neuron", "neuron", "count"),
                    ("Expected", "expected", "number"),
                    ("Simulated", "simulated", "number"),
                    ("Distance from a jump (ticks)", "distance", "number"),
                    ("Explained", "explained", "flag"),
                ),
            ),
        ),
        plots=tuple(plots),
    )


def one_image(plots: list[Plot]) -> Section:
    """One image closely."""
    return Section(id="one-image", title="One image, seen", plots=tuple(plots))


def cost() -> Section:
    """What an image costs."""
    return Section(
        id="cost",
        title="Cost of an image",
        facts=facts(
            ("Integration steps", "cost.steps_per_image", "count"),
            ("Spikes", "cost.total.spikes", "whole"),
            ("Synapses", "cost.total.synapses", "count"),
            ("Additions, DNN", "cost.total.dnn_additions", "whole"),
            ("Additions, SNN", "cost.total.snn_additions", "whole"),
            ("Multiplications, DNN", "cost.total.dnn_multiplications", "whole"),
            ("Multiplications, SNN", "cost.total.snn_multiplications", "whole"),
        ),
        tables=(
            Table(
                path="cost.layers",
                filter_by="name",
                caption="Mean over the images, by layer",
                columns=columns(
                    ("Layer", "name"),
                    ("Neurons", "neurons", "count"),
                    ("Synapses", "synapses", "count"),
                    ("Spikes", "spikes", "whole"),
                    ("Ticks", "ticks", "number"),
                    ("Additions, DNN", "dnn_additions", "whole"),
                    ("Additions, SNN", "snn_additions", "whole"),
                    ("Multiplications, DNN", "dnn_multiplications", "whole"),
                    ("Multiplications, SNN", "snn_multiplications", "whole"),
                    ("Comparisons, SNN", "snn_comparisons", "whole"),
                ),
            ),
            Table(
                path="cost.devices",
                caption="Wall time by device",
                columns=columns(
                    ("Device", "device", "text"),
                    ("Images", "images", "count"),
                    ("Seconds to compile", "compile", "fixed"),
                    ("Seconds an image", "run_per_image", "number"),
                ),
            ),
        ),
    )


def integration(summary: dict) -> Section:
    """Integration methods and steps."""
    return Section(
        id="integration",
        title="Integration",
        text=(
            "The same network with other integration methods, steps and number types. Moved: "
            "firing times half a tick or more from the discrete ones. The order is fitted to the "
            "errors of the first layer's potentials at release, as far as they stand above "
            "rounding; the residual is the distance from a line in factors of ten.",
        ),
        facts=facts(("Images", "integration_images", "count")),
        tables=(
            Table(
                path="integration_orders",
                caption="Observed order of convergence",
                columns=columns(
                    ("Method", "method"),
                    ("Type", "dtype"),
                    ("Theory", "theory", "number"),
                    ("Observed", "order", "fixed"),
                    ("Residual", "residual", "number"),
                    ("Points", "points", "count"),
                ),
            ),
            Table(
                path="integration",
                filter_by="method",
                caption="Every run",
                columns=columns(
                    ("Method", "method"),
                    ("Steps a tick", "dt_per_tick", "count"),
                    ("Type", "dtype"),
                    ("Moved", "moved", "share"),
                    ("Accuracy", "accuracy", "share"),
                    ("Agreement", "agreement", "share"),
                    ("Error of potentials", "potential_error", "number"),
                ),
            ),
        ),
        plots=(sweep_figures.integration(summary["integration"]),),
    )


def ticks(summary: dict) -> Section:
    """Ever finer ticks."""
    return Section(
        id="ticks",
        title="Finer ticks",
        text=(
            "The ticking neuron fires m times a tick with its weight adapted, inputs are coded as "
            "finely, and in the limit a constant current (the row without m) takes the ticks' "
            "place. Latencies then approach L ln(A + 1), and the network becomes the DNN with the "
            "activation max(x, 0) + 1. The integration step is tick/m, and tick/64 for the "
            "current, which limits how well its latencies are resolved.",
        ),
        facts=facts(
            ("Observed order", "ticks_fit.order", "fixed"),
            ("Residual (factors of ten)", "ticks_fit.residual"),
            ("Accuracy, continuous DNN", "continuous_accuracy", "share"),
            ("Images", "sweep_images", "count"),
        ),
        tables=(
            Table(
                path="ticks",
                caption="Every run",
                columns=columns(
                    ("m", "m", "count"),
                    ("Mean difference (ticks)", "mean_difference", "number"),
                    ("Largest difference (ticks)", "max_difference", "number"),
                    ("Order from the row above", "order", "fixed"),
                    (
                        "Identical to the discrete analysis of the finer grid",
                        "identical_on_grid",
                        "share",
                    ),
                    ("Accuracy", "accuracy", "share"),
                    ("Agrees with the continuous DNN", "agreement_continuous", "share"),
                ),
            ),
        ),
        plots=(sweep_figures.finer_ticks(summary["ticks"]),),
    )


def flaws(summary: dict) -> Section:
    """Flaws of hardware and biology."""
    return Section(
        id="perturbations",
        title="What hardware and biology would do",
        text=(
            "Each flaw is a parameter of the model's equations and synapses "
            "(tdsnn_brian/brian/explicit/perturbed_model.py). Windows are longer by the leak "
            "constant than the images need, but for the flaw that shortens them. Late: spikes "
            "after the next layer's release. With few images, one point of accuracy is one image "
            "or less.",
        ),
        facts=facts(("Images", "sweep_images", "count")),
        tables=(
            Table(
                path="perturbation_limits",
                caption="Strength at which accuracy falls by one point (none: not reached)",
                columns=columns(
                    ("Flaw", "title"),
                    ("Strength", "one_point_strength", "number"),
                    ("Unit", "unit"),
                ),
            ),
            Table(
                path="perturbations",
                filter_by="kind",
                caption="Every run",
                columns=columns(
                    ("Flaw", "kind"),
                    ("Strength", "strength", "number"),
                    ("Moved", "moved", "share"),
                    ("Accuracy", "accuracy", "share"),
                    ("Agreement", "agreement", "share"),
                    ("Late", "late", "share"),
                ),
            ),
        ),
        plots=(sweep_figures.flaws(summary["perturbations"], summary["perturbation_limits"]),),
    )


SWEEPS = {"integration": integration, "ticks": ticks, "perturbations": flaws}
