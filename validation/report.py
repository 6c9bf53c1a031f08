"""The report on a network: `report`."""

import os
from collections.abc import Iterable
from math import lcm
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from brian2 import ms
from numpy.typing import NDArray

from tdsnn_brian import SpikingNetwork
from tdsnn_brian.engines import obstacle, require
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.network import check_images
from tdsnn_brian.results import predict
from tdsnn_brian.whole_files import write_text

from .case import Case, check_labels
from .devices import FLOAT_TYPES, GENN, choose_device
from .judge.verdicts import check, dnn_verdict
from .options import ALL, BASIC, SWEEPS, Options, Progress
from .origin import origin
from .output import prepare_directory, write_json
from .page import dnn_figures, figures, model_sections, sections, sweep_sections
from .page import image_figures as draw
from .page import rendering as page
from .page.model_figures import physical_potentials
from .parts import answers as three
from .parts.beside_dnn import dnn_part
from .parts.cost import cost
from .parts.distances import distance_rows
from .parts.physical import physical_part
from .parts.sample import network_logits, sample_rows
from .parts.trace import chosen_images, trace_images
from .simulated import Simulated, simulate_case
from .sweeps.report import add_sweeps

if TYPE_CHECKING:
    import keras


def report(
    network: SpikingNetwork,
    images: NDArray,
    *,
    labels: NDArray | None = None,
    model: "keras.Model | None" = None,
    predictions: dict[str, NDArray] | None = None,
    logits: dict[str, NDArray] | None = None,
    output: str | os.PathLike = "reports/network",
    device: str | None = None,
    float_type: str = "float64",
    dt_per_tick: int = 1,
    window: int | str = "fixed",
    parts: Iterable[str] = BASIC,
    simulate: int | None = None,
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
    model : keras.Model, optional
        The model that the network was converted from, for the second verdict.
    predictions, logits : dict of str to ndarray, optional
        ``dnn`` and ``adapted``: classes (n_images,) and outputs before a softmax that the Keras
        models give, where they are known already.
    output : path, optional
        Directory to write to.
    device : {"cpp_standalone", "cython", "numpy", "cuda", "genn", "genn-gpu"}, optional
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
        ``perturbations``, ``physical``; default: the first three, which are quick.
    simulate : int, optional
        Only the first so many images are simulated; the others are answered by the analysis.
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
    require("report", network)
    device, note = choose_device(device)
    images = check_images(network, images)
    case = Case(
        network=network,
        images=images,
        labels=check_labels(labels, network, len(images)),
        predictions=predictions or {},
        logits=logits or {},
        notes=[*notes, *([note] if note else [])],
    )
    if float_type not in FLOAT_TYPES:
        raise InvalidInputError(
            f"float {float_type!r} is not known; choose from {', '.join(FLOAT_TYPES)}"
        )
    listed = isinstance(parts, Iterable) and not isinstance(parts, str)
    parts = tuple(parts) if listed else (parts,)
    if unknown := [part for part in parts if part not in ALL]:
        raise InvalidInputError(f"parts {unknown} are not known; choose from {ALL}")
    if model is not None:
        from tdsnn_brian.keras.saved import is_adapted

        case = case.beside(**{"adapted" if is_adapted(model) else "dnn": model})
    options = Options(
        device=device,
        float_type=float_type,
        dt_per_tick=dt_per_tick,
        window=window,
        parts=parts,
        simulate=simulate,
        sweep_images=sweep_images,
        integration_images=integration_images,
        workers=workers,
    )
    return make(case, options, Path(output), progress or (lambda stage, share: None))


def make(whole: Case, options: Options, output: Path, progress: Progress) -> dict:
    """Make the report of a case; see `report`."""
    prepare_directory(output)
    case = whole if options.simulate is None else whole.first(options.simulate)
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
    summary["origin"] = origin(whole, options.float_type)
    shown += beside_dnn(whole, options, summary)
    if "answers" in options.parts:
        answers, closed = three.beside(run)
        summary["answers"] = three.difference_rows(run, answers)
        summary["distances"] = distance_rows(run, answers)
        summary["disagreements"] = three.disagreements(run)
        labels = case.labels
        summary["accuracy"]["continuous"] = (
            None if labels is None else float(np.mean(closed.predictions == labels))
        )
        shown.append(
            sections.layers([figures.latency_histograms(run.comparisons), figures.scatter(answers)])
        )
    if "one-image" in options.parts:
        summary["shown_images"], choices = closely(run)
        shown.append(sections.one_image(choices))
    if "cost" in options.parts:
        summary["cost"] = cost(run)
        shown.append(sections.cost())
    wanted = [part for part in SWEEPS if part in options.parts]
    why = obstacle("perturbed", network) if wanted else None
    if why:
        summary["notes"].append(f"Sweeps were left out: {why}.")
    elif wanted:
        add_sweeps(case, options, wanted, output, summary, progress)
        shown.extend(sweep_sections.SWEEPS[part](summary) for part in wanted)
    if "physical" in options.parts:
        shown += in_physical_units(case, summary)
    summary["checks"] += part_checks(options.parts, why)
    shown += [sections.terms(), sections.origin()]
    files = ["summary.json", *(["latencies.npz"] if "answers" in options.parts else [])]
    text = page.render(
        summary,
        shown,
        title=f"{network.name}: Brian2 against the discrete analysis",
        banners=banners(summary["verdicts"]),
        files=files,
    )
    # the folder holds the files of one run: what this one does not make is of another
    if "answers" in options.parts:
        three.save_latencies(answers, output / "latencies.npz")
    else:
        (output / "latencies.npz").unlink(missing_ok=True)
    write_text(text, output / "index.html")
    write_json(summary, output / "summary.json")
    return summary


def beside_dnn(whole: Case, options: Options, summary: dict) -> list[page.Section]:
    """Put the answers on all images and the second verdict into the summary; its section."""
    logits = network_logits(whole, options.window)
    predictions = {**whole.predictions, "network": predict(logits)}
    summary["sample"] = sample_rows(predictions, whole.labels)
    verdict = dnn_verdict(predictions.get("dnn"), predictions["network"], whole.labels)
    summary["verdicts"]["dnn"] = verdict
    summary["checks"].append(check("answers of the DNN", verdict["status"], verdict["says"]))
    if "dnn" not in predictions:
        return []
    if predictions["network"].ndim > 1:
        why = "the network gives a class a position, not one an image"
        summary["checks"].append(check("confusions and calibration", "unsupported", why))
        return []
    summary["dnn"] = dnn_part(whole, predictions, logits)
    plots = [
        dnn_figures.confusion_matrices(
            predictions["dnn"], predictions["network"], whole.labels, max(2, logits.shape[-1])
        ),
        dnn_figures.reliability(summary["dnn"]["calibration"]),
        dnn_figures.wrong_images(summary["dnn"]["wrong"], whole.images),
    ]
    return [sections.dnn([plot for plot in plots if plot is not None])]


def banners(verdicts: dict) -> list[page.Banner]:
    """The two verdicts as the page shows them."""
    titles = {
        "analysis": {"pass": "Faithful to the analysis", "fail": "Not faithful to the analysis"},
        "dnn": {
            "pass": "Faithful to the DNN",
            "fail": "Not faithful to the DNN",
            "undecided": "Faithful to the DNN: too few images to tell",
            "missing": "Faithful to the DNN: unknown",
        },
    }
    return [
        page.Banner(
            kind=verdict["status"],
            title=titles[name][verdict["status"]],
            says=verdict["says"],
        )
        for name, verdict in verdicts.items()
    ]


def in_physical_units(case: Case, summary: dict) -> list[page.Section]:
    """Put the first image in physical units into the summary; its section."""
    found = physical_part(case)
    if isinstance(found, str):
        summary["notes"].append(f"Physical units were left out: {found}.")
        summary["checks"].append(check("part physical", "unsupported", found))
        return []
    summary["physical"], trace = found
    return [model_sections.physical(summary["physical"], physical_potentials(case.network, trace))]


def part_checks(parts: tuple[str, ...], obstacle: str | None) -> list[dict]:
    """Which parts of a report there are, and why others are not."""
    rows = []
    for part in ALL:
        if part not in parts:
            rows.append(check(f"part {part}", "missing", "not asked for; --full makes all parts"))
        elif part in SWEEPS and obstacle:
            rows.append(check(f"part {part}", "unsupported", obstacle))
    return rows


def closely(run: Simulated) -> tuple[list[dict], list[page.Choice]]:
    """Some images followed closely: rows for the summary, and what the page shows."""
    network, case = run.case.network, run.case
    chosen = chosen_images(run)
    traces = trace_images(network, case.images[chosen])
    rows, choices = [], []
    for image, trace in zip(chosen, traces, strict=True):
        answers = {**case.predictions, "network": run.simulation.predictions}
        row = {
            "image": int(image),
            "label": None if case.labels is None else case.labels[image].tolist(),
            "dnn": answers["dnn"][image].tolist() if "dnn" in answers else None,
            "network": answers["network"][image].tolist(),
        }
        told = ", ".join(
            f"{title} {row[key]}"
            for key, title in (("label", "label"), ("network", "network says"), ("dnn", "DNN says"))
            if row[key] is not None
        )
        described = f"image {image}: {told}"
        plots = [
            draw.picture(trace, described, str(image)),
            draw.output_potentials(network, trace, str(image)),
            draw.raster(network, trace, str(image)),
            draw.potentials(network, trace, str(image)),
        ]
        rows.append(row)
        choices.append(
            page.Choice(
                title=described[0].upper() + described[1:],
                plots=tuple(x for x in plots if x is not None),
            )
        )
    return rows, choices
