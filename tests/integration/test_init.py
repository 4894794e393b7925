"""`init`: from nothing to a file with which the bot starts; wrong answers are told, and nothing is overwritten."""

import asyncio
import io
import os
import pty
import sys
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.demo.telegram import TelegramSimulator
from bot.init_answers import TerminalPerson
from providers.jimeng.simulator import JimengSimulator
from tests.support.startup_cache import cached_sessions

ROOT = Path(__file__).parents[2]
FILE = Path("config.local.toml")

Init = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramSimulator]:
    async with TelegramSimulator() as telegram:
        yield telegram


@pytest.fixture
async def jimeng() -> AsyncIterator[JimengSimulator]:
    jimeng = JimengSimulator()
    await jimeng.start()
    yield jimeng
    await jimeng.aclose()


@pytest.fixture(autouse=True)
def here(tmp_path: Path, telegram: TelegramSimulator, jimeng: JimengSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BOT_TELEGRAM__TOKEN", raising=False)
    monkeypatch.setenv("BOT_TELEGRAM__API_URL", telegram.url)
    monkeypatch.setenv("BOT_PROVIDERS__JIMENG__ENDPOINT", jimeng.url)


@pytest.fixture
def init(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Init:
    """Run the command without a terminal, or with a person who gives these answers in turn."""

    async def run(*options: str, answers: list[str] | None = None, piped: str = "") -> tuple[int, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(piped))
        replies = list(answers or [])

        def reply(_self: TerminalPerson, question: str) -> str:
            sys.stdout.write(f"{question}\n")
            assert replies, question
            return replies.pop(0)

        monkeypatch.setattr(sys.stdin, "isatty", lambda: answers is not None)
        for kind in ("line", "hidden"):
            monkeypatch.setattr(TerminalPerson, kind, reply)
        with cached_sessions():
            code = await asyncio.to_thread(main, ["init", *options])
        assert replies == []
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


def secret(name: str, text: str) -> str:
    Path(name).write_text(f"{text}\n", encoding="utf-8")
    return name


def written() -> dict[str, dict[str, object]] | None:
    """The file, if there is one."""
    return tomllib.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else None


def is_private(file: Path) -> bool:
    return file.stat().st_mode & 0o777 == 0o600


async def test_without_a_terminal(init: Init, telegram: TelegramSimulator, jimeng: JimengSimulator) -> None:
    keys = ["--key-file", secret("access", jimeng.keys.access), "--key-file", secret("secret", jimeng.keys.secret)]
    code, said = await init("--token-file", "-", "--provider", "jimeng", *keys, piped=f"{telegram.token}\n")
    assert code == 0
    assert (written() or {}) == {
        "telegram": {"token": telegram.token},
        "providers": {
            "default": "jimeng",
            "jimeng": {"access_key": jimeng.keys.access, "secret_key": jimeng.keys.secret},
        },
    }
    assert is_private(FILE)
    assert "✓ telegram: ready as @imagine_demo_bot" in said
    assert "✓ jimeng: Jimeng accepts the credentials" in said
    assert "https://t.me/imagine_demo_bot and send /start" in said
    assert jimeng.keys.secret not in said
    code, said = await init("--token-file", "-", "--provider", "jimeng", *keys, piped=f"{telegram.token}\n")
    assert code == 2
    assert said.startswith("config.local.toml is there already, and stays as it is.")


async def test_the_environment_is_not_copied(
    init: Init, telegram: TelegramSimulator, jimeng: JimengSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_TELEGRAM__TOKEN", telegram.token)
    monkeypatch.setenv("BOT_PROVIDERS__JIMENG__ACCESS_KEY", jimeng.keys.access)
    code, said = await init("--key-file", "-", piped=jimeng.keys.secret)
    assert code == 0, said
    jimeng_table = {"secret_key": jimeng.keys.secret}
    assert (written() or {}) == {"providers": {"default": "jimeng", "jimeng": jimeng_table}}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "telegram.token is missing: set BOT_TELEGRAM__TOKEN, or name a file with --token-file"),
        (["--token-file", "nowhere"], "nowhere can't be read: No such file or directory."),
        (["--token-file", "wrong"], "the token is not accepted (Unauthorized): get a token from @BotFather"),
        (["--token-file", "words"], "telegram.token (BOT_TELEGRAM__TOKEN) is wrong: must look like 123456:ABC-DEF"),
        (
            ["--token-file", "token", "--provider", "dalle"],
            "There is no service dalle; the installed ones: ark, comfyui",
        ),
        (
            ["--token-file", "token", "--provider", "ark"],
            "providers.ark.api_key is missing: set BOT_PROVIDERS__ARK__API",
        ),
        (
            ["--token-file", "token", "--provider", "jimeng", "--key-file", "wrong"],
            "--key-file for each of these, in their order: providers.jimeng.access_key, providers.jimeng.secret_key.",
        ),
        (
            ["--token-file", "token", "--provider", "jimeng", "--key-file", "wrong", "--key-file", "wrong"],
            "providers.jimeng.access_key is not known: create an access key in the Volcengine console (IAM",
        ),
    ],
)
async def test_wrong_options(init: Init, telegram: TelegramSimulator, options: list[str], told: str) -> None:
    secret("token", telegram.token), secret("wrong", "7200000003:wrong"), secret("words", "rubbish words")
    code, said = await init(*options)
    assert code == 2
    assert told in said.splitlines()[-1]
    assert "Nothing was written." in said
    assert "rubbish" not in said
    assert written() is None


