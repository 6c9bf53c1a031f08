"""`python -m validation`."""

import os

import typer

os.environ.setdefault("MPLBACKEND", "agg")

from tdsnn_brian.cli import telling_errors
from tdsnn_brian.validation.accuracy.evaluate import evaluate
from tdsnn_brian.validation.biology.command import biology
from tdsnn_brian.validation.commands import report_command, validate
from tdsnn_brian.validation.paper.command import paper
from tdsnn_brian.validation.speed.benchmark import benchmark

app = typer.Typer(
    help="Compare simulations in continuous time with the discrete analysis.",
    no_args_is_help=True,
    add_completion=False,
)


def formerly(**names: str) -> dict:
    """Settings of a command that still takes options under the names that they once had."""
    return {"token_normalize_func": lambda token: names.get(token, token)}


app.command(context_settings=formerly(images="simulate"))(validate)
app.command()(benchmark)
app.command(context_settings=formerly(network="only"))(paper)
app.command(context_settings=formerly(images="n"))(biology)
app.command(context_settings=formerly(images="n"))(evaluate)
app.command("report")(report_command)


@app.callback()
def _commands() -> None:
    """Compare simulations in continuous time with the discrete analysis."""


def main() -> None:
    """Run the commands; an error that the user can mend is shown without a traceback."""
    with telling_errors():
        app(prog_name="python -m validation")


if __name__ == "__main__":
    main()
