"""The command `benchmark`: how fast, in how much memory, beside what."""

import json
import platform
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from networks.data import DataNotFoundError

from ..console import console, say
from .growth import growth
from .large import large
from .lenet import lenet, mnist
from .table import table


class Part(str, Enum):
    """What can be measured by itself."""

    lenet = "lenet"
    mnist = "mnist"
    alexnet = "alexnet"
    vgg16 = "vgg16"
    growth = "growth"


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
        typer.Option(help="Python of an environment with Brian2GeNN (make genn makes one); "
                     "measured where it and GeNN are."),
    ] = Path(".venv-genn/bin/python"),
    data: Annotated[
        Path | None,
        typer.Option(help="Directory with mnist.npz; else the 1,000 digits that ship are shown.",
                     envvar="TDSNN_DATA"),
    ] = None,
    output: Annotated[Path, typer.Option(help="Directory to write to.")] = Path(
        "reports/benchmark"
    ),
) -> None:
    """Measure LeNet, AlexNet and VGG-16 in Brian2 beside torch and SpikingJelly."""
    parts: dict[Part, Callable[[], dict]] = {
        Part.lenet: lambda: lenet(rounds, cython, genn),
        Part.mnist: lambda: mnist(data, processes),
        Part.alexnet: lambda: large("alexnet", rounds),
        Part.vgg16: lambda: large("vgg16", rounds),
        Part.growth: growth,
    }
    output.mkdir(parents=True, exist_ok=True)
    path = output / "summary.json"
    summary = json.loads(path.read_text()) if only and path.is_file() else {}
    summary |= {"machine": machine(), "notes": []}
    for part, measure in parts.items():
        if only and part not in only:
            continue
        say(f"{part.value} ...")
        key = "mnist_10k" if part is Part.mnist else part.value
        try:
            summary[key] = measure()
        except (DataNotFoundError, ImportError) as error:
            summary[key] = None
            summary["notes"].append(f"{part.value} was left out: {error}")
        path.write_text(json.dumps(summary, indent=1) + "\n")
    for note in [*summary["notes"], *((summary.get("lenet") or {}).get("notes", []))]:
        say(f"note: {note}", style="yellow")
    console.print(table(summary))
    say(f"wrote {path}")


def machine() -> dict:
    """Where the figures come from."""
    from importlib.metadata import version

    model = platform.processor()
    if Path("/proc/cpuinfo").is_file():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), model)
    return {
        "processor": model,
        "python": platform.python_version(),
        **{name: version(name) for name in ("brian2", "numpy")},
    }
