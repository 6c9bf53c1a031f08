"""Where a report comes from: everything that is needed to make it again."""

import os
import platform
import shlex
import sys
from datetime import UTC, datetime

from tdsnn_brian import __version__
from tdsnn_brian.machine import available_bytes
from tdsnn_brian.provenance import digest

from .case import Case
from .kept import environment

_CODE = ("tdsnn_brian", "networks", "validation")
_OF_PYTHON = ("python", "machine")


def origin(case: Case, float_type: str) -> dict:
    """Date, command, machine, versions and digests of what a report follows from.

    Digests are the first 16 hexadecimal digits; equal ones mean equal content.
    """
    known = environment()
    free = available_bytes()
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": _command(),
        "machine": f"{platform.system()} {platform.release()}, {platform.machine()}, "
        f"{os.cpu_count()} cores",
        "memory_gib": None if free is None else round(free / 2**30, 1),
        "float_type": float_type,
        "seeds": "none: the simulation draws nothing at random; the flaws draw from fixed seeds",
        "versions": [
            {"software": "tdsnn-brian", "version": __version__},
            {"software": "Python", "version": known["python"]},
            *(
                {"software": name, "version": version}
                for name, version in known.items()
                if version is not None and name not in (*_CODE, *_OF_PYTHON)
            ),
        ],
        "digests": [
            {"of": "network", "digest": _short(digest(case.network))},
            {"of": "images", "digest": _short(digest(case.images))},
            {
                "of": "labels",
                "digest": None if case.labels is None else _short(digest(case.labels)),
            },
            *({"of": f"code of {name}", "digest": _short(known[name])} for name in _CODE),
        ],
    }


def _short(digits: str) -> str:
    return digits[:16]


def _command() -> str:
    """How the program was started; the arguments as they were typed."""
    main = sys.modules.get("__main__")
    package = getattr(getattr(main, "__spec__", None), "parent", None)
    started = ["python", "-m", package] if package else [os.path.basename(sys.argv[0]) or "python"]
    return shlex.join([*started, *sys.argv[1:]])
