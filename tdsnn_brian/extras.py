"""What to say and do where Keras, Brian2 or another package of an extra is not installed."""

from typing import Any, NoReturn

from .errors import MissingExtraError

PROVIDES = {
    "keras": {"keras"},
    "brian": {"brian2"},
    "validation": {"matplotlib", "jinja2", "typer", "rich", "xarray", "distributed", "PIL"},
    "exchange": {"neo"},
    "nir": {"nir"},
}
"""Packages by the smallest extra that brings them."""


def missing_extra(error: ImportError) -> MissingExtraError | None:
    """What to install instead of `error`; None if it tells of something else."""
    package = (error.name or "").partition(".")[0]
    for extra, packages in PROVIDES.items():
        if package in packages:
            return MissingExtraError(
                f"{package} is not installed; pip install 'tdsnn-brian[{extra}]'"
            )
    return None


class _Raising(type):
    """Classes that cannot be made or used, and say why."""

    _why: MissingExtraError

    def __call__(cls, *arguments: Any, **options: Any) -> NoReturn:
        raise cls._why

    def __getattr__(cls, name: str) -> NoReturn:
        if name.startswith("_"):  # what introspection asks for
            raise AttributeError(name)
        raise cls._why


def stand_in(name: str, why: MissingExtraError) -> Any:
    """What a public name is while its extra is missing: raises `why` when it is used."""
    return _Raising(name, (), {"__doc__": f"Not available: {why}.", "_why": why})
