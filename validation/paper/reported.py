"""What the paper reports (Zhang et al., AAAI 2019), to stand beside what is measured here."""

TABLE1 = {
    "lenet": {"dnn_error": 0.84, "snn_error": 0.92},
    "alexnet": {"dnn_error": 42.84, "snn_error": 43.3},
    "vgg16": {"dnn_error": 30.82, "snn_error": 29.13},
}
"""Top-1 errors in percent at L = 5; AlexNet and VGG-16 on ImageNet."""

TABLE2 = {
    "lenet": {
        "dnn_mult": 2239e3,
        "dnn_add": 2235e3,
        "snn_mult": 1920e3,
        "snn_add": 3194e3,
        "total_ratio": 0.875,
    },
    "alexnet": {
        "dnn_mult": 357e6,
        "dnn_add": 357e6,
        "snn_mult": 39e6,
        "snn_add": 377e6,
        "total_ratio": 1.72,
    },
    "vgg16": {
        "dnn_mult": 14765e6,
        "dnn_add": 14757e6,
        "snn_mult": 1496e6,
        "snn_add": 15505e6,
        "total_ratio": 1.74,
    },
}

FIGURE4 = {"lenet": {1: 0.9847, 5: 0.9908}, "vgg16": {1: 0.0, 5: 0.7087}}
FIGURE5 = {1: 0.484, 5: 0.417}
"""Share of AlexNet's operations that the conversion saves."""

PEERS = [
    {
        "work": "TDSNN, Zhang et al. 2019",
        "figures": "energy by the same table from its own counts, DNN / SNN: LeNet 1.03, AlexNet "
        "3.4, VGG-16 3.5; against dense DNNs",
        "source": "Table 2 of doi.org/10.1609/aaai.v33i01.33011319",
    },
    {
        "work": "CAT, Lew et al. 2022",
        "figures": "VGG-16 on CIFAR-10, CIFAR-100, Tiny-ImageNet: 91.7, 67.9, 57.4 %; 487 to "
        "1,426 µJ in 28 nm, with memory",
        "source": "abstract",
    },
    {
        "work": "Stanojevic et al. 2024",
        "figures": "VGG-16 on CIFAR-10: 93.56 %; fewer than 0.3 spikes a neuron",
        "source": "code and abstract, Nature Communications 15",
    },
    {
        "work": "Rueckauer and Liu 2018",
        "figures": "7 to 10 times fewer operations than the DNN on MNIST",
        "source": "abstract",
    },
    {
        "work": "MLPerf Tiny, Banbury et al. 2021",
        "figures": "ResNet-8: 85 % demanded on 200 original CIFAR-10 images",
        "source": "rules of the benchmark",
    },
]
"""Figures of others; `docs/peers.md` tells more."""
