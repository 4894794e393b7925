"""The guide for providers: its example is the template's code, which works as a separately installed package."""

import asyncio
import importlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import main
from bot.demo.telegram import TelegramSimulator
from providers.registry import discover
from providers.simulators import ServiceSimulator
from tests.support.app_harness import open_app_harness, picture

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "providers" / "README.md"
TEMPLATE = ROOT / "providers" / "template"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder where the template is installed, without this checkout."""
    folder = tmp_path_factory.mktemp("template")
    copy = shutil.copytree(TEMPLATE, folder / "copy", ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    alone = ["--no-deps", "--no-build-isolation", "--no-index", "--target", str(folder / "site")]
    subprocess.run([*pip, *alone, str(copy)], check=True, capture_output=True, text=True)
    return folder / "site"


@pytest.fixture
def installed(site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[ServiceSimulator]]:
    """The simulator from the installed package."""
    monkeypatch.syspath_prepend(site)
    simulator: type[ServiceSimulator] = importlib.import_module("imagine_bot_sketch.simulator").SketchSimulator
    assert Path(sys.modules["imagine_bot_sketch"].__file__ or "").is_relative_to(site)
    yield simulator
    for name in [name for name in sys.modules if name.startswith("imagine_bot_sketch")]:
        del sys.modules[name]


def snippets(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", GUIDE.read_text(), flags=re.DOTALL | re.MULTILINE)


def test_what_the_guide_shows_is_the_templates_own_code() -> None:
    code = "".join(file.read_text() for file in TEMPLATE.rglob("*.py"))
    shown = snippets("python")
    assert len(shown) >= 6
    for one in shown:
        assert one in code
    assert snippets("toml")[0] in (TEMPLATE / "pyproject.toml").read_text()


def test_the_guides_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", GUIDE.read_text())
    assert links
    assert [link for link in links if not (GUIDE.parent / link).exists()] == []


def test_its_own_suite_passes(site: Path, tmp_path: Path) -> None:
    """Run the tests as an author does: on a renamed copy, against the installed bot."""
    copy = shutil.copytree(TEMPLATE, tmp_path / "mine", ignore=shutil.ignore_patterns("__pycache__"))
    (rename,) = [line for line in "".join(snippets("sh")).splitlines() if line.startswith("mv ")]
    (replace,) = [line for line in "".join(snippets("sh")).splitlines() if line.startswith("sed ")]
    subprocess.run(f"{rename} && {replace}", shell=True, check=True, cwd=copy)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "test_mine.py"]
    run = subprocess.run(command, check=False, cwd=copy, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"\d{2} passed", run.stdout)
    assert (copy / "imagine_bot_mine" / "provider.py").read_text().count("class Mine(") == 1


async def test_it_is_found_and_draws_in_the_chat(installed: type[ServiceSimulator], tmp_path: Path) -> None:
    assert discover()["sketch"].value == "imagine_bot_sketch:Sketch"
    service = installed(durations=lambda _: 0.005, draw_scale=0.1)
    await service.start()
    try:
        tables: dict[str, Any] = {"sketch": {"key": service.key, "endpoint": f"{service.url}/v1"}}
        async with open_app_harness(tmp_path, providers=tables) as harness:
            await harness.made("a fox --provider sketch --ar 16:9 --n 2", picture(201))
            (task,) = service.tasks.values()
            assert (task.prompt, task.count, len(task.references)) == ("a fox", 2, 1)
            assert not harness.submitted(), "Jimeng was not asked"
            await harness.say("/models")
            await harness.shown("Sketch")
    finally:
        await service.aclose()


async def test_its_table_of_models_decides(installed: type[ServiceSimulator], tmp_path: Path) -> None:
    tables: dict[str, Any] = {"sketch": {"key": "unused", "endpoint": "http://127.0.0.1:1/v1"}}
    async with open_app_harness(tmp_path, providers=tables) as harness:
        await harness.say("a fox --provider sketch --model pencil-1")
        await harness.shown("Sketch Pencil 1 was shut down on 2026-06-30. Use --model pencil-2.")
        await harness.say("a fox --provider sketch --model pencil-2-fast --ar 9:16")
        await harness.shown("can't do --ar 9:16, only: 1:1, 16:9. --model pencil-2 can.")


async def test_check_tries_its_key(
    installed: type[ServiceSimulator], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service = installed()
    await service.start()
    file = tmp_path / "config.toml"
    async with TelegramSimulator() as telegram:
        for key, words in ((service.key, "✓ sketch: Sketch accepts"), ("wrong", "✗ sketch: bad_key: create a key")):
            file.write_text(
                f'[telegram]\ntoken = "{telegram.token}"\napi_url = "{telegram.url}"\n'
                f'[storage]\nurl = "sqlite:///{tmp_path}/bot.db"\n[providers]\ndefault = "sketch"\n'
                f'[providers.sketch]\nkey = "{key}"\nendpoint = "{service.url}/v1"\n'
            )
            await asyncio.to_thread(main, ["check", "--config", str(file)])
            assert words in capsys.readouterr().out
    await service.aclose()
