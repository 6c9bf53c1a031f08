"""`python -m networks`."""

from tdsnn_brian.cli import telling_errors
from tdsnn_brian.networks.cli import app


def main() -> None:
    """Run the commands; an error that the user can mend is shown without a traceback."""
    with telling_errors():
        app(prog_name="python -m networks")


if __name__ == "__main__":
    main()
