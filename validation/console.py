"""What the commands print."""

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from .page.rendering import show

console = Console()


def progress_bar() -> Progress:
    """A bar with elapsed and remaining time."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
    )


def say(line: str, style: str | None = None) -> None:
    console.print(line, soft_wrap=True, highlight=False, markup=False, style=style)


def layer_table(summary: dict) -> Table:
    table = Table(title=f"{summary['images']} images, {summary['device']}")
    table.add_column("layer")
    columns = (
        ("neurons", "neurons", "count"),
        ("identical", "identical", "share"),
        ("largest difference", "max_difference_ticks", "number"),
        ("spikes per neuron", "spikes_per_neuron", "fixed"),
    )
    for title, _, _ in columns:
        table.add_column(title, justify="right")
    for row in summary["layers"]:
        table.add_row(escape(row["name"]), *(show(row[key], style) for _, key, style in columns))
    return table


def accuracy_table(summary: dict) -> Table:
    table = Table()
    for title in ("", "accuracy", "agrees with the one above"):
        table.add_column(title, justify="left" if not title else "right")
    accuracy, agreement = summary["accuracy"], summary["agreement"]
    table.add_row("DNN", show(accuracy["dnn"], "share"), "")
    table.add_row("adapted DNN", show(accuracy["adapted"], "share"), "")
    table.add_row(
        "discrete SNN",
        show(accuracy["discrete"], "share"),
        show(agreement["adapted_discrete"], "share"),
    )
    table.add_row(
        "Brian2 SNN", show(accuracy["brian2"], "share"), show(agreement["discrete_brian2"], "share")
    )
    return table


def verdict(failed: list[str]) -> None:
    if failed:
        say(f" UNEXPLAINED DISAGREEMENT in: {', '.join(failed)} ", style="bold white on red")
    else:
        say("No unexplained disagreement.", style="green")
