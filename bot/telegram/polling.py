"""Polling Telegram for updates: only the leader of all processes does so."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from aiogram import Bot
from aiogram.exceptions import TelegramConflictError
from aiogram.methods import GetUpdates, TelegramMethod

from bot.telegram.session import said
from storage.backend import Backend
from storage.database import StoreError
from storage.retry_loop import ANY_ERROR, Sleep, in_turn, repeat

log = logging.getLogger(__name__)

POLL_SECONDS = 30
LEADER_RETRY_SECONDS = 1.0
"""The pause between tries to become the leader."""
RETRY_DELAYS = (0.5, 1.0, 2.0, 5.0)


class RawUpdates(TelegramMethod[list[dict[str, Any]]]):
    """`getUpdates` that returns raw updates: one that this version can't parse does not lose the others."""

    __returning__ = list[dict[str, Any]]
    __api_method__ = GetUpdates.__api_method__

    offset: int | None = None
    timeout: int | None = None
    allowed_updates: list[str] | None = None


class Poller:
    """Polls for updates while this process is the leader. `take` stores them and raises `StoreError`."""

    def __init__(
        self,
        bot: Bot,
        backend: Backend,
        take: Callable[[Sequence[Mapping[str, Any]]], Awaitable[object]],
        sleep: Sleep,
    ) -> None:
        self._bot = bot
        self._backend = backend
        self._take = take
        self._sleep = sleep

    async def run(self, kinds: list[str]) -> None:
        """Poll for updates of these kinds whenever this process is the leader, until cancelled."""
        follows = False
        while True:
            if await self._leads():
                log.info("Run polling for bot @%s", (await self._bot.me()).username)
                await self._poll(kinds)
                log.info("this process polls no longer")
                follows = False
            elif not follows:
                log.info("another process polls; this one takes over when that ends")
                follows = True
            await self._sleep(LEADER_RETRY_SECONDS)

    async def _leads(self) -> bool:
        try:
            return await self._backend.become_leader()
        except (StoreError, OSError) as error:
            log.warning("finding the leader failed (%s); retrying in %g s", error, LEADER_RETRY_SECONDS)
            return False

    async def _poll(self, kinds: list[str]) -> None:
        ask = RawUpdates(timeout=POLL_SECONDS, allowed_updates=kinds)
        while self._backend.leads:
            fetch = partial(self._fetched, ask)
            # Retry after any error: without updates the bot does nothing.
            updates = await repeat(
                fetch, when=ANY_ERROR, wait=in_turn(RETRY_DELAYS), sleep=self._sleep, failed=self._log_failure
            )
            if updates:
                # Confirm only stored updates.
                ask = ask.model_copy(update={"offset": updates[-1]["update_id"] + 1})

    async def _fetched(self, ask: RawUpdates) -> list[dict[str, Any]]:
        """Fetch and store updates; an empty list if this process is no longer the leader."""
        if not self._backend.leads:
            return []
        seconds = int((self._bot.session.timeout or 0) + POLL_SECONDS)
        updates = await self._bot(ask, request_timeout=seconds)
        await self._take(updates)
        return updates

    def _log_failure(self, error: BaseException, seconds: float) -> None:
        if isinstance(error, StoreError):
            log.error("storing updates failed (%s); Telegram keeps them; retrying in %g s", error, seconds)
        elif isinstance(error, TelegramConflictError) and self._backend.leads:
            log.error("another bot polls with this token, on another database; stop one; retrying in %g s", seconds)
        else:
            log.warning("fetching updates failed (%s); retrying in %g s", said(error), seconds)
