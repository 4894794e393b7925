"""`check` prints one line with advice for each part, and pays nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import obstore
import pytest

from bot.__main__ import main
from bot.demo.telegram import TelegramSimulator
from bot.web.bucket import Bucket
from providers.jimeng.simulator import JimengSimulator
from storage.inline_offers import offer_id
from storage.store import Store
from tests.support import s3
from tests.support.startup_cache import cached_sessions

Check = Callable[..., Awaitable[tuple[int, list[str]]]]

LINES = 9
"""The lines of a check with a public address and one service."""
CONFIG = """
[telegram]
token = "{token}"
api_url = "{telegram}"
[web]
port = {port}
public_url = "{public_url}"
[bucket]
{bucket}
[storage]
url = "sqlite:///{folder}/data/bot.db"
{more}
[providers.jimeng]
access_key = "{access_key}"
secret_key = "{secret_key}"
endpoint = "{jimeng}"
"""


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


@pytest.fixture
def port(unused_tcp_port: int) -> int:
    """The port of the bot's own server."""
    return unused_tcp_port


@pytest.fixture
def check(
    tmp_path: Path, telegram: TelegramSimulator, jimeng: JimengSimulator, port: int, capsys: pytest.CaptureFixture[str]
) -> Check:
    """Run the command with some settings changed; return its exit code and its lines."""

    async def run(mode: int = 0o600, **changes: str) -> tuple[int, list[str]]:
        settings = {
            "token": telegram.token,
            "telegram": telegram.url,
            "port": str(port),
            "public_url": f"http://127.0.0.1:{port}",
            "bucket": "",
            "more": "",
            "folder": str(tmp_path),
            "access_key": jimeng.keys.access,
            "secret_key": jimeng.keys.secret,
            "jimeng": jimeng.url,
        }
        file = tmp_path / "config.toml"
        file.write_text(CONFIG.format(**{**settings, **changes}))
        file.chmod(mode)
        with cached_sessions():
            code = await asyncio.to_thread(main, ["check", "--config", str(file)])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return code, (printed.out + printed.err).strip().split("\n")

    return run


def of(lines: list[str], name: str) -> str:
    """The line of the part `name`."""
    (line,) = [line for line in lines if line[2:].startswith(f"{name}:")]
    return line


async def test_all_is_well_and_nothing_is_paid(
    check: Check, telegram: TelegramSimulator, jimeng: JimengSimulator, port: int, tmp_path: Path
) -> None:
    code, lines = await check()
    assert code == 0
    assert lines == [
        f"✓ settings: from {tmp_path}/config.toml",
        f"✓ telegram: ready as @imagine_demo_bot at {telegram.url}; whether its files can be read shows once the bot "
        "has a photo: send /setuserpic to @BotFather; if updates are missing, call logOut once at "
        "https://api.telegram.org; inline feedback has not come yet: for pictures that begin by themselves in any "
        "chat, send /setinlinefeedback to @BotFather and choose 100%",
        f"✓ database: sqlite:///{tmp_path}/data/bot.db is ready",
        f"✓ references: published under http://127.0.0.1:{port}",
        f"✓ public address: http://127.0.0.1:{port} leads to this bot",
        "✓ jimeng: Jimeng accepts the credentials",
        "! access: nobody may use this bot yet; the first person who sends it /start becomes its admin",
        "! spending: a person may make 100 requests in 24 hours (limits.daily), admins any number; no budget is set, "
        "[budgets] would limit it",
        "    jimeng: up to 0.2 CNY a picture, 15 pictures a request: at most 300 CNY a person in 24 hours",
    ]
    assert dict(jimeng.calls) == {"result": 6}


async def test_a_budget_in_a_currency_in_which_nothing_is_paid(check: Check) -> None:
    code, lines = await check(more="[budgets]\nperson = ['2 RMB a day', '2 CNY a day']\nconfirm = '1 USD'\n")
    assert code == 0
    assert of(lines, "spending").startswith("! spending: ")
    assert lines[-2:] == [
        "    budgets.confirm: no price is in USD, so it limits nothing",
        "    budgets.person: no price is in RMB, so it limits nothing",
    ]


async def test_who_can_spend_how_much(check: Check, tmp_path: Path) -> None:
    people = "[access]\nadmins = [7]\nusers = [7, 8]\nchats = [-100]\n"
    budgets = "[budgets]\nbot = ['20 CNY a month']\nperson = ['0.50 CNY a day', '1 CNY a month']\n[limits]\ndaily = 0\n"
    code, lines = await check(more=people + budgets)
    assert code == 0
    assert of(lines, "access") == "✓ access: by invitation; may use it: 2 people, 1 group; admins: 7"
    assert of(lines, "spending").startswith("✓ spending: a person may make any number of requests in 24 hours")
    assert of(lines, "spending").endswith("; budgets: the bot 20 CNY a month; a person 0.5 CNY a day, 1 CNY a month")
    assert lines[-1].endswith("a request: without an end")
    store = await Store.open(f"sqlite:///{tmp_path}/data/bot.db")
    await store.members.decide(9, "allowed")
    await store.members.decide(8, "banned")
    await store.members.decide_group(-200, "allowed", "Foxes")
    await store.aclose()
    code, lines = await check(more=people)
    assert of(lines, "access") == "✓ access: by invitation; may use it: 2 people, 2 groups; admins: 7"
    code, lines = await check(more="[access]\nopen = true")
    assert of(lines, "access") == "! access: open to everyone who finds the bot (access.open); admins: nobody"


