"""The words of the page, explained for someone who has not read the paper."""

TERMS: tuple[tuple[str, str], ...] = (
    (
        "Tick, latency",
        "A value x is told by when a neuron fires: T(x) = L ln(x + 1), rounded up, counted in "
        "ticks after its layer's release. The larger the value, the later the spike (reverse "
        "coding).",
    ),
    (
        "Leak L",
        "The membrane time constant in ticks: the larger, the finer the code, and the longer.",
    ),
    (
        "Window, inhibitory period",
        "The time in which a layer only listens: the layer before it fires, and its own ticking "
        "neuron keeps it from firing.",
    ),
    (
        "Release, active period",
        "When all inputs have arrived the ticking neuron releases the layer, then pushes it up "
        "tick by tick until every neuron has fired.",
    ),
    (
        "DNN, adapted DNN",
        "The Keras model as trained; the same with reverse coding in place.",
    ),
    (
        "Discrete SNN, discrete analysis",
        "The spiking network worked out by the formula T(A) = ceil(L ln(A + 1)), in whole "
        "ticks, without a simulator.",
    ),
    (
        "Brian2 SNN",
        "The same network simulated in continuous time: differential equations, spikes.",
    ),
    (
        "Jump of the ceiling",
        "Where L ln(A + 1) is a whole number, the last bits of a sum decide about a whole tick.",
    ),
    (
        "Explained, unexplained, inherited",
        "A difference at a jump is explained; anywhere else it is a fault, and the page is red. "
        "Inherited: the layer did what its input says, and the input differed.",
    ),
    (
        "Open loop, closed loop",
        "Latencies without rounding: each layer fed the discrete times of the one before "
        "(open), or continuous times all the way (closed).",
    ),
    (
        "Late spike, neuron cut off",
        "A spike after the release of a layer that reads it; a neuron that had not fired when "
        "the next image came.",
    ),
    (
        "Standard error",
        "How much an accuracy would vary with other images of the same kind, about two thirds "
        "of the time; of a loss, counted over the images that one of both gets wrong.",
    ),
    (
        "RMSE",
        "Root of the mean squared difference of spike times, of neurons that fire in both.",
    ),
    (
        "Victor-Purpura distance",
        "The least cost of turning one spike train into the other: 1 a tick that a spike is "
        "moved, 1 to add or to remove it; mean over neurons.",
    ),
    (
        "van Rossum distance",
        "Distance of both spike trains, smoothed by an exponential with the leak as time "
        "constant; 1 for a missing spike; mean over neurons.",
    ),
    (
        "Kolmogorov-Smirnov, Wasserstein",
        "Of the distributions of all firing times of a layer: their largest difference, a "
        "share; and how far, in ticks, one must be moved to become the other.",
    ),
    (
        "Calibration error",
        "Mean distance between how sure a network is (softmax) and how often it is right, over "
        "ten bins of confidence.",
    ),
    (
        "Pass, fail, missing, unsupported",
        "Missing: what the check needs was not given or asked for. Unsupported: this network or "
        "way to run it cannot have it.",
    ),
)
