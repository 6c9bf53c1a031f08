"""The sections of the page: which values of the summary they show, beside which plots."""

from .plots import Plot
from .rendering import Choice, Section, Table, columns, facts
from .terms import TERMS


def overview() -> Section:
    """What was simulated, what was checked, and how well it answers."""
    return Section(
        id="overview",
        title="Overview",
        tables=(
            Table(
                path="sample",
                caption="Answers on all images, by the analysis (± standard error)",
                columns=columns(
                    ("", "name"),
                    ("Images", "images", "count"),
                    ("Wrong", "wrong", "count"),
                    ("Accuracy", "accuracy", "share"),
                    ("±", "accuracy_error", "share"),
                    ("Same answer as the DNN", "agreement", "share"),
                    ("±", "agreement_error", "share"),
                ),
            ),
            Table(
                path="checks",
                caption="Checks",
                columns=columns(("Check", "name"), ("Status", "status", "status"), ("", "says")),
            ),
        ),
        facts=facts(
            ("Images simulated", "images", "count"),
            ("Accuracy on them, Brian2 SNN", "accuracy.brian2", "share"),
            ("Discrete and Brian2 SNN agree", "agreement.discrete_brian2", "share"),
            ("Adapted DNN and discrete SNN agree", "agreement.adapted_discrete", "share"),
            ("Leak (ticks)", "leak"),
            ("Input steps per tick", "input_steps", "count"),
            ("Integration steps per tick", "dt_per_tick", "count"),
            ("Window", "window", "text"),
            ("Values of images, as the network expects", "image_range", "text"),
            ("Values of images, as given", "image_values", "text"),
            ("Device", "device", "text"),
            ("Seconds to compile", "seconds.compile", "fixed"),
            ("Seconds per image", "seconds.run_per_image"),
        ),
    )


def dnn(plots: list[Plot]) -> Section:
    """The network beside the DNN."""
    return Section(
        id="dnn",
        title="Beside the DNN",
        text=(
            "The Keras model as trained and the network that was converted from it, on all images; "
            "the network's answers are those of the analysis, which the simulation is checked "
            "against.",
        ),
        facts=facts(
            ("Images", "dnn.images", "count"),
            ("Same answer", "dnn.agreement", "share"),
            ("± standard error", "dnn.agreement_error", "share"),
            ("Accuracy lost", "dnn.loss", "share"),
            ("± standard error", "dnn.loss_error", "share"),
        ),
        tables=(
            Table(
                path="dnn.calibration",
                caption="Calibration",
                columns=columns(
                    ("", "name"),
                    ("Mean confidence", "confidence", "share"),
                    ("Accuracy", "accuracy", "share"),
                    ("Calibration error", "calibration_error", "share"),
                ),
            ),
            Table(
                path="dnn.confusions",
                caption="Classes taken for each other",
                columns=columns(
                    ("Label", "label", "plain"),
                    ("Answer", "answer", "plain"),
                    ("By the DNN", "by_dnn", "count"),
                    ("By the network", "by_network", "count"),
                ),
            ),
            Table(
                path="dnn.wrong",
                caption="Images answered wrongly, or otherwise than by the DNN",
                columns=columns(
                    ("Image", "image", "plain"),
                    ("Label", "label", "plain"),
                    ("DNN", "dnn", "plain"),
                    ("Network", "network", "plain"),
                ),
            ),
        ),
        plots=tuple(plots),
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
            ("Tolerance at a jump (ticks)", "boundary_ticks"),
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
                path="distances",
                filter_by="name",
                caption="Distances between simulated spike trains and others",
                columns=columns(
                    ("Layer", "name"),
                    ("Compared with", "reference"),
                    ("RMSE (ticks)", "rmse", "number"),
                    ("Victor-Purpura", "victor_purpura", "number"),
                    ("van Rossum", "van_rossum", "number"),
                    ("Kolmogorov-Smirnov", "kolmogorov_smirnov", "number"),
                    ("Wasserstein (ticks)", "wasserstein", "number"),
                ),
            ),
            Table(
                path="disagreements",
                filter_by="name",
                caption="Neurons that fired at another time than their input says, farthest "
                "from a jump first",
                columns=columns(
                    ("Layer", "name"),
                    ("Image", "image", "plain"),
                    ("Neuron (row, column, channel)", "place"),
                    ("Expected", "expected", "number"),
                    ("Simulated", "simulated", "number"),
                    ("Distance from a jump (ticks)", "distance", "number"),
                    ("Explained", "explained", "flag"),
                ),
            ),
        ),
        plots=tuple(plots),
    )


