"""The section of the page on what networks compute, beside peers' published figures."""

from ..page.rendering import Section, Table, columns


def work_section(command: str) -> Section:
    """Its rows stand in the summary under ``work`` and ``rows.peers``."""
    return Section(
        id="work",
        title="Operations beside a DNN that skips zeros, networks with branches among them",
        text=(
            "Counted as NeuroBench does: effective MACs of the DNN are weights times values that "
            "are not zero, effective ACs of the spiking network are spikes times synapses; biases, "
            "normalisations and maxima count on neither side, the additions of skips and means on "
            "both. Beside the ACs a tick that reaches a neuron is an addition, a leak of a neuron "
            "in a tick a multiplication. The ratios are of additions and multiplications together, "
            "DNN over spiking network: to a dense DNN, and to one that skips zeros.",
            "Energy in microjoules an image, of computing alone: float32 in 45 nm, 4.6 pJ a MAC, "
            "0.9 pJ an AC (Horowitz, ISSCC 2014). Moving data costs more and is in no figure here.",
            "Not retrained. Accuracy is on all images that the first table names; MACs of a DNN "
            "that skips zeros on the first 200 of them. Standard errors are of the difference on "
            "the same images. Spikes a neuron: of the neurons that may fire, without the "
            "input's. " + command,
        ),
        tables=(
            Table(
                path="work",
                filter_by="network",
                columns=columns(
                    ("network", "network"),
                    ("L", "leak", "number"),
                    ("scale", "scale", "count"),
                    ("input steps", "input_steps", "count"),
                    ("rounded", "rounding"),
                    ("silent zeros", "silent_zeros", "text"),
                    ("calibrated", "calibrate"),
                    ("images", "images", "count"),
                    ("DNN", "dnn_accuracy", "share"),
                    ("accuracy", "accuracy", "share"),
                    ("lost", "loss", "share"),
                    ("± s.e.", "loss_error", "share"),
                    ("same answers", "agreement", "share"),
                    ("ticks", "ticks", "count"),
                    ("spikes a neuron", "spikes_per_neuron", "fixed"),
                ),
            ),
            Table(
                path="work",
                columns=columns(
                    ("network", "network"),
                    ("L", "leak", "number"),
                    ("scale", "scale", "count"),
                    ("silent zeros", "silent_zeros", "text"),
                    ("dense MACs", "dense_macs", "whole"),
                    ("effective MACs", "effective_macs", "whole"),
                    ("effective ACs", "effective_acs", "whole"),
                    ("leaks", "leaks", "whole"),
                    ("ratio, dense", "ratio_dense", "fixed"),
                    ("ratio, zeros skipped", "ratio_effective", "fixed"),
                    ("µJ dense", "dense_energy", "number"),
                    ("µJ zeros skipped", "effective_energy", "number"),
                    ("µJ spiking", "energy", "number"),
                    ("energy ratio, dense", "energy_ratio_dense", "fixed"),
                    ("energy ratio, zeros skipped", "energy_ratio_effective", "fixed"),
                ),
            ),
            Table(
                path="reported.peers",
                caption="What others have published; other data sets, networks and ways to count.",
                columns=columns(
                    ("work", "work"), ("figures", "figures"), ("where they stand", "source")
                ),
            ),
        ),
    )
