"""The command `biology`."""

from pathlib import Path
from typing import Annotated

import typer

from tdsnn_brian import networks
from tdsnn_brian.errors import InvalidInputError

from ..case import Case, digits
from ..console import say
from ..kept import Kept
from ..output import prepare_directory, write_json

PARTS = ("circuit", "currents", "conductances")


def biology(
    part: Annotated[
        list[str] | None, typer.Option(help=f"Only these of: {', '.join(PARTS)}.")
    ] = None,
    n: Annotated[int, typer.Option("--n", min=1, help="How many digits to show.")] = 100,
    output: Annotated[Path, typer.Option(help="Directory to write to.")] = Path("reports/biology"),
) -> None:
    """LeNet's last layers in neuron models that are more like cells: reports/biology."""
    if unknown := set(part or ()) - set(PARTS):
        raise InvalidInputError(
            f"--part {sorted(unknown)[0]} is not known; choose from {', '.join(PARTS)}"
        )
    from .page import write_page
    from .report import assemble

    shown, labels = digits(n)
    case = Case(network=networks.load_network("lenet"), images=shown, labels=labels)
    kept = Kept(prepare_directory(output) / "runs")
    summary = assemble(case, tuple(part or PARTS), kept, lambda what: say(f"… {what}"))
    write_json(summary, output / "summary.json")
    write_page(summary, output / "index.html")
    say(f"wrote {output / 'index.html'} and {output / 'summary.json'}")