def one_image(choices: list[Choice]) -> Section:
    """Some images closely, one at a time."""
    return Section(
        id="one-image",
        title="One image, seen",
        text=("Choose an image; each is simulated with ten integration steps per tick.",),
        choices=tuple(choices),
    )


def cost() -> Section:
    """What an image costs."""
    return Section(
        id="cost",
        title="Cost of an image",
        text=(
            "Operations are counted as the paper counts them, of the spikes that were simulated; "
            "those of the DNN are of one with this network's layers, in which both of a pair of ON "
            "and OFF neurons count, and linear layers that were merged are one. "
            "Energy is that of the arithmetic alone, 0.9 pJ an addition or comparison and 3.7 pJ a "
            "multiplication (float32 at 45 nm, Horowitz, ISSCC 2014): memory, clocks and wires are "
            "left out, so it tells ratios rather than a chip's consumption.",
        ),
        facts=facts(
            ("Integration steps", "cost.steps_per_image", "count"),
            ("Spikes", "cost.total.spikes", "whole"),
            ("Spikes per neuron", "cost.total.spikes_per_neuron", "fixed"),
            ("Synapses", "cost.total.synapses", "count"),
            ("Additions, DNN over SNN", "cost.ratio.additions", "fixed"),
            ("Multiplications, DNN over SNN", "cost.ratio.multiplications", "fixed"),
            ("Energy, DNN over SNN", "cost.ratio.nanojoules", "fixed"),
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
                    ("Spikes per neuron", "spikes_per_neuron", "fixed"),
                    ("Ticks", "ticks", "number"),
                ),
                total="cost.total",
            ),
            Table(
                path="cost.layers",
                filter_by="name",
                caption="Operations and their energy, by layer",
                columns=columns(
                    ("Layer", "name"),
                    ("Additions, DNN", "dnn_additions", "whole"),
                    ("Additions, SNN", "snn_additions", "whole"),
                    ("Multiplications, DNN", "dnn_multiplications", "whole"),
                    ("Multiplications, SNN", "snn_multiplications", "whole"),
                    ("Comparisons, SNN", "snn_comparisons", "whole"),
                    ("nJ, DNN", "dnn_nanojoules", "number"),
                    ("nJ, SNN", "snn_nanojoules", "number"),
                ),
                total="cost.total",
            ),
            Table(
                path="cost.devices",
                caption="Wall time by device",
                columns=columns(
                    ("Device", "device", "text"),
                    ("Images", "images", "count"),
                    ("Seconds to compile", "compile", "fixed"),
                    ("Seconds per image", "run_per_image", "number"),
                ),
            ),
        ),
    )


def terms() -> Section:
    """What the words on the page mean."""
    return Section(id="terms", title="Terms", terms=TERMS)


def origin() -> Section:
    """Where the report comes from."""
    return Section(
        id="origin",
        title="Where this report comes from",
        facts=facts(
            ("Date", "origin.date", "text"),
            ("Command", "origin.command", "text"),
            ("Machine", "origin.machine", "text"),
            ("Free memory (GiB)", "origin.memory_gib"),
            ("Floating type", "origin.float_type", "text"),
            ("Seeds", "origin.seeds", "text"),
        ),
        tables=(
            Table(
                path="origin.versions",
                caption="Versions",
                columns=columns(("Software", "software"), ("Version", "version")),
            ),
            Table(
                path="origin.digests",
                caption="Digests: equal ones mean equal content",
                columns=columns(("Of", "of"), ("SHA-256, first 16 digits", "digest")),
            ),
        ),
    )