async def test_a_file_that_others_can_read(check: Check, tmp_path: Path) -> None:
    code, lines = await check(mode=0o644)
    assert code == 0
    assert of(lines, "settings") == (
        f"! settings: from {tmp_path}/config.toml; others on this machine can read secrets: "
        f"chmod 600 {tmp_path}/config.toml"
    )


async def test_inline_mode_that_is_off_is_said(check: Check, telegram: TelegramSimulator) -> None:
    telegram.world.bot.inline = False
    code, lines = await check()
    assert code == 0
    assert "send /setinline to @BotFather" in of(lines, "telegram")


async def test_inline_feedback_is_known_by_what_came(check: Check, tmp_path: Path) -> None:
    await check()
    store = await Store.open(f"sqlite:///{tmp_path}/data/bot.db")
    await store.inline_offers.add(7, "a fox", store.clock())
    await store.inline_offers.take(offer_id(7, "a fox"), store.clock(), by_feedback=False)
    _code, lines = await check()
    assert "did not come in the last day" in of(lines, "telegram")
    await store.inline_offers.take(offer_id(7, "a fox"), store.clock(), by_feedback=True)
    await store.aclose()
    _code, lines = await check()
    assert "inline" not in of(lines, "telegram")


async def test_without_a_public_address_its_limit_is_said(check: Check) -> None:
    code, lines = await check(public_url="")
    assert code == 0
    assert "up to about 7 MB" in of(lines, "references")


async def test_references_in_a_bucket(check: Check) -> None:
    with s3.running() as bucket:
        table = f'name = "{bucket.name}"\nendpoint = "{bucket.endpoint}"\naccess_key = "a"\nsecret_key = "hidden-key"'
        code, lines = await check(bucket=table)
        assert code == 0
        assert of(lines, "references") == "✓ references: published in the bucket pictures"
        left = Bucket(bucket, "another bot's").store
        assert [found async for found in obstore.list(left)] == [], "nothing of the trial is left"
        code, lines = await check(bucket=table.replace('"pictures"', '"elsewhere"'))
        assert code == 1
        assert of(lines, "references").startswith("✗ references: there is no bucket elsewhere at http://127.0.0.1:")
    code, lines = await check(bucket=table)
    assert code == 1
    assert "can't be reached" in of(lines, "references")
    assert "hidden-key" not in "".join(lines)


async def test_a_bucket_needs_its_keys(check: Check) -> None:
    code, lines = await check(bucket='name = "pictures"\naccess_key = "a"')
    assert code == 2
    assert lines[-1].startswith("bucket.secret_key is missing: it comes with bucket.access_key")
    assert "BOT_BUCKET__SECRET_KEY" in lines[-1]


async def test_a_bad_token(check: Check) -> None:
    code, lines = await check(token="7200000003:wrong")
    assert code == 1
    assert len(lines) == LINES
    line = of(lines, "telegram")
    assert line.startswith("✗")
    assert "@BotFather" in line
    assert "BOT_TELEGRAM__TOKEN" in line
    assert "7200000003:wrong" not in line
    assert of(lines, "jimeng").startswith("✓")


async def test_telegram_out_of_reach(check: Check) -> None:
    code, lines = await check(telegram="http://127.0.0.1:9")
    assert code == 1
    assert of(lines, "telegram").startswith("✗ telegram: http://127.0.0.1:9 can't be reached")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"access_key": "AKLTwrong"}, "access_key"),
        ({"secret_key": "d3Jvbmc="}, "secret_key"),
        ({"jimeng": "http://127.0.0.1:9"}, "can't be reached"),
    ],
)
async def test_jimeng_does_not_accept_it(check: Check, changes: dict[str, str], told: str) -> None:
    code, lines = await check(**changes)
    assert code == 1
    assert len(lines) == LINES
    assert of(lines, "jimeng").startswith("✗")
    assert told in of(lines, "jimeng")
    assert "d3Jvbmc=" not in of(lines, "jimeng")


async def test_the_service_is_not_activated(check: Check, jimeng: JimengSimulator) -> None:
    jimeng.activate(active=False)
    code, lines = await check()
    assert code == 1
    assert "activate Jimeng 4.0 in the Volcengine console" in of(lines, "jimeng")


async def test_a_database_that_can_not_be_opened(check: Check, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    code, lines = await check(folder=f"{tmp_path}/file")
    assert code == 1
    assert len(lines) == LINES - 1, "nobody can tell who has access"
    assert of(lines, "database").startswith("✗")
    assert "storage.url" in of(lines, "database")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"token": ""}, "telegram.token is missing: get one from @BotFather"),
        ({"token": "rubbish"}, "telegram.token"),
        ({"token": "7200000003: "}, "telegram.token"),
        ({"secret_key": ""}, "providers.jimeng.secret_key is missing: create an access key in the Volcengine console"),
        ({"public_url": "bot.example.org"}, "web.public_url"),
    ],
)
async def test_wrong_settings_are_one_sentence(check: Check, changes: dict[str, str], told: str) -> None:
    code, lines = await check(**changes)
    assert code == 2
    assert len(lines) == 1
    assert told in lines[0]
    assert "Value error" not in lines[0]


async def test_no_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert await asyncio.to_thread(main, ["check", "--config", str(tmp_path / "none.toml")]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"There is no {tmp_path / 'none.toml'}. Name another file with --config")
