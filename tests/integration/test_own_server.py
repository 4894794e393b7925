"""An own Bot API server that runs with `--local`: files are read from its disk, also those beyond 20 MB."""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiogram import Bot
from aiogram.client.telegram import TelegramAPIServer

from bot.demo.telegram import TOKEN, Refusal, upload
from bot.jobs import retry
from bot.jobs.ports import InvalidReferenceError
from bot.telegram import telegram_files
from bot.telegram.session import Session
from bot.telegram.telegram_files import UnreadableFileError, has_own_server, open_local
from tests.support.app_harness import AppHarness, open_app_harness, picture, picture_info


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[AppHarness]:
    def prepare(harness: AppHarness) -> None:
        harness.telegram.world.files.local = folder / "server" / harness.telegram.token

    async with open_app_harness(folder, public=False, prepare=prepare) as harness:
        yield harness


async def test_references_are_read_from_its_disk(tmp_path: Path) -> None:
    async with running(tmp_path) as harness:
        await harness.made("in blue", picture(201))
        await harness.say("in red", upload(picture(300) + bytes(21 << 20), "huge.jpg"), as_document=True)
        await harness.ended()
        assert [picture_info(task.references[0])[1] for task in harness.tasks] == [201, 300]


async def test_a_file_that_can_not_be_read_is_told_in_the_log_without_the_token(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: str, flags: int) -> int:
        raise PermissionError(13, "Permission denied", path)

    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(retry, "FETCH_DELAYS", ())
    async with running(tmp_path) as harness:
        with monkeypatch.context() as patched:
            patched.setattr(telegram_files, "open_file", denied)
            await harness.say("in blue", picture(201))
            await harness.ended("⚠️")
    assert "server/<token>/photos/file_0.jpg can't be read: let the user of this process (" in caplog.text
    assert TOKEN not in caplog.text


def test_only_plain_files_are_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    (tmp_path / "link").symlink_to(secret)
    with open_local(str(secret), TOKEN) as file:
        assert file.read() == b"x"
    for other in (tmp_path, tmp_path / "link", tmp_path / TOKEN / "none"):
        with pytest.raises(UnreadableFileError) as caught:
            open_local(str(other), TOKEN)
        assert TOKEN not in str(caught.value)
    assert "is not on this machine: mount the server's folder here at the same path" in str(caught.value)


def test_a_pipe_does_not_stop_the_bot(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableFileError, match="is no file"):
        open_local(str(tmp_path / "pipe"), TOKEN)


def test_what_is_no_picture_by_its_size_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "film").open("wb") as film:
        film.truncate(telegram_files.MOST_LOCAL_BYTES + 1)
    with pytest.raises(InvalidReferenceError, match="larger than 100 MB"):
        open_local(str(tmp_path / "film"), TOKEN)


async def test_telegram_itself_can_not_name_a_file_of_this_machine() -> None:
    for address, own in (
        ("http://127.0.0.1:8081", True),
        ("https://api.telegram.org", False),
        ("https://API.telegram.org:443/", False),
    ):
        session = Session(api=TelegramAPIServer.from_base(address))
        assert has_own_server(Bot(TOKEN, session=session)) is own


@pytest.mark.parametrize(
    ("code", "description", "told"),
    [
        (400, "Logged out", "after 10 minutes it is logged in again"),
        (401, "Unauthorized: invalid api-id/api-hash", "wrong --api-id or --api-hash"),
    ],
)
async def test_a_bot_waits_until_the_server_takes_its_token(
    tmp_path: Path, code: int, description: str, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    def prepare(harness: AppHarness) -> None:
        harness.telegram.play(Refusal(method="getMe", code=code, description=description))

    async with open_app_harness(tmp_path, public=False, prepare=prepare) as harness:
        await harness.say("/start")
        await harness.quiet()
        assert harness.answers()
    assert told in caplog.text
