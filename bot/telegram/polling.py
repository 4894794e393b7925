"""Polling Telegram for updates: only the leader of all processes does so."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from aiogram import Bot
from aiogram.methods import GetUpdates, TelegramMethod
from tenacity import RetryCallState

from bot.telegram.update_health import UpdateHealth
from storage.backend import Backend
from storage.database import StoreError
from storage.retry_loop import ANY_ERROR, Sleep, error_of, repeat

log = logging.getLogger(__name__)

POLL_SECONDS = 30
LEADER_RETRY_SECONDS = 1.0
"""The pause between tries to become the leader."""


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
        health: UpdateHealth,
        sleep: Sleep,
    ) -> None:
        self._bot = bot
        self._backend = backend
        self._take = take
        self._health = health
        self._sleep = sleep

    async def run(self, kinds: list[str]) -> None:
        """Poll for updates of these kinds whenever this process is the leader, until cancelled."""
        follows = False
        while True:
            if await self._leads():
                log.info("Run polling for bot @%s", (await self._bot.me()).username)
                self._health.begins()
                await self._poll(kinds)
                log.info("this process polls no longer")
                follows = False
            elif not follows:
                log.info("another process polls; this one takes over when that ends")
                follows = True
            await self._sleep(LEADER_RETRY_SECONDS)

    async def _leads(self) -> bool:
        try:
            leads = self._health.leads = await self._backend.become_leader()
        except (StoreError, OSError) as error:
            self._health.leads = None
            log.warning("finding the leader failed (%s); retrying in %g s", error, LEADER_RETRY_SECONDS)
            return False
        return leads

    async def _poll(self, kinds: list[str]) -> None:
        ask = RawUpdates(timeout=POLL_SECONDS, allowed_updates=kinds)
        while self._backend.leads:
            fetch = partial(self._fetched, ask)
            # Retry after any error: without updates the bot does nothing.
            updates = await repeat(fetch, when=ANY_ERROR, wait=self._delay, sleep=self._sleep)
            if updates:
                log.debug("%d updates have come, up to %d", len(updates), updates[-1]["update_id"])
                # Confirm only stored updates.
                ask = ask.model_copy(update={"offset": updates[-1]["update_id"] + 1})

    async def _fetched(self, ask: RawUpdates) -> list[dict[str, Any]]:
        """Fetch and store updates; an empty list if this process is no longer the leader."""
        if not self._backend.leads:
            return []
        seconds = int((self._bot.session.timeout or 0) + POLL_SECONDS)
        if self._health.is_cut_off:
            # An answer at once, to know that it is over.
            ask = ask.model_copy(update={"timeout": 0})
        updates = await self._bot(ask, request_timeout=seconds)
        await self._take(updates)
        self._health.answered()
        return updates

    def _delay(self, state: RetryCallState) -> float:
        # A former leader is in conflict with the new one, as it should be.
        return self._health.failed(error_of(state)) if self._backend.leads else 0.0
