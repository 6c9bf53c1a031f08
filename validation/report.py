"""The report: a function, `report`, and the command of that name."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from math import lcm
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from brian2 import ms
from numpy.typing import NDArray

from tdsnn_brian import SpikingNetwork, load
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.spec import check_images

from . import summary as summaries
from .case import Case
from .console import accuracy_table, console, layer_table, progress_bar, say, verdict
from .devices import DEVICES, FLOAT_TYPES, GENN, choose_device
from .page import figures, sections
from .page import rendering as page
from .parts import answers as three
from .parts.cost import cost
from .parts.trace import trace_image
from .simulated import simulate_case
from .sweeps import programs
from .sweeps.grids import Sweeps, integration_orders, one_point_strengths, tick_orders
from .sweeps.jobs import Runner

BASIC = ("answers", "one-image", "cost")
SWEEPS = ("integration", "ticks", "perturbations")
ALL = (*BASIC, *SWEEPS)

Progress = Callable[[str, float], None]


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a report is made; see `report`."""

    device: str
    float_type: str = "float64"
    dt_per_tick: int = 1
    window: int | str = "fixed"
    parts: tuple[str, ...] = ALL
    sweep_images: int | None = None
    integration_images: int | None = None
    workers: int | None = None


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
        Images that the perturbations and finer ticks, and the integration methods are tried on;
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
        network=network, images=images, labels=_check_labels(labels, len(images)),
        predictions=predictions or {}, notes=[*notes, *([note] if note else [])],
    )
    if float_type not in FLOAT_TYPES:
        raise InvalidInputError(
            f"float {float_type!r} is not known; choose from {', '.join(FLOAT_TYPES)}"
        )
    unknown = set(parts := tuple(parts)) - set(ALL)
    if unknown:
        raise InvalidInputError(f"parts {sorted(unknown)} are not known; choose from {ALL}")
    options = Options(
        device=device, float_type=float_type, dt_per_tick=dt_per_tick, window=window, parts=parts,
        sweep_images=sweep_images, integration_images=integration_images, workers=workers,
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
        case, device=options.device, float_type=options.float_type,
        dt_per_tick=options.dt_per_tick, window=options.window,
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
        three.save_latencies(answers, output / "latencies.npz")
        shown.append(sections.layers([
            figures.latency_histograms(run.comparisons), figures.scatter(answers)
        ]))
    if "one-image" in options.parts:
        trace = trace_image(network, case.images[0])
        shown.append(sections.one_image([
            figures.raster(network, trace), figures.potentials(network, trace)
        ]))
    if "cost" in options.parts:
        summary["cost"] = cost(run)
        shown.append(sections.cost())
    wanted = [part for part in SWEEPS if part in options.parts]
    if wanted and (lacking := sweeps_lack(network)):
        summary["notes"].append(f"Sweeps were left out: the perturbed model has no {lacking}.")
    elif wanted:
        _sweep(case, options, wanted, output, summary, progress)
        shown.extend(sections.SWEEPS[part](summary, figures) for part in wanted)
    text = page.render(
        summary, shown, title=f"{network.name}: Brian2 against the discrete analysis",
        failed=summaries.unexplained(summary),
    )
    page.write(text, output / "index.html")
    summaries.write(summary, output / "summary.json")
    return summary


def sweeps_lack(network: SpikingNetwork) -> str | None:
    """What the perturbed model does not have of a network; None if nothing."""
    if network.silent_zeros:
        return "silent zeros"
    if network.v_threshold:
        return "threshold other than 0"
    if any(getattr(layer, "constrained", False) for layer in network):
        return "constrained max-pools"
    return None


def _sweep(case, options, wanted, output, summary, progress) -> None:
    compiled = options.device != "numpy" and programs.compilable()
    n = min(options.sweep_images or (100 if compiled else 3), len(case.images))
    few = min(options.integration_images or (40 if compiled else 2), n)
    part = replace(
        case, images=case.images[:n],
        labels=None if case.labels is None else case.labels[:n],
    )
    sweeps = Sweeps(part, few)
    done = 0.0

    def advance(share: float) -> None:
        nonlocal done
        done += share
        progress("sweeps", min(done, 1.0))

    jobs = {
        "integration": sweeps.integration_jobs, "ticks": sweeps.tick_jobs,
        "perturbations": sweeps.perturbation_jobs,
    }
    listed = [(kind, job) for kind in wanted for job in jobs[kind]()]
    runner = Runner(
        sweeps.programs, output / "sweeps", compiled=compiled,
        workers=options.workers or os.cpu_count() or 1, advance=advance,
    )
    rows = runner.run([job for _, job in listed], sweeps.bases)
    progress("sweeps", 1.0)
    found = {
        kind: [row for (of, _), row in zip(listed, rows, strict=True) if of == kind]
        for kind in wanted
    }
    summary["sweep_images"], summary["integration_images"] = n, few
    if "integration" in found:
        summary["integration"] = found["integration"]
        summary["integration_orders"] = integration_orders(found["integration"])
    if "ticks" in found:
        summary["ticks"], summary["ticks_fit"] = tick_orders(found["ticks"])
        continuous = three.closed_loop(part.network, part.images)
        summary["continuous_accuracy"] = (
            None if part.labels is None
            else float(np.mean(continuous.predictions == part.labels))
        )
    if "perturbations" in found:
        summary["perturbations"] = found["perturbations"]
        summary["perturbation_limits"] = one_point_strengths(found["perturbations"])


def prepare_directory(output: Path) -> Path:
    """Make the directory that results go to."""
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInputError(
            f"output {str(output)!r} is no directory that can be written to ({error}); "
            "name another one"
        ) from error
    return output


def _check_labels(labels, n: int) -> NDArray | None:
    if labels is None:
        return None
    labels = np.asarray(labels)
    if labels.shape != (n,):
        raise InvalidInputError(
            f"labels must be one number for each of the {n} images, got shape {labels.shape}"
        )
    return labels


def read_images(path: Path, network: SpikingNetwork) -> tuple[NDArray, NDArray | None, list[str]]:
    """Images, labels if there are any, and notes, from an ``.npy`` or ``.npz`` file.

    An ``.npz`` holds ``images`` and may hold ``labels``. Bytes are divided by 255; a missing
    channel axis is added.
    """
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            images, labels = loaded, None
        else:
            with loaded:
                images = loaded["images"]
                labels = loaded["labels"] if "labels" in loaded.files else None
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise InvalidInputError(
            f"images {str(path)!r} cannot be read ({error}); give an .npy file, or an .npz file "
            "with an array named images"
        ) from error
    notes = []
    if images.dtype == np.uint8:
        images = images.astype(np.float32) / np.float32(255)
        notes.append("Images were bytes and have been divided by 255.")
    if (*images.shape[1:], 1) == network.input_shape:
        images = images[..., None]
    return check_images(network, images), labels, notes


def run_with_progress(work: Callable[[Progress], dict]) -> dict:
    """Do `work` with a progress bar for each of its stages, with an estimate of what is left."""
    with progress_bar() as bar:
        tasks = {"simulate": bar.add_task("build and simulate", total=None)}

        def advance(stage: str, share: float) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=1)
            bar.update(tasks[stage], description=stage, completed=share, total=1)

        return work(advance)


