"""What is simulated in Brian2 for the page: the pipeline of Fig. 3, the deployment of Fig. 6."""

from collections.abc import Callable

import numpy as np
from brian2 import ms
from numpy.typing import NDArray

from tdsnn_brian import analyse, deploy, run_pipeline
from tdsnn_brian.brian.explicit.pipeline_schedule import plan_pipeline
from tdsnn_brian.network import SpikingNetwork

from ..devices import active_device, find_compiler
from .steps import Steps
from .subjects import Options, Subject

OPTIONS = Options(leak=5, scale=3)
CHUNK = 1000
STREAMED = 20
STEPS_PER_TICK = 5


def simulate(subject: Subject, steps: Steps, progress: Callable[[str], None]) -> dict:
    """Entries ``figure3`` and ``figure6`` of the summary, for one network converted untrained."""
    network = subject.convert(OPTIONS)
    images, labels = subject.test_set
    settings = {"network": subject.name, "leak": OPTIONS.leak, "scale": OPTIONS.scale}
    progress(f"{subject.name}: a stream of images")
    stream = {**settings, "images": min(STREAMED, len(images)), "steps_per_tick": STEPS_PER_TICK}
    figure3 = steps(
        f"{subject.name}-pipeline",
        stream,
        subject.content,
        lambda: {"rows": pipeline(network, images[:STREAMED], STEPS_PER_TICK)},
    )
    parts = []
    for start in range(0, len(images), CHUNK):
        some = slice(start, start + CHUNK)
        progress(f"{subject.name}: deployment without ticking neurons, images from {start:,}")
        parts.append(
            steps(
                f"{subject.name}-deployment",
                {**settings, "start": start, "images": len(images)},
                subject.content,
                lambda some=some: deployment(network, images[some], labels[some]),
            )
        )
    summed = {key: sum(part[key] for part in parts) for key in parts[0]}
    return {
        "figure3": [{**stream, **row} for row in figure3["rows"]],
        "figure6": [{**settings, **summed, "accuracy": summed["right"] / summed["images"]}],
    }


def deployment(network: SpikingNetwork, images: NDArray, labels: NDArray) -> dict:
    """How many images, answers and firing times are those of the network with ticking neurons."""
    with active_device("cython" if find_compiler() else "numpy"):
        deployed = deploy(network, images, projection="shared")
    ticking = analyse(network, images)
    return {
        "images": len(images),
        "same_predictions": int((deployed.predictions == ticking.predictions).sum()),
        "neurons": sum(values.size for values in ticking.latencies.values()),
        "same_latencies": sum(
            int((deployed.latencies[name] == values).sum())
            for name, values in ticking.latencies.items()
        ),
        "right": int((deployed.predictions == labels).sum()),
    }


def pipeline(network: SpikingNetwork, images: NDArray, steps_per_tick: int) -> list[dict]:
    """For fixed and dynamic windows: ticks to a result, ticks between results, both also alone."""
    analysis = analyse(network, images)
    rows = []
    for window in ("fixed", "dynamic"):
        with active_device("numpy"):
            run = run_pipeline(network, images, window=window, dt=1 * ms / steps_per_tick)
        alone = np.mean(
            [
                plan_pipeline(
                    network, analyse(network, image[None]), window, steps_per_tick
                ).latency
                for image in images
            ]
        )
        if window == "fixed":  # the windows of the longest image hold for a single one too
            alone = run.schedule.latency[0]
        rows.append(
            {
                "window": window,
                "latency": float(run.schedule.latency.mean()),
                "latency_alone": float(alone),
                "interval": run.schedule.interval,
                "throughput": run.schedule.throughput,
                "speedup": float(alone) / run.schedule.interval,
                "identical": all(
                    np.array_equal(run.latencies[name], values)
                    for name, values in analysis.latencies.items()
                )
                and bool((run.predictions == analysis.predictions).all()),
            }
        )
    return rows
