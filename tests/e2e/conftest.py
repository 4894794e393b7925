"""Fixtures: one browser for all tests, and for each test a demo and a page of its own."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Error, Page

from bot.demo.telegram import Chat, Person
from tests.e2e.browser import MISSING, browsing, installed
from tests.e2e.chat_page import PATIENCE_MS, ChatPage
from tests.e2e.harness import DemoHarness, open_demo_harness

Visit = Callable[..., Awaitable[ChatPage]]
DESK: dict[str, Any] = {
    "viewport": {"width": 1360, "height": 860},
    # Nobody sees it: drawing every pixel takes a quarter of the browser's time.
    "device_scale_factor": 0.25,
    "reduced_motion": "reduce",
}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The browser; where there is none, the tests are skipped, but not in CI."""
    if installed() is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(MISSING)
    async with browsing() as browser:
        yield browser


class Window:
    """A page that stays open: opening one for each test would take longer than most tests. A page that can't be reset
    is closed, so that it does not break the next test."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._page: Page | None = None

    async def page(self) -> Page:
        """The page, empty."""
        if self._page is None:
            self._page = await (await new_context(self._browser)).new_page()
        return self._page

    async def leave(self, chat_page: ChatPage) -> None:
        """Empty the page for the next test."""
        try:
            await chat_page.leave()
        except Error:
            await self.aclose()

    async def aclose(self) -> None:
        """Close the page for good."""
        page, self._page = self._page, None
        if page is not None:
            await page.context.close()


async def new_context(browser: Browser, **look: Any) -> BrowserContext:
    """A browser context with time limits for a busy machine."""
    context = await browser.new_context(**(DESK | look))
    context.set_default_timeout(PATIENCE_MS)
    return context


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def window(browser: Browser) -> AsyncIterator[Window]:
    """The window in which each test opens its first page."""
    window = Window(browser)
    yield window
    await window.aclose()


@pytest_asyncio.fixture(loop_scope="session")
async def harness(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[DemoHarness]:
    """The running demo; where a test is marked `bot_process`, its bot is a process. It requires the browser first, so
    that it is not started in vain."""
    as_process = request.node.get_closest_marker("bot_process") is not None
    async with open_demo_harness(as_process=as_process) as harness:
        yield harness


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, window: Window, harness: DemoHarness) -> AsyncIterator[Visit]:
    """Opens pages: `await visit(person, chat)`, as Ann in private by default. At the end none may have errors.

    Each but the first has a window of its own: a page behind another one isn't drawn.
    """
    talks: list[ChatPage] = []
    async with AsyncExitStack() as stack:

        async def open_page(person: Person | None = None, chat: Chat | None = None, **look: Any) -> ChatPage:
            if look or talks:
                context = await new_context(browser, **look)
                stack.push_async_callback(context.close)
                chat_page = ChatPage(await context.new_page(), harness.telegram.url)
            else:
                chat_page = ChatPage(await window.page(), harness.telegram.url)
                stack.push_async_callback(window.leave, chat_page)
            talks.append(chat_page)
            await chat_page.open(person or harness.telegram.ann, chat)
            return chat_page

        yield open_page
    assert [error_message for chat_page in talks for error_message in chat_page.errors] == []


@pytest_asyncio.fixture(loop_scope="session")
async def chat_page(visit: Visit) -> ChatPage:
    """The page, as Ann in her chat with the bot."""
    return await visit()
