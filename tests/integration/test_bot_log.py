"""The log of a bot at work: each line of a job names it, and no prompt, statement or token is in it."""

import json
import logging
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from bot.logs import OWN, JsonFormatter, TextFormatter
from tests.support.app_harness import open_app_harness, picture

LIBRARIES = ("aiosqlite", "sqlalchemy", "asyncpg", "aiogram")
PROMPT = "a fox that nobody else may read of"


@pytest.fixture
def log() -> Iterator[tuple[StringIO, StringIO]]:
    """The log with every step of the bot, as JSON and as text. No secret is hidden by name."""
    root, streams = logging.getLogger(), (StringIO(), StringIO())
    handlers = [logging.StreamHandler(stream) for stream in streams]
    level = root.level
    root.setLevel(logging.INFO)
    for handler, formatter in zip(handlers, (JsonFormatter(), TextFormatter()), strict=True):
        handler.setFormatter(formatter)
        root.addHandler(handler)
    for name in OWN:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield streams
    for name in OWN:
        logging.getLogger(name).setLevel(logging.NOTSET)
    for handler in handlers:
        root.removeHandler(handler)
    root.setLevel(level)


async def test_the_lines_of_a_job(tmp_path: Path, log: tuple[StringIO, StringIO]) -> None:
    async with open_app_harness(tmp_path) as harness:
        result = await harness.made(PROMPT, picture())
        await harness.press(result, "Again")
        await harness.quiet()
        token = harness.telegram.token
    lines: list[dict[str, Any]] = [json.loads(line) for line in log[0].getvalue().splitlines()]
    of_jobs = [line for line in lines if " job " in f" {line['message']} "]
    assert len(of_jobs) > 10
    assert {line["job"] for line in of_jobs} == {1, 2}
    assert all(f"job {line['job']}" in line["message"] for line in of_jobs)
    sends = [line for line in lines if line["message"].startswith(("sendPhoto", "editMessageMedia"))]
    assert {line.get("job") for line in sends} == {1, 2}
    assert {line["update"] for line in lines if line["message"].startswith("answerCallbackQuery")}
    assert not [line for line in lines if line["logger"].startswith(LIBRARIES) and line["level"] == "debug"]
    for stream in log:
        assert PROMPT not in stream.getvalue()
        assert token not in stream.getvalue()
    # In text, too, a line that does not name the job has it before the message.
    assert "bot.telegram.call_counter: [job 1] " in log[1].getvalue()
    assert "[job 1] job 1 " not in log[1].getvalue()
