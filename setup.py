"""Names of the packages and their description; all else stands in pyproject.toml.

`networks` and `validation` are folders of the repository, and packages of `tdsnn_brian` where that
is installed: their own names could clash.
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

BESIDE = ("networks", "validation")


def readme() -> str:
    """Without pictures and links to files of the repository, which a package index has not."""
    text = (Path(__file__).parent / "README.md").read_text(encoding="utf-8")
    text = re.sub(r"!\[[^]]*\]\((?!https?:)[^)]*\)\n*", "", text)
    return re.sub(r"\[([^]]+)\]\((?!https?:)[^)]*\)", r"\1", text)


setup(
    packages=[
        *find_packages(include=["tdsnn_brian", "tdsnn_brian.*"]),
        *(
            f"tdsnn_brian.{package}"
            for name in BESIDE
            for package in find_packages(include=[name, f"{name}.*"])
        ),
    ],
    long_description=readme(),
    long_description_content_type="text/markdown",
    package_dir={f"tdsnn_brian.{name}": name for name in BESIDE},
)
