"""`check` of proxies and of an own Bot API server: it says what is missing, and shows no secret."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Literal
from unittest.mock import Mock

import pytest

from bot.__main__ import main
from bot.demo.telegram import Refusal, TelegramSimulator
from bot.telegram import telegram_files
from providers.jimeng.simulator import JimengSimulator
from providers.proxies import is_private
from tests.support.proxy_server import PASSWORD, USER, open_proxy
from tests.support.sample_pictures import picture
from tests.support.startup_cache import cached_sessions

Check = Callable[..., Awaitable[tuple[int, list[str]]]]


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramSimulator]:
    async with TelegramSimulator() as telegram:
        yield telegram


@pytest.fixture
async def check(
    tmp_path: Path, telegram: TelegramSimulator, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Check]:
    """Run the command, with other addresses if some are given; return its exit code and its lines but that of the
    settings. The first is of Telegram."""
    service = JimengSimulator()
    await service.start()

    async def run(*, api_url: str = telegram.url, endpoint: str = service.url) -> tuple[int, list[str]]:
        file = tmp_path / "config.toml"
        file.write_text(
            f'[telegram]\ntoken = "{telegram.token}"\napi_url = "{api_url}"\n'
            f'[storage]\nurl = "sqlite:///{tmp_path}/bot.db"\n[providers.jimeng]\nendpoint = "{endpoint}"\n'
            f'access_key = "{service.keys.access}"\nsecret_key = "{service.keys.secret}"\n'
        )
        with cached_sessions():
            code = await asyncio.to_thread(main, ["check", "--config", str(file)])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        lines = (printed.out + printed.err).strip().split("\n")
        return code, [line for line in lines if "settings: " not in line]

    yield run
    await service.aclose()


@pytest.mark.parametrize("local", [True, False])
async def test_an_own_server_must_give_its_files(
    check: Check, telegram: TelegramSimulator, tmp_path: Path, local: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    telegram.bot_user.photo = await telegram.world.files.add_picture(picture())
    telegram.world.files.local = tmp_path / telegram.token if local else None
    code, lines = await check()
    assert code == 0
    assert "; its files can be read; if updates are missing, call logOut once" in lines[0]

    monkeypatch.setattr(telegram_files, "open_file", Mock(side_effect=PermissionError(13, "Permission denied")))
    monkeypatch.setattr(telegram.world.files, "at", lambda _: None)
    code, lines = await check()
    assert code == 1
    told = (
        "<token>/photos/file_1.jpg can't be read: let the user of this process (" if local else "gives no files (HTTP"
    )
    assert told in lines[0]
    assert telegram.token not in "".join(lines)


@pytest.mark.parametrize(
    ("code", "description", "told"),
    [
        (400, "Logged out", "the bot was logged out of the server at telegram.api_url"),
        (401, "Unauthorized: invalid api-id/api-hash", "wrong --api-id or --api-hash"),
    ],
)
async def test_a_server_that_takes_no_calls(
    check: Check, telegram: TelegramSimulator, code: int, description: str, told: str
) -> None:
    telegram.play(Refusal(method="getMe", code=code, description=description))
    assert told in (await check())[1][0]


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("https://bots.example.org", True),
        ("http://bots.example.org", False),
        ("http://93.184.215.14:8081", False),
        ("http://192.168.1.5:8081", True),
        ("http://telegram-bot-api:8081", True),
        ("http://localhost:8081", True),
    ],
)
def test_an_address_by_which_the_token_leaks(address: str, private: bool) -> None:
    assert is_private(address) is private


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_a_proxy_that_does_not_work_is_named(
    check: Check, kind: Literal["http", "socks5"], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_proxy(kind, login=True) as proxy:
        monkeypatch.setenv("BOT_TELEGRAM__PROXY", f"{kind}://{USER}:{PASSWORD}@127.0.0.1:1")
        monkeypatch.setenv("BOT_PROVIDERS__JIMENG__PROXY", proxy.plain_url)
        code, lines = await check(api_url="https://telegram.example", endpoint="https://jimeng.example")
    assert code == 1
    (jimeng,) = (line for line in lines if line.startswith("✗ jimeng: "))
    assert f"the proxy {kind}://127.0.0.1:1 can't be reached: check telegram.proxy" in lines[0]
    assert f"the proxy {proxy.plain_url} asks for a user name and a password" in jimeng
    assert "add them to providers.jimeng.proxy" in jimeng
    assert PASSWORD not in "".join(lines)


async def test_a_wrong_proxy_is_one_sentence(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("BOT_TELEGRAM__PROXY", "BOT_PROVIDERS__JIMENG__PROXY", "ALL_PROXY"):
        with monkeypatch.context() as patched:
            patched.setenv(variable, "socks4://ann:geheim@127.0.0.1:1")
            code, lines = await check()
        assert (code, len(lines)) == (2, 1)
        assert "must be http://, https:// or socks5://user:password@host:port" in lines[0]
        assert "geheim" not in lines[0]
