"""The demo without a browser: one prompt, its messages printed, its album saved."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from bot.__main__ import main
from bot.demo import launcher, photo_arguments
from bot.demo.launcher import simulators
from bot.demo.telegram import TelegramSimulator
from providers.jimeng.simulator import JimengSimulator


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    def quicker(port: int = 0) -> tuple[TelegramSimulator, JimengSimulator]:
        telegram, _ = simulators(port)
        return telegram, JimengSimulator(durations=lambda _: 0.1, concurrency=2, draw_scale=0.2)

    monkeypatch.setattr(launcher, "simulators", quicker)


def photo(folder: Path, colour: str) -> str:
    path = folder / f"{colour}.jpg"
    Image.new("RGB", (400, 300), colour).save(path)
    return str(path)


def test_a_talk_with_two_photos(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photos = [part for colour in ("red", "blue") for part in ("--photo", photo(tmp_path, colour))]
    saved = tmp_path / "album"
    assert main(["demo", "--say", "both together --n 2", *photos, "--save", str(saved)]) == 0
    talk = capsys.readouterr().out
    assert "[picture] both together" in talk
    assert "✅ 2 pictures" in talk
    assert sorted(path.name for path in saved.iterdir()) == ["1.jpg", "2.jpg"]
    with Image.open(saved / "1.jpg") as picture:
        colours = picture.convert("RGB").resize((40, 40)).getcolors(1600) or []
    channels = [colour for _, colour in colours if isinstance(colour, tuple)]
    assert any(red > 150 and blue < 110 for red, _, blue in channels), "nothing of the red photo"
    assert any(blue > 150 and red < 110 for red, _, blue in channels), "nothing of the blue photo"


def test_one_picture_of_the_demos_own_photo(tmp_path: Path) -> None:
    assert main(["demo", "--say", "a fox", "--photo", "--save", str(tmp_path)]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["1.jpg"]


def test_the_question_before_words_with_choices_is_agreed_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--say", "{red, blue} fox", "--save", str(tmp_path)]) == 0
    assert "Ann │ taps [✅ Make]" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.jpg", "2.jpg"]


def test_a_wrong_flag_is_explained_and_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--say", "a fox --n 99", "--save", str(tmp_path / "none")]) == 1
    assert "--n takes 1–15, or auto (the prompt decides), not “99”." in capsys.readouterr().out
    assert not (tmp_path / "none").exists()


def test_a_photo_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--say", "a fox", "--photo", "nowhere.jpg"]) == 2
    assert "nowhere.jpg" in capsys.readouterr().err


def test_a_missing_photo_is_told_before_anything_is_installed(tmp_path: Path) -> None:
    script = [sys.executable, "-S", "-I", photo_arguments.__file__, "--say", "a fox", "--photo"]
    run = subprocess.run([*script, "nowhere.jpg"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (2, "", "There is no photo nowhere.jpg.\n")
    assert subprocess.run([*script, "--save", "x"], cwd=tmp_path, capture_output=True, check=False).returncode == 0


def test_a_port_that_is_taken(capsys: pytest.CaptureFixture[str], unused_tcp_port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", unused_tcp_port))
        taken.listen()
        assert main(["demo", "--port", str(unused_tcp_port)]) == 2
    assert "--port" in capsys.readouterr().err
