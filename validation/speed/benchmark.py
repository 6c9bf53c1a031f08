"""The command `benchmark`: how fast, in how much memory, beside what."""

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from tdsnn_brian.networks.data import DataNotFoundError
from tdsnn_brian.networks.files import converted_path, plain_path
from tdsnn_brian.provenance import digest
from tdsnn_brian.whole_files import replacing

from ..console import console, say
from ..kept import Kept
from ..output import prepare_directory, write_json
from .growth import growth, growth_figure
from .history import ratios, remember
from .large import large, shown_to
from .lenet import all_digits, lenet, mnist
from .residual import residual, shown_to_residual
from .table import table


class Part(str, Enum):
    """What can be measured by itself."""

    lenet = "lenet"
    mnist = "mnist"
    alexnet = "alexnet"
    vgg16 = "vgg16"
    resnet20 = "resnet20"
    growth = "growth"


@dataclass(frozen=True)
class Measurement:
    """A part: what measures it, and what its figures follow from besides code and machine."""

    measure: Callable[[], dict]
    depends: Callable[[], tuple]


def benchmark(
    only: Annotated[
        list[Part] | None, typer.Option(help="Measure this alone; may be given more than once.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often the contenders alternate.")] = 5,
    processes: Annotated[int, typer.Option(min=1, help="Programs side by side for MNIST.")] = 2,
    cython: Annotated[
        bool, typer.Option(help="Measure the cython target too; it compiles for minutes.")
    ] = False,
    genn: Annotated[
        Path | None,
        typer.Option(
            help="Python of an environment with Brian2GeNN (make genn makes one); "
            "measured where it and GeNN are."
        ),
    ] = Path(".venv-genn/bin/python"),
    data: Annotated[
        Path | None,
        typer.Option(
            help="Directory with mnist.npz; else the 1,000 digits that ship are shown.",
            envvar="TDSNN_DATA",
        ),
    ] = None,
    output: Annotated[Path, typer.Option(help="Directory to write to.")] = Path(
        "reports/benchmark"
    ),
) -> None:
    """Measure LeNet, AlexNet, VGG-16 and ResNet-20 in Brian2 beside torch and SpikingJelly.

    With --only, what was measured before of the other parts is shown beside it, if by the same
    code, with the same settings, on this machine. Every measurement is a line of history.jsonl, by
    commit and machine; ratios to the one before are printed.
    """
    parts: dict[Part, Measurement] = {
        Part.lenet: Measurement(
            lambda: lenet(rounds, cython, genn),
            lambda: (rounds, cython, _installed(genn), _shipped("lenet")),
        ),
        Part.mnist: Measurement(
            lambda: mnist(data, processes),
            lambda: (processes, all_digits(data), _shipped("lenet")),
        ),
        Part.alexnet: Measurement(
            lambda: large("alexnet", rounds), lambda: (rounds, shown_to("alexnet"))
        ),
        Part.vgg16: Measurement(
            lambda: large("vgg16", rounds), lambda: (rounds, shown_to("vgg16"))
        ),
        Part.resnet20: Measurement(
            lambda: residual(data, rounds), lambda: (rounds, shown_to_residual(data, 20))
        ),
        Part.growth: Measurement(growth, lambda: ()),
    }
    kept = Kept(prepare_directory(output) / "parts")
    path = output / "summary.json"
    summary: dict = {"machine": machine(), "notes": []}
    for part, measurement in parts.items():
        key = "mnist_10k" if part is Part.mnist else part.value
        wanted = not only or part in only
        if wanted:
            say(f"{part.value} ...")
        try:
            depends = (machine(), measurement.depends())
            if wanted:
                summary[key] = kept.keep(part.value, measurement.measure(), *depends)
                before = remember(output / "history.jsonl", key, summary[key], machine())
                _say_ratios(summary[key], before)
            elif (found := kept.find(part.value, *depends)) is not None:
                summary[key] = found
        except (DataNotFoundError, ImportError) as error:
            if wanted:
                summary[key] = None
                summary["notes"].append(f"{part.value} was left out: {error}")
        write_json(summary, path)
    for note in [*summary["notes"], *((summary.get("lenet") or {}).get("notes", []))]:
        say(f"note: {note}", style="yellow")
    console.print(table(summary))
    say(f"wrote {path}")
    if summary.get("growth"):
        with replacing(output / "growth.svg") as draft:
            growth_figure(summary["growth"]).savefig(draft, metadata={"Date": None})
        say(f"wrote {output / 'growth.svg'}")


def _say_ratios(figures: dict, before: dict | None) -> None:
    if before is not None:
        found = ratios(figures, before["figures"])
        listed = ", ".join(f"{name} {value:.2f}" for name, value in found.items())
        say(f"against {before['commit']} of {before['date']}: {listed or 'no figure in common'}")


def _shipped(name: str) -> str:
    """Digest of a network that ships."""
    return digest(plain_path(name).read_bytes(), converted_path(name).read_bytes())


def _installed(python: Path | None) -> list[str]:
    """Names and versions of what an environment holds, given its interpreter."""
    if python is None or not python.is_file():
        return []
    return sorted(found.name for found in python.parents[1].glob("lib/*/site-packages/*.dist-info"))


def machine() -> dict:
    """Where the figures come from."""
    from importlib.metadata import version

    model = platform.processor()
    if Path("/proc/cpuinfo").is_file():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), model)
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("brian2", "numpy")},
    }
