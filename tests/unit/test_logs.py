"""The log: levels, both formats, the job of each line, and no secrets."""

import asyncio
import json
import logging
from collections.abc import Iterator
from contextlib import redirect_stderr
from io import StringIO
from typing import Any

import pytest

from bot import log_subject, logs
from bot.background import Background
from bot.log_subject import Subject
from bot.logs import HIDDEN, SafeFormatter
from bot.settings import BucketSettings, LogSettings, ProvidersSettings, Settings, StorageSettings, TelegramSettings

TOKEN = "7200000003:AAF-a-token_that_is_as_long_as_real_ones"
log = logging.getLogger("bot.somewhere")


class Written(StringIO):
    """What the log has written."""

    def set_up(self, *how: Any, **options: Any) -> None:
        """As at the start of a process: pytest has set up handlers of its own."""
        logging.getLogger().handlers[:] = []
        with redirect_stderr(self):
            logs.set_up(*how, **options)

    @property
    def lines(self) -> list[str]:
        return self.getvalue().splitlines()

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]


@pytest.fixture
def written() -> Iterator[Written]:
    """The stderr of a process whose log is not set up yet."""
    root, stream = logging.getLogger(), Written()
    names = [*logs.OWN, *logs.CHATTY]
    levels = {name: logging.getLogger(name).level for name in names}
    level = root.level
    yield stream
    root.handlers[:] = [one for one in root.handlers if not isinstance(one.formatter, SafeFormatter)]
    root.setLevel(level)
    for name in names:
        logging.getLogger(name).setLevel(levels[name])


def say_everything() -> None:
    for name in ("bot.x", "providers.x", "storage.x", "aiosqlite", "sqlalchemy.engine", "aiogram.dispatcher"):
        for level in ("debug", "info", "warning"):
            getattr(logging.getLogger(name), level)("%s says so", level)


def said(written: Written) -> set[tuple[str, str]]:
    return {(line["logger"].partition(".")[0], line["level"]) for line in written.objects}


def test_verbose_shows_the_bots_own_steps_and_nobodys_statements(written: Written) -> None:
    written.set_up(LogSettings(format="json"), verbose=True)
    say_everything()
    own = {name for name, level in said(written) if level == "debug"}
    assert own == {"bot", "providers", "storage"}
    assert ("aiogram", "info") in said(written)


def test_the_level_of_the_settings(written: Written) -> None:
    written.set_up()
    say_everything()
    assert ("bot", "info") in {(line.split()[3].partition(".")[0], "info") for line in written.lines if "INFO" in line}
    assert not [line for line in written.lines if "DEBUG" in line]
    written.truncate(0)
    logs.set_up(LogSettings(level="warning", format="json"))
    written.seek(0)
    say_everything()
    assert {level for _, level in said(written)} == {"warning"}


async def test_lines_of_a_job_carry_its_id(written: Written) -> None:
    written.set_up(LogSettings(format="json"))
    background = Background()

    async def other() -> None:
        log.info("of all")

    async def step() -> None:
        log.info("a step")
        # A loop for all jobs that this step happens to start.
        await background.spawn(other(), "other")
        raise ValueError("no good")

    background.spawn(step(), "step", Subject(12, 34))
    await background.drain()
    await asyncio.sleep(0)
    first, second, failed = written.objects
    assert (first["job"], first["task"], first["message"]) == (12, 34, "a step")
    assert "job" not in second
    assert (failed["job"], failed["level"], failed["message"]) == (12, "error", "step failed")
    assert "ValueError: no good" in failed["exception"]
    assert "update" not in failed


async def test_in_text_the_job_is_said_once(written: Written) -> None:
    written.set_up()

    async def step() -> None:
        log_subject.note_job(12)
        log.info("job 12 goes on")
        log.info("job 123 goes on")

    await asyncio.create_task(step())
    log.info("of all")
    assert [line.partition(": ")[2] for line in written.lines] == [
        "job 12 goes on",
        "[job 12] job 123 goes on",
        "of all",
    ]


def fail_with(address: str) -> None:
    raise ConnectionError(f"Cannot connect to {address}")


def test_the_password_of_a_proxy_of_the_environment(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without a scheme it counts as http.
    monkeypatch.setenv("https_proxy", "me:pass-of-the-proxy@10.0.0.1:3128")
    settings = Settings(telegram=TelegramSettings.model_validate({"token": TOKEN}))
    written.set_up(secrets=logs.secrets_of(settings))
    log.info("tunnel by %s", "http://me:pass-of-the-proxy@10.0.0.1:3128")
    assert "pass-of-the-proxy" not in written.getvalue()
    assert HIDDEN in written.getvalue()


def test_no_number_is_too_long_for_a_line(written: Written) -> None:
    written.set_up(LogSettings(format="json"))
    log.info("the service says: no task %s", "7" * 5000)
    (line,) = written.objects
    assert "task" not in line


@pytest.mark.parametrize("kind", ["text", "json"])
def test_secrets_are_hidden_in_messages_and_tracebacks(written: Written, kind: Any) -> None:
    settings = Settings(
        telegram=TelegramSettings.model_validate({"token": TOKEN}),
        bucket=BucketSettings.model_validate({"secret_key": "bucket-secret"}),
        storage=StorageSettings(url="postgresql://bot:p%40ssw0rd-of-db@db/bot"),
        providers=ProvidersSettings.model_validate(
            {"jimeng": {"secret_key": "jimeng-secret", "proxy": "socks5://me:proxy-password@10.0.0.1:1080"}}
        ),
    )
    written.set_up(LogSettings(format=kind), logs.secrets_of(settings))
    try:
        fail_with(f"https://api.telegram.org/file/bot{TOKEN}/photos/1.jpg")
    except ConnectionError:
        log.exception("a request to /bot%s/getMe failed", TOKEN.replace(":", "%3A"))
    log.info("keys %s", ["bucket-secret", "jimeng-secret", "proxy-password", "p@ssw0rd-of-db", "p%40ssw0rd-of-db"])
    log.info("the former token was %s", "7200000003:BBF-another_token_that_was_replaced_since")
    text = written.getvalue()
    assert "Cannot connect to" in text
    for secret in ("AAF-a-token", "BBF-another", "bucket-secret", "jimeng-secret", "proxy-password", "of-db"):
        assert secret not in text


def test_a_log_that_somebody_else_has_set_up_is_left_alone() -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    assert handlers
    logs.set_up(LogSettings(level="error"))
    assert (root.handlers, root.level) == (handlers, level)
    assert not any(isinstance(handler.formatter, SafeFormatter) for handler in handlers)
