"""The version of the bot."""

import tomllib
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path

PACKAGE = "imagine-bot"


def version() -> str:
    """The version, as installed; in a checkout that isn't installed, that of its `pyproject.toml`."""
    try:
        return installed_version(PACKAGE)
    except PackageNotFoundError:
        project = Path(__file__).parents[1] / "pyproject.toml"
        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
