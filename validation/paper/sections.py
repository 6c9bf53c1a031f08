"""The sections of the paper's page."""

from ..page.rendering import Column, Section, Table
from . import plots
from .work_section import work_section

COMMAND = "Command: python -m validation paper"


def _columns(*columns: tuple[str, ...]) -> tuple[Column, ...]:
    return tuple(Column(title=title, key=key, style=style) for title, key, style in columns)


def sections(summary: dict) -> list[Section]:
    """All sections; `summary` holds the rows of the page beside what was measured."""
    text, share, count, fixed = "text", "share", "count", "fixed"
    return [
        Section(
            id="goals",
            title="Goals",
            text=(
                "What was to be reached, and what is measured. ImageNet accuracy cannot be "
                "measured: it needs ImageNet and trained dense layers. Where the paper names "
                "AlexNet's or VGG-16's accuracy, VGG-16 with its ImageNet convolutions on "
                "CIFAR-10 stands in.",
                COMMAND,
            ),
            tables=(
                Table(
                    path="goals",
                    columns=_columns(
                        ("goal", "goal", text),
                        ("wanted", "wanted", text),
                        ("measured", "measured", text),
                        ("reached", "reached", text),
                    ),
                ),
                Table(
                    path="rows.networks",
                    columns=_columns(("network", "name", text), ("what it is", "note", text)),
                ),
            ),
        ),
        Section(
            id="table1",
            title="Table 1: errors",
            text=(
                "Test errors in percent at L = 5, top-1; the paper's AlexNet and VGG-16 are on "
                "ImageNet. Untrained: converted with compensation, activation scale "
                "and each channel corrected on training images, 2,000 for LeNet, 200 for VGG-16. "
                "Retrained: LeNet one epoch more, VGG-16 its dense layer alone. " + COMMAND,
            ),
            tables=(
                Table(
                    path="rows.table1",
                    columns=_columns(
                        ("network", "network", text),
                        ("DNN", "dnn_error", fixed),
                        ("SNN untrained", "snn_error_untrained", fixed),
                        ("SNN retrained", "snn_error", fixed),
                        ("paper DNN", "paper_dnn_error", fixed),
                        ("paper SNN", "paper_snn_error", fixed),
                    ),
                ),
            ),
        ),
        Section(
            id="figure4",
            title="Fig. 4: accuracy over L",
            text=(
                "Discrete analysis, all neurons firing; LeNet at scale 3, VGG-16 at scale 10 "
                "with 8 input steps a tick. Table 1 is the row of L = 5. " + COMMAND,
            ),
            tables=(
                Table(
                    path="rows.figure4",
                    filter_by="network",
                    columns=_columns(
                        ("network", "network", text),
                        ("L", "L", "number"),
                        ("untrained", "untrained", share),
                        ("retrained", "retrained", share),
                    ),
                ),
            ),
            plots=(plots.accuracy_over_leak(summary),),
        ),
        Section(
            id="frontier",
            title="Accuracy against ticks and operations",
            text=(
                "Every conversion measured. Ticks: windows that hold all test images, summed "
                "over the layers; ratio: operations of the DNN over those of the spiking "
                "network, measured. Standard errors are of the difference on the same images. "
                "Which conversion is best was seen on these same test images; that of VGG-16 "
                "is confirmed on others, below. " + COMMAND,
            ),
            tables=(
                Table(
                    path="frontier",
                    filter_by="network",
                    columns=_columns(
                        ("network", "network", text),
                        ("L", "L", "number"),
                        ("scale", "scale", count),
                        ("input steps", "input_steps", count),
                        ("silent zeros", "silent_zeros", text),
                        ("calibrated", "calibrated", text),
                        ("retrained", "retrained", text),
                        ("ticks", "ticks", count),
                        ("ticks an image", "ticks_mean", fixed),
                        ("accuracy", "accuracy", share),
                        ("lost", "loss", share),
                        ("± s.e.", "loss_error", share),
                        ("ratio", "total_ratio", fixed),
                        ("ratio, fixed windows", "total_ratio_fixed", fixed),
                    ),
                ),
            ),
            plots=(plots.frontier(summary),),
        ),
        Section(
            id="input-steps",
            title="Inputs that fire between ticks",
            text=(
                "No ticking neuron drives the input, so it may fire between ticks; the first "
                "layer then leaks in as many steps a tick, which is counted. The conversions of "
                "a kind differ in nothing else. " + COMMAND,
            ),
            tables=(
                Table(
                    path="input_steps",
                    filter_by="network",
                    columns=_columns(
                        ("network", "network", text),
                        ("L", "L", "number"),
                        ("scale", "scale", count),
                        ("input steps", "input_steps", count),
                        ("silent zeros", "silent_zeros", text),
                        ("calibrated", "calibrated", text),
                        ("ticks", "ticks", count),
                        ("accuracy", "accuracy", share),
                        ("lost", "loss", share),
                        ("± s.e.", "loss_error", share),
                        ("ratio", "total_ratio", fixed),
                    ),
                ),
            ),
            plots=(plots.input_steps(summary),),
        ),
        Section(
            id="table2",
            title="Table 2: operations",
            text=(
                "A neuron with M inputs takes M multiplications and M - 1 additions in the DNN, "
                "and as many additions as spikes less one in the spiking network. A pooling "
                "comparison is one addition, the leak of a neuron in a tick one multiplication, "
                "a tick that reaches a neuron one addition. Biases are counted on neither side.",
                "Measured: windows end with the last presynaptic spike, and a neuron that has "
                "fired neither leaks nor is driven. Fixed windows: every neuron leaks and is "
                "driven to the end, as the paper counts. The settings are those of the conversion "
                "with the best ratio within the accuracy goal (VGG-16 and AlexNet: of VGG-16 on "
                "CIFAR-10), see the first table. Full size is counted on photographs, with the "
                "ImageNet convolutions of VGG-16 and of the 64-192-384-256-256 AlexNet; grouped "
                "AlexNet and all dense layers have random weights. Effective ACs and dense "
                "synapses are NeuroBench's synaptic operations. " + COMMAND,
            ),
            tables=(
                Table(
                    path="chosen",
                    columns=_columns(
                        ("network", "network", text),
                        ("kind", "kind", text),
                        ("L", "leak", "number"),
                        ("scale", "scale", count),
                        ("input steps", "input_steps", count),
                        ("calibrated", "calibrate", text),
                        ("retrained", "retrain", text),
                        ("accuracy", "accuracy", share),
                        ("lost", "loss", share),
                        ("± s.e.", "loss_error", share),
                        ("ticks", "ticks", count),
                        ("further images", "further_images", count),
                        ("DNN there", "further_dnn_accuracy", share),
                        ("accuracy there", "further_accuracy", share),
                        ("lost there", "further_loss", share),
                        ("± s.e.", "further_loss_error", share),
                        ("within the goal", "within_goal", text),
                    ),
                ),
                Table(
                    path="rows.table2",
                    columns=_columns(
                        ("network", "network", text),
                        ("neurons", "kind", text),
                        ("L", "L", "number"),
                        ("DNN mult", "dnn_mult", "number"),
                        ("DNN add", "dnn_add", "number"),
                        ("SNN mult", "snn_mult", "number"),
                        ("SNN add", "snn_add", "number"),
                        ("ratio", "total_ratio", fixed),
                        ("ratio, fixed windows", "total_ratio_fixed", fixed),
                        ("ratio, comparisons counted", "total_ratio_with_comparisons", fixed),
                        ("paper's ratio", "paper", fixed),
                        ("effective ACs", "effective_acs", "number"),
                        ("dense synapses", "dense_synapses", "number"),
                    ),
                ),
                Table(
                    path="layers",
                    filter_by="network",
                    columns=_columns(
                        ("network", "network", text),
                        ("neurons", "kind", text),
                        ("layer", "name", text),
                        ("neurons", "neurons", count),
                        ("of all", "neurons_share", share),
                        ("window", "window", count),
                        ("spikes an image", "spikes", "number"),
                        ("of all", "spikes_share", share),
                        ("ticks of all", "ticks_share", share),
                        ("DNN mult", "dnn_mult", "number"),
                        ("DNN add", "dnn_add", "number"),
                        ("SNN mult", "snn_mult", "number"),
                        ("SNN add", "snn_add", "number"),
                    ),
                ),
            ),
        ),
        work_section(COMMAND),
        Section(
            id="figure5",
            title="Fig. 5: operations saved by AlexNet",
            text=(
                "All neurons firing, scale 3, one photograph, the ungrouped AlexNet. " + COMMAND,
            ),
            tables=(
                Table(
                    path="figure5",
                    columns=_columns(
                        ("L", "L", count),
                        ("saved, measured", "saved", share),
                        ("saved, fixed windows", "saved_fixed", share),
                        ("paper", "reported", share),
                    ),
                ),
            ),
        ),
        Section(
            id="table3",
            title="Table 3 and Fig. 6: deployment without ticking neurons",
            text=(
                "Original weights, neurons that only integrate, one encoding of potentials as "
                "firing times between layers: additions as in the DNN, one multiplication a "
                "neuron and tick of its window. " + COMMAND,
            ),
            tables=(
                Table(
                    path="table3",
                    columns=_columns(
                        ("network", "network", text),
                        ("DNN mult", "dnn_mult", "number"),
                        ("DNN add", "dnn_add", "number"),
                        ("deployed mult", "mult", "number"),
                        ("deployed add", "add", "number"),
                        ("ratio", "total_ratio", fixed),
                    ),
                ),
            ),
        ),
        Section(
            id="figure6",
            title="Fig. 6, simulated: the same answers without ticking neurons",
            text=(
                "Every test image in Brian2, by neurons that only integrate, beside the answers "
                "and firing times of the network with ticking neurons. " + COMMAND,
            ),
            tables=(
                Table(
                    path="figure6",
                    columns=_columns(
                        ("network", "network", text),
                        ("L", "leak", "number"),
                        ("scale", "scale", count),
                        ("images", "images", count),
                        ("same answers", "same_predictions", count),
                        ("neurons", "neurons", count),
                        ("same firing times", "same_latencies", count),
                        ("accuracy", "accuracy", share),
                    ),
                ),
            ),
        ),
        Section(
            id="figure3",
            title="Fig. 3: a stream of images",
            text=(
                "Simulated in Brian2: the active period of a layer is the inhibitory period of "
                "the next, and a layer takes the next image as soon as it is free. In ticks; a "
                "hop from neuron to neuron takes one integration step, a fifth of a tick. "
                "Identical: every firing time and answer is that of the images one at a time. "
                + COMMAND,
            ),
            tables=(
                Table(
                    path="figure3",
                    columns=_columns(
                        ("network", "network", text),
                        ("window", "window", text),
                        ("images", "images", count),
                        ("ticks to a result", "latency", fixed),
                        ("of an image alone", "latency_alone", fixed),
                        ("ticks between results", "interval", fixed),
                        ("images a tick", "throughput", "number"),
                        ("faster than one at a time", "speedup", fixed),
                        ("identical", "identical", text),
                    ),
                ),
            ),
        ),
        Section(
            id="max-pool",
            title="Max-pool by the constraints (12) to (14)",
            text=(
                "Largest latency T_m of a pooling window of N inputs up to which weights exist "
                "that make the neuron fire with the last of them. The paper does not say that "
                "there is a limit. Above it, only the simplified max-pool is exact. " + COMMAND,
            ),
            tables=(
                Table(
                    path="rows.max_pool",
                    filter_by="N",
                    columns=_columns(
                        ("N", "N", count), ("L", "L", count), ("largest T_m", "T_m", text)
                    ),
                ),
            ),
        ),
    ]
