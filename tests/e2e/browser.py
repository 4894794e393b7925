"""Starts a headless Chromium, for the browser tests and the README's screenshots."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first one draws no window around the page: loading it takes two thirds of the time."""
ARGUMENTS = (
    "--no-sandbox",
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--in-process-gpu",
    # All pages are of the demo: they need no processes of their own.
    "--disable-site-isolation-trials",
    "--disable-features=IsolateOrigins,site-per-process,SpareRendererForSitePerProcess",
    # A page lives for a second or two: to optimize its scripts takes longer than they run.
    "--js-flags=--no-opt",
)
MISSING = f"The chat page needs a browser: install one of {', '.join(NAMES)}."


def installed() -> str | None:
    """The path of the machine's Chromium."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


@asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    """A running browser with a profile of its own. Raises `FileNotFoundError` when there is none on this machine."""
    path = installed()
    if path is None:
        raise FileNotFoundError(MISSING)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()
