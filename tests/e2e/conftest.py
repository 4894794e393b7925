"""One browser for all, and for each test a demo and a page of its own."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from bot.demo.telegram import Chat, Person
from tests.e2e.browser import MISSING, browsing, installed
from tests.e2e.stage import Stage, open_stage
from tests.e2e.talk import Talk

Visit = Callable[..., Awaitable[Talk]]
DESK = {"viewport": {"width": 1360, "height": 860}, "device_scale_factor": 0.25, "reduced_motion": "reduce"}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The browser; where there is none, the tests are skipped, but not in CI."""
    if installed() is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(MISSING)
    async with browsing() as browser:
        yield browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def desk(browser: Browser) -> AsyncIterator[Page]:
    """A page that stays open: another one for each test would take longer than most of them."""
    context = await browser.new_context(**DESK)  # type: ignore[arg-type]
    yield await context.new_page()
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def stage(browser: Browser) -> AsyncIterator[Stage]:
    """The running demo. It asks for the browser so that nothing is started in vain."""
    async with open_stage() as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, desk: Page, stage: Stage) -> AsyncIterator[Visit]:
    """Opens pages: `await visit(person, chat)`, as Ann in private by default. Afterwards none may have complained.

    Each but the first has a window of its own: what lies behind another page isn't drawn.
    """
    talks: list[Talk] = []
    async with AsyncExitStack() as stack:

        async def open_page(person: Person | None = None, chat: Chat | None = None, **look: Any) -> Talk:
            if look or talks:
                context = await browser.new_context(**(DESK | look))
                stack.push_async_callback(context.close)
                talk = Talk(await context.new_page(), stage.telegram.url)
            else:
                talk = Talk(desk, stage.telegram.url)
                stack.push_async_callback(talk.leave)
            talks.append(talk)
            await talk.open(person or stage.telegram.ann, chat)
            return talk

        yield open_page
    assert [trouble for talk in talks for trouble in talk.troubles] == []


@pytest_asyncio.fixture(loop_scope="session")
async def talk(visit: Visit) -> Talk:
    """The page, as Ann in her chat with the bot."""
    return await visit()
