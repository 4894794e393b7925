"""What the READMEs and the changelog tell an operator holds."""

import re
import shutil
import subprocess
import tomllib
from datetime import date
from pathlib import Path

import pytest

from bot.__main__ import COMMANDS, WRONG_SETTINGS

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh-CN.md")
LONGEST_SUBMIT_SECONDS = 60


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def unit(readme: str) -> str:
    """The systemd unit in a README."""
    (found,) = re.findall(r"```ini\n(\[Unit\].*?)```", text(readme), re.DOTALL)
    return str(found)


def test_both_readmes_have_the_same_unit() -> None:
    assert unit(READMES[0]) == unit(READMES[1])


def test_the_unit_waits_for_submits_and_never_repeats_wrong_settings() -> None:
    settings = dict(line.split("=", 1) for line in unit(READMES[0]).splitlines() if "=" in line)
    assert int(settings["TimeoutStopSec"]) > LONGEST_SUBMIT_SECONDS
    assert settings["RestartPreventExitStatus"] == str(WRONG_SETTINGS)
    assert settings["WorkingDirectory"] == f"/var/lib/{settings['StateDirectory']}"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd on this machine")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    file = tmp_path / "imagine-bot.service"
    # It looks for the program and the user, too.
    there = re.sub(r"(?m)^ExecStart=.*", "ExecStart=/bin/true", unit(READMES[0]))
    file.write_text(re.sub(r"(?m)^User=.*", "User=root", there), encoding="utf-8")
    run = subprocess.run(["systemd-analyze", "verify", file], capture_output=True, text=True, check=False)
    assert (run.stderr, run.returncode) == ("", 0)


@pytest.mark.parametrize("readme", READMES)
def test_every_command_in_a_readme_exists(readme: str) -> None:
    named = set(re.findall(r"(?:(?<!-Hu )imagine-bot|python -m bot|--rm bot) ([a-z]+)\b(?=[ `\n])", text(readme)))
    assert {"run", "check", "backup"} <= named <= set(COMMANDS)


def test_the_newest_version_of_the_changelog_is_the_package_s() -> None:
    headings = re.findall(r"(?m)^## (.*)$", text("CHANGELOG.md"))
    if headings[0] == "Unreleased":
        del headings[0]
    releases = [heading.split(" – ") for heading in headings]
    assert releases[0][0] == tomllib.loads(text("pyproject.toml"))["project"]["version"]
    days = [date.fromisoformat(day) for _version, day in releases]
    assert days == sorted(days, reverse=True)
    numbers = [tuple(map(int, version.split("."))) for version, _day in releases]
    assert numbers == sorted(set(numbers), reverse=True)
