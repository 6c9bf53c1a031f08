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
