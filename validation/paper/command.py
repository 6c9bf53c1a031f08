"""The command `paper`; what needs Keras is imported when it runs."""

from pathlib import Path
from typing import Annotated

import typer

from tdsnn_brian.errors import InvalidInputError, MissingExtraError
from tdsnn_brian.networks.data import DataNotFoundError
from tdsnn_brian.networks.files import MissingFileError

from ..console import say
from ..output import prepare_directory, write_json
from .steps import Steps

NETWORKS = ("lenet", "fashion", "vgg16", "resnet8", "resnet20", "vgg-bn", "efficientnet")


def paper(
    only: Annotated[
        list[str] | None,
        typer.Option(
            help=f"Measure this alone, and write no page; may be given more than once. One of: "
            f"{', '.join(NETWORKS)}."
        ),
    ] = None,
    photographs: Annotated[
        int, typer.Option(min=1, max=20, help="Photographs to count operations on.")
    ] = 3,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Directory with the data sets.",
            show_default="the environment variable TDSNN_DATA, else keras.datasets",
        ),
    ] = None,
    fresh: Annotated[bool, typer.Option(help="Measure again what was measured before.")] = False,
    output: Annotated[Path, typer.Option(help="Directory to write to.")] = Path("reports/paper"),
) -> None:
    """Measure every table and figure of the paper; go on where a run was interrupted."""
    unknown = set(only or ()) - set(NETWORKS)
    if unknown:
        raise InvalidInputError(
            f"--only {sorted(unknown)[0]} is not known; choose from {', '.join(NETWORKS)}"
        )
    from .further_subjects import FURTHER
    from .page import write_page
    from .report import assemble
    from .runs import run_subject
    from .simulated import simulate
    from .subjects import SUBJECTS
    from .work import described, work_of

    steps = Steps(prepare_directory(output) / "steps", fresh=fresh)
    results, work, missing, simulated = {}, [], {}, {}
    known = {**SUBJECTS, **FURTHER}
    subjects = {name: known[name](data) for name in only or known}
    for name, subject in subjects.items():
        try:
            if name in FURTHER:
                rows = work_of(subject, steps, _now)
                work += rows
                for row in rows:
                    say(described(row))
                continue
            results[name] = run_subject(subject, steps, _now)
            if name == "lenet":
                simulated = simulate(subject, steps, _now)
        except (DataNotFoundError, MissingFileError, MissingExtraError) as error:
            missing[name] = str(error)
            say(f"{name} left out: {error}", style="yellow")
    if only:
        return
    summary = assemble(results, work, missing, subjects, simulated, steps, photographs, _now)
    write_json(summary, output / "summary.json")
    write_page(summary, output / "index.html")
    say(f"wrote {output / 'index.html'} and {output / 'summary.json'}")


def _now(what: str) -> None:
    say(f"… {what}")