async def test_wrong_answers_are_asked_for_again(
    init: Init, telegram: TelegramSimulator, jimeng: JimengSimulator
) -> None:
    keys = [jimeng.keys.access, jimeng.keys.secret]
    answers = ["7200000003:wrong", "", "words", "", telegram.token, "dalle", "", "AKLTwrong", keys[1], "", *keys]
    code, said = await init(answers=answers)
    assert code == 0
    assert [line.split(": ")[0] for line in said.splitlines() if line.startswith(("✗", "✓"))] == [
        "✗ the token is not accepted (Unauthorized)",
        "✗ telegram.token (BOT_TELEGRAM__TOKEN) is wrong",
        "✓ telegram",
        "✗ InvalidAccessKey",
        "✓ jimeng",
    ]
    assert "There is no service dalle." in said
    assert (written() or {})["providers"]["jimeng"] == {"access_key": keys[0], "secret_key": keys[1]}


async def test_out_of_reach(
    init: Init, telegram: TelegramSimulator, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    monkeypatch.setenv("BOT_TELEGRAM__API_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("BOT_PROVIDERS__JIMENG__ENDPOINT", "http://127.0.0.1:9")
    code, said = await init("--token-file", secret("token", telegram.token), "--provider", "jimeng")
    assert (code, written()) == (2, None)
    assert "http://127.0.0.1:9 can't be reached" in said
    proxy = f"socks5://127.0.0.1:{unused_tcp_port}"
    answers = [telegram.token, "", "ftp://x", proxy, "keep", "jimeng", "AK", "SK", "", "keep"]
    code, said = await init(answers=answers)
    assert code == 0
    assert (written() or {})["telegram"] == {"token": telegram.token, "proxy": proxy}
    assert "telegram.proxy" in said


async def test_todays_file_is_left_alone(init: Init) -> None:
    secret("config.toml", '[telegram]\ntoken = "1:a"')
    code, said = await init()
    assert (code, written()) == (2, None)
    assert said.startswith("config.toml is there already")


async def test_at_a_terminal(telegram: TelegramSimulator, jimeng: JimengSimulator) -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "init",
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        start_new_session=True,
    )
    os.close(theirs)
    shown, asked = "", 0
    for question, answer in (
        ("@BotFather: ", telegram.token),
        ("[jimeng]: ", ""),
        ("access key id: ", jimeng.keys.access),
        ("shown there: ", jimeng.keys.secret),
        ("at any time:  ", ""),
    ):
        async with asyncio.timeout(20):
            while question not in shown[asked:]:
                shown += (await asyncio.to_thread(os.read, ours, 4096)).decode()
        asked = len(shown)
        os.write(ours, f"{answer}\n".encode())
    assert await process.wait() == 0
    os.close(ours)
    assert telegram.token not in shown
    assert jimeng.keys.secret not in shown
    assert is_private(FILE)
