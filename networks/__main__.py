"""`python -m networks`."""

import sys

from rich.console import Console
from rich.markup import escape

from tdsnn_brian.errors import TDSNNError
from tdsnn_brian.networks.cli import app


def main() -> None:
    """Run the commands; an error that the user can mend is shown without a traceback."""
    try:
        app(prog_name="python -m networks")
    except TDSNNError as error:
        message = f"[red]error:[/] {escape(str(error))}"
        Console(stderr=True).print(message, soft_wrap=True, highlight=False)
        sys.exit(2)


if __name__ == "__main__":
    main()
