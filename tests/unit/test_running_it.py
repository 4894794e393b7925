"""What the READMEs and the changelog tell an operator holds."""

import re
import shutil
import subprocess
import tomllib
from datetime import date
from pathlib import Path

import pytest

from bot.__main__ import COMMANDS, WRONG_SETTINGS
from tests.support.badges import FOLDER, badges

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh-CN.md")
LONGEST_SUBMIT_SECONDS = 60
SPOKEN = re.compile(r"--say|^\s*\w+/ ")
"""Lines of code that are in the language of their README: a prompt, and what the folders are for."""
HEADING = re.compile(r"(?m)^#+ (.*)$")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def unit(readme: str) -> str:
    """The systemd unit in a README."""
    (found,) = re.findall(r"```ini\n(\[Unit\].*?)```", text(readme), re.DOTALL)
    return str(found)


def test_both_readmes_have_the_same_unit() -> None:
    assert unit(READMES[0]) == unit(READMES[1])


def outline(readme: str) -> dict[str, list[str]]:
    """What a README holds in any language: the levels of its headings, code without comments, keys in tables, pictures,
    files, items of lists."""
    prose = re.sub(r"```.*?```", "", text(readme), flags=re.DOTALL)
    code = re.findall(r"```(.*?)```", text(readme), re.DOTALL)
    return {
        "headings": re.findall(r"(?m)^#+ ", prose),
        "code": [line.split("#")[0].strip() for line in "\n".join(code).splitlines() if not SPOKEN.search(line)],
        "keys": [sorted(re.findall(r"`[^`]+`", cell)) for cell in re.findall(r"(?m)^\| (`[^|]*) \|", prose)],
        "pictures": re.findall(r"screenshots/(?:zh/)?(\w+)\.webp", prose),
        "badges": re.findall(r"\([^)]*badges/[^)]+\)", prose),
        "items": re.findall(r"(?m)^(?:-|\d\.) ", prose),
    }


@pytest.mark.parametrize("part", ["headings", "code", "keys", "pictures", "badges", "items"])
def test_both_readmes_hold_the_same(part: str) -> None:
    english, chinese = (outline(readme)[part] for readme in READMES)
    assert english == chinese
    assert english


@pytest.mark.parametrize("readme", READMES)
def test_each_file_and_heading_that_a_readme_leads_to_exists(readme: str) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", text(readme))
    files = {link for link in links if not link.startswith(("http", "#"))}
    assert [link for link in files if not (ROOT / link.partition("#")[0]).exists()] == []
    headings = {re.sub(r"[^\w\- ]", "", line).lower().replace(" ", "-") for line in HEADING.findall(text(readme))}
    assert {link[1:] for link in links if link.startswith("#")} - headings == set()


def test_the_badges_are_true() -> None:
    drawn = badges()
    assert {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()} == drawn
    assert {name for name in drawn if f"badges/{name}" in text(READMES[0])} == set(drawn)


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
