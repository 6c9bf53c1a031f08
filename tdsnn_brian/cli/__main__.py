"""`python -m tdsnn_brian.cli`, which is `tdsnn`."""

from . import main

if __name__ == "__main__":
    main()
