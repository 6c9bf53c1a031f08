"""The report on a network: `report`."""

import os
from collections.abc import Iterable
from math import lcm
from pathlib import Path

import numpy as np
from brian2 import ms
from numpy.typing import NDArray

from tdsnn_brian import SpikingNetwork
from tdsnn_brian.engines import obstacle
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.network import check_images
from tdsnn_brian.networks.whole_files import write_text

from . import summary as summaries
from .case import Case, check_labels
from .devices import FLOAT_TYPES, GENN, choose_device
from .options import ALL, SWEEPS, Options, Progress
from .output import prepare_directory, write_json
from .page import figures, sections
from .page import rendering as page
from .parts import answers as three
from .parts.cost import cost
from .parts.trace import trace_image
from .simulated import simulate_case
from .sweeps.report import add_sweeps


def report(
    network: SpikingNetwork,
    images: NDArray,
    *,
    labels: NDArray | None = None,
    predictions: dict[str, NDArray] | None = None,
    output: str | os.PathLike = "reports/network",
    device: str | None = None,
    float_type: str = "float64",
    dt_per_tick: int = 1,
    window: int | str = "fixed",
    parts: Iterable[str] = ALL,
    sweep_images: int | None = None,
    integration_images: int | None = None,
    workers: int | None = None,
    notes: Iterable[str] = (),
    progress: Progress | None = None,
) -> dict:
    r"""Validate a converted network and write ``index.html``, ``summary.json``, ``latencies.npz``.

    Runs that are done are kept under `output`; a report that was interrupted goes on where it
    stopped when it is asked for again.

    Parameters
    ----------
    network : SpikingNetwork
    images : array_like
        (n_images, \*input shape), channels last, finite and not negative.
    labels : array_like, optional
        (n_images,) classes; without them accuracies are left out.
    predictions : dict of str to ndarray, optional
        ``dnn`` and ``adapted``: classes (n_images,) that the Keras models give.
    output : path, optional
        Directory to write to.
    device : {"cpp_standalone", "cython", "numpy", "genn", "genn-gpu"}, optional
        Of the main simulation; default: cpp_standalone with a C++ compiler, else numpy. The sweeps
        run as cpp_standalone programs, or on the numpy target if this is ``"numpy"``.
    float_type : {"float64", "float32"}, optional
        Of the potentials in the main simulation.
    dt_per_tick : int, optional
        Integration steps a tick of the main simulation; raised to a multiple of the network's
        `input_steps`.
    window : {"fixed", "dynamic"} or int, optional
        See `tdsnn_brian.build_network`.
    parts : iterable of str, optional
        Which of `ALL`: ``answers``, ``one-image``, ``cost``, ``integration``, ``ticks``,
        ``perturbations``.
    sweep_images, integration_images : int, optional
        Images that the flaws and finer ticks, and the integration methods are tried on;
        default: 100 and 40, on the numpy target 3 and 2.
    workers : int, optional
        Runs side by side; default: one a core.
    notes : iterable of str, optional
        Shown on the page.
    progress : callable, optional
        Called with the name of a stage and its completed share, 0 to 1.

    Returns
    -------
    dict
        What ``summary.json`` holds; `validation.failed` tells which layers disagree without
        explanation.

    Raises
    ------
    InvalidInputError
        If an argument does not fit.
    """
    device, note = choose_device(device)
    images = check_images(network, images)
    case = Case(
        network=network,
        images=images,
        labels=check_labels(labels, len(images)),
        predictions=predictions or {},
        notes=[*notes, *([note] if note else [])],
    )
    if float_type not in FLOAT_TYPES:
        raise InvalidInputError(
            f"float {float_type!r} is not known; choose from {', '.join(FLOAT_TYPES)}"
        )
    unknown = set(parts := tuple(parts)) - set(ALL)
    if unknown:
        raise InvalidInputError(f"parts {sorted(unknown)} are not known; choose from {ALL}")
    options = Options(
        device=device,
        float_type=float_type,
        dt_per_tick=dt_per_tick,
        window=window,
        parts=parts,
        sweep_images=sweep_images,
        integration_images=integration_images,
        workers=workers,
    )
    return make(case, options, Path(output), progress or (lambda stage, share: None))


def make(case: Case, options: Options, output: Path, progress: Progress) -> dict:
    """Make the report of a case; see `report`."""
    prepare_directory(output)
    network = case.network
    if options.device in GENN:
        from . import genn

        steps = lcm(options.dt_per_tick, network.input_steps)
        genn.require(case, dt=1 * ms / steps, window=options.window)
    run = simulate_case(
        case,
        device=options.device,
        float_type=options.float_type,
        dt_per_tick=options.dt_per_tick,
        window=options.window,
        progress=lambda share: progress("simulate", share),
    )
    progress("simulate", 1.0)
    summary, shown = run.summary, [sections.overview()]
    if "answers" in options.parts:
        answers, closed = three.beside(run)
        summary["answers"] = three.difference_rows(run, answers)
        summary["disagreements"] = three.disagreements(run)
        labels = case.labels
        summary["accuracy"]["continuous"] = (
            None if labels is None else float(np.mean(closed.predictions == labels))
        )
        shown.append(
            sections.layers([figures.latency_histograms(run.comparisons), figures.scatter(answers)])
        )
    if "one-image" in options.parts:
        trace = trace_image(network, case.images[0])
        shown.append(
            sections.one_image([figures.raster(network, trace), figures.potentials(network, trace)])
        )
    if "cost" in options.parts:
        summary["cost"] = cost(run)
        shown.append(sections.cost())
    wanted = [part for part in SWEEPS if part in options.parts]
    if wanted and (why := obstacle("perturbed", network)):
        summary["notes"].append(f"Sweeps were left out: {why}.")
    elif wanted:
        add_sweeps(case, options, wanted, output, summary, progress)
        shown.extend(sections.SWEEPS[part](summary) for part in wanted)
    text = page.render(
        summary,
        shown,
        title=f"{network.name}: Brian2 against the discrete analysis",
        failed=summaries.unexplained(summary),
    )
    # the folder holds the files of one run: what this one does not make is of another
    if "answers" in options.parts:
        three.save_latencies(answers, output / "latencies.npz")
    else:
        (output / "latencies.npz").unlink(missing_ok=True)
    write_text(text, output / "index.html")
    write_json(summary, output / "summary.json")
    return summary
