"""The sections of the sweeps."""

from . import sweep_figures
from .model_sections import equations
from .rendering import Section, Table, columns, facts


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
                    ("Steps per tick", "dt_per_tick", "count"),
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
            "or less. Noise, background spikes, thresholds that differ and adaptation run in a "
            "program of their own (`xi`, Poisson). What is drawn at random has several seeds: "
            "means, and the interval of accuracy (without labels: agreement) over seeds.",
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
                    ("Seeds", "seeds", "count"),
                    ("± (95 %)", "interval", "share"),
                ),
            ),
        ),
        code=equations(summary["perturbation_equations"]),
        plots=(sweep_figures.flaws(summary["perturbations"], summary["perturbation_limits"]),),
    )


SWEEPS = {"integration": integration, "ticks": ticks, "perturbations": flaws}