def conclude(summary: dict, output: Path) -> None:
    """Print the tables; exit with 1 if anything is unexplained."""
    console.print(layer_table(summary))
    console.print(accuracy_table(summary))
    for note in summary["notes"]:
        say(f"note: {note}", style="yellow")
    say(f"wrote {output / 'index.html'} and {output / 'summary.json'}")
    failed = summaries.unexplained(summary)
    verdict(failed)
    if failed:
        raise typer.Exit(1)


def parse_window(window: str) -> int | str:
    """``fixed``, ``dynamic`` or a number of ticks, from the command line."""
    if window in ("fixed", "dynamic"):
        return window
    if not window.isdecimal():
        raise InvalidInputError(
            f"window must be fixed, dynamic or a number of ticks, got {window!r}"
        )
    return int(window)


Device = Annotated[
    str | None,
    typer.Option(
        help=f"One of: {', '.join(DEVICES)}; runtime stands for cython.",
        show_default="cpp_standalone with a C++ compiler, else numpy",
    ),
]
Float = Annotated[str, typer.Option("--float", help=f"One of: {', '.join(FLOAT_TYPES)}.")]
Steps = Annotated[int, typer.Option(min=1, help="Integration steps a tick.")]
Window = Annotated[str, typer.Option(help="Inhibitory periods: fixed, dynamic, or ticks.")]
Output = Annotated[Path, typer.Option(help="Directory to write to.")]
Part = Annotated[
    list[str] | None,
    typer.Option(
        "--part", help=f"Make this part alone; may be repeated. One of: {', '.join(ALL)}."
    ),
]


def command(
    network: Annotated[
        Path,
        typer.Argument(
            metavar="NETWORK.npz", help="A converted network.", exists=True, dir_okay=False
        ),
    ],
    images: Annotated[
        Path, typer.Option(help="An .npy file, or an .npz file with images and, if known, labels.")
    ],
    n: Annotated[
        int | None, typer.Option("--n", min=1, help="Only the first so many images.")
    ] = None,
    device: Device = None,
    float_type: Float = "float64",
    dt_per_tick: Steps = 1,
    window: Window = "fixed",
    part: Part = None,
    sweep_images: Annotated[int | None, typer.Option(min=1, help="Images of the sweeps.")] = None,
    integration_images: Annotated[
        int | None, typer.Option(min=1, help="Images of the sweep over integration steps.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Directory to write to.", show_default="reports/NETWORK")
    ] = None,
) -> None:
    """Report on NETWORK: continuous time against the discrete analysis, and what would harm it."""
    converted = load(network)
    values, labels, notes = read_images(images, converted)
    output = output or Path("reports") / network.stem
    summary = run_with_progress(
        lambda progress: report(
            converted, values[:n], labels=None if labels is None else labels[:n], notes=notes,
            output=output, device="cython" if device == "runtime" else device,
            float_type=float_type, dt_per_tick=dt_per_tick, window=parse_window(window),
            parts=part or ALL,
            sweep_images=sweep_images, integration_images=integration_images, progress=progress,
        )
    )
    conclude(summary, output)
