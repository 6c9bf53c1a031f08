"""Reports that compare continuous time with the discrete analysis; `python -m validation`."""

from .report import report
from .summary import unexplained as failed

__all__ = ["failed", "report"]
