"""A bot between proxies: no connection goes another way, names are the proxies' matter, and no password is shown."""

import asyncio
import logging
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Literal

import pytest
from yarl import URL

from providers import http
from tests.support.app_harness import AppHarness, open_app_harness, picture
from tests.support.proxy_server import PASSWORD, USER, open_proxy

# Only the proxies of these tests know where these are.
TELEGRAM, JIMENG = "telegram.example", "jimeng.example"
WRONG = "falsch-17"


def port(url: str) -> int:
    return URL(url).port or 0


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_a_whole_job_goes_through_them(
    tmp_path: Path, kind: Literal["http", "socks5"], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with AsyncExitStack() as stack:
        telegram, jimeng, pictures = [await stack.enter_async_context(open_proxy(kind, login=True)) for _ in range(3)]

        def prepare(harness: AppHarness) -> None:
            telegram.names[TELEGRAM] = port(harness.telegram.url)
            jimeng.names[JIMENG] = pictures.names[JIMENG] = port(harness.jimeng.url)
            harness.jimeng.url = f"http://{JIMENG}"

        proxies = {"proxy": jimeng.url, "picture_proxy": pictures.url}
        harness = await stack.enter_async_context(
            open_app_harness(
                tmp_path,
                public=False,
                telegram={"api_url": f"http://{TELEGRAM}", "proxy": telegram.url},
                providers={"jimeng": proxies},
                prepare=prepare,
            )
        )
        made = await harness.made("two foxes --n 2", picture())
        assert made.text == "✅ 2 pictures"
        assert len(harness.album()) == 2
        assert harness.tasks[0].references
        assert {host for host, _port in telegram.asked} == {TELEGRAM}
        assert {host for host, _port in jimeng.asked} == {host for host, _port in pictures.asked} == {JIMENG}
    assert PASSWORD not in caplog.text


async def test_nothing_is_paid_twice_when_a_proxy_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "UNREACHABLE_RETRY_SECONDS", 0.1)
    caplog.set_level(logging.INFO)
    async with open_proxy("socks5", login=True) as proxy:

        def prepare(harness: AppHarness) -> None:
            proxy.names[JIMENG] = port(harness.jimeng.url)

        jimeng = {"endpoint": f"http://{JIMENG}", "proxy": proxy.url}
        async with open_app_harness(tmp_path, public=False, providers={"jimeng": jimeng}, prepare=prepare) as harness:
            proxy.mode = "refuses"
            await harness.say("a fox")
            await logged(caplog, "gives no connection to jimeng.example")
            assert not harness.tasks
            # Not sent for sure: it is sent again. Sent, and no answer: whoever asked decides.
            proxy.mode = "fails later"
            told = await harness.ended("⚠️")
            assert "can't tell whether it was charged" in told.text
            proxy.mode = "works"
            await harness.quiet()
            assert len(harness.tasks) == 1


async def logged(caplog: pytest.LogCaptureFixture, words: str) -> None:
    async with asyncio.timeout(20):
        while words not in caplog.text:  # noqa: ASYNC110 - the log has no events
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("trouble", ["down", "login"])
async def test_a_bot_waits_for_its_proxy(tmp_path: Path, trouble: str, caplog: pytest.LogCaptureFixture) -> None:
    """It goes on when the proxy works; until then the log says what is wrong."""
    async with open_proxy("socks5", login=True) as proxy:
        if trouble == "down":
            proxy.mode = "refuses"
        else:
            proxy.password = WRONG
        words = {"down": "gives no connection to telegram.example", "login": "refuses the user name and the password"}

        async def mend() -> None:
            await logged(caplog, words[trouble])
            proxy.mode, proxy.password = "works", PASSWORD

        def prepare(harness: AppHarness) -> None:
            proxy.names[TELEGRAM] = port(harness.telegram.url)

        mending = asyncio.create_task(mend())
        how = {"api_url": f"http://{TELEGRAM}", "proxy": f"socks5://{USER}:{PASSWORD}@127.0.0.1:{proxy.port}"}
        async with open_app_harness(tmp_path, public=False, telegram=how, prepare=prepare) as harness:
            await mending
            await harness.say("/start")
            await harness.quiet()
            assert harness.answers()
    assert f"the proxy socks5://127.0.0.1:{proxy.port} {words[trouble]}" in caplog.text
    assert PASSWORD not in caplog.text
