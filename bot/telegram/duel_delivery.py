"""Delivers the pictures of a duel: one album of several jobs, by letter, and the vote below it."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest, TelegramForbiddenError
from aiogram.utils.i18n import gettext as _

from bot.jobs.ports import Undelivered, Unreachable
from bot.jobs.retry import UNFETCHED_DELAYS
from bot.telegram.captions import MOST_SENDS
from bot.telegram.duel_texts import vote_buttons, vote_text
from bot.telegram.message_sender import Sender
from bot.telegram.replying import in_reply_to
from bot.telegram.result_sender import JobAttempt, ResultBatch, ResultSender
from bot.telegram.show_below import show_below
from bot.telegram.status_message import StatusMessages
from bot.telegram.uploads import NOT_NOW, UnavailablePicture, Upload, Uploads
from providers.errors import Sentence
from storage.duel_records import DuelStanding, DuelState
from storage.pictures import Picture
from storage.records import Job
from storage.results import Result
from storage.store import Store

log = logging.getLogger(__name__)

VOTE_SECONDS = 3600.0
"""A vote is over by itself after this time."""
ALBUM_SIZE = 10
MOST_WAITS = len(UNFETCHED_DELAYS)
"""So often a vote waits for pictures that can't be fetched."""
UNCONFIRMED = Sentence("I've sent this, but Telegram didn't confirm it.")


class DuelDelivery:
    """Sends what is left of a duel; the worker of its leading job calls it, for all."""

    def __init__(self, bot: Bot, store: Store, sender: Sender, status: StatusMessages, uploads: Uploads) -> None:
        self._bot = bot
        self._store = store
        self._sender = sender
        self._results = ResultSender(sender, store)
        self._status = status
        self._uploads = uploads
        # How often each duel has waited for pictures that could not be fetched.
        self._waits = Counter[int]()

    async def deliver(self, job: Job) -> bool:
        """Send the pictures of a duel that have not arrived, and ask for votes. False: this job's pictures are sent
        like those of any other: it alone has some, or came late.

        Raises `Unreachable`, `Undelivered`, `TakenOver`, `ChangedError`, `UnansweredError` and aiogram's errors.
        """
        if job.duel_id is None:
            return False
        if known := await self._store.duels.standing(job.duel_id):
            # Its message is replaced, or becomes that of the only job with a picture.
            await self._status.close(known.first)
        found = await self._store.duels.line_up(job.duel_id, self._store.clock())
        latest = next((one for one in found.jobs if one.id == job.id), None) if found else None
        if found is None or latest is None or latest.duel_letter is None or found.duel.state is DuelState.VOID:
            return False
        if found.duel.state is DuelState.VOTING:
            # The chat votes on the pictures that it has seen; this one is kept, and fetched from the result.
            return True
        # The worker is that of the job as it was read: another one may have it now.
        leader = replace(latest, worker_id=job.worker_id)
        results = [one for each in found.lettered if (one := await self._store.results.of_job(each.id))]
        problems = await self._send(leader, results)
        arrived = await self._arrived(found)
        if found.duel.state is DuelState.RUNNING:
            self._wait_for_missing(found.duel.id, problems)
        if not arrived:
            raise problems[0] if problems else Undelivered("it may have arrived", at_last=UNCONFIRMED, is_final=True)
        if found.duel.state is DuelState.RUNNING:
            await self._ask_for_votes(leader, found, arrived)
        return True

    async def _send(self, leader: Job, results: Sequence[Result]) -> list[Undelivered | Unreachable]:
        """Send the missing pictures. Returns why some were not sent."""
        letters = {picture.id: _letter(one, picture) for one in results for picture in one.pictures}
        left = [(one, picture) for one in results for picture in one.pictures if _is_to_send(picture)]
        problems: list[Undelivered | Unreachable] = []
        for first in range(0, len(left), ALBUM_SIZE):
            async with self._sender.ready_slot(leader.chat_id, leader.user_id), AsyncExitStack() as stack:
                part = left[first : first + ALBUM_SIZE]
                uploads = await self._opened(part, stack)
                if len(uploads) < len(part):
                    problems.append(Undelivered("not every picture could be fetched", NOT_NOW, unfetched=True))
                if not uploads:
                    continue
                covered = results[0].preferences.spoiler
                batch = ResultBatch(leader, covered=covered, own_texts=letters)
                await self._results.send(batch, uploads)
                problems += [Unreachable(error.message) for error in batch.failed]
        return problems

    def _wait_for_missing(self, duel_id: int, problems: Sequence[Undelivered | Unreachable]) -> None:
        """The vote waits a few times for pictures that can't be fetched; then it goes on without them. Raises
        `Undelivered`."""
        unfetched = next((one for one in problems if isinstance(one, Undelivered) and one.unfetched), None)
        self._waits[duel_id] += 1
        if unfetched and self._waits[duel_id] <= MOST_WAITS:
            raise unfetched
        del self._waits[duel_id]

    async def _opened(self, pictures: Sequence[tuple[Result, Picture]], stack: AsyncExitStack) -> list[Upload]:
        opening = (self._uploads.open(one, made=result.details(one)) for result, one in pictures)
        opened = await asyncio.gather(*(stack.enter_async_context(one) for one in opening))
        for one in opened:
            if isinstance(one, UnavailablePicture):
                log.info("a picture of a duel can't be fetched; the others are sent")
        return [one for one in opened if isinstance(one, Upload)]

    async def _arrived(self, found: DuelStanding) -> dict[str, int]:
        """The message that shows the picture of each letter."""
        shown: dict[str, int] = {}
        for job in found.lettered:
            for picture in await self._store.pictures.of_job(job.id):
                if picture.message_id is not None and job.duel_letter:
                    shown.setdefault(job.duel_letter, picture.message_id)
        return shown

    async def _ask_for_votes(self, leader: Job, found: DuelStanding, arrived: dict[str, int]) -> None:
        letters, album = list(arrived), min(arrived.values())
        first = replace(found.first, chat_id=leader.chat_id, thread_id=leader.thread_id)
        await JobAttempt(self._store, leader).begin()
        by_poll = len(letters) > 1 and await self._has_poll(first, found, letters, album)
        text, buttons = vote_text(found, letters, by_poll=by_poll), vote_buttons(found, letters, by_poll=by_poll)
        try:
            await show_below(self._status, first, text, buttons, album)
        except (TelegramForbiddenError, TelegramBadRequest):
            # The chat was closed at this moment: nobody can vote there.
            await self._store.duels.void(found.duel.id, self._store.clock())
            raise
        # With one picture there is nothing to vote on: its name is told at once.
        seconds = VOTE_SECONDS if len(letters) > 1 else 0.0
        await self._store.duels.shown(found.duel.id, self._store.clock() + seconds)

    async def _has_poll(self, first: Job, found: DuelStanding, letters: Sequence[str], album: int) -> bool:
        """Send a poll, where the group wants one. False: buttons take the votes."""
        duel, rules = found.duel, await self._store.chats.rules(first.chat_id)
        if first.chat_id > 0 or not rules.duel_polls or not await self._store.duels.try_poll(duel.id):
            return duel.poll_message_id is not None
        try:
            sent = await self._bot.send_poll(
                first.chat_id,
                _("Which picture is the best?"),
                options=list(letters),
                is_anonymous=False,
                message_thread_id=first.thread_id,
                reply_parameters=in_reply_to(album),
            )
        except TelegramAPIError as error:
            log.info("sending the poll of duel %d failed (%s); buttons take the votes", duel.id, error.message)
            return False
        if sent.poll is None:
            return False
        await self._store.duels.poll_sent(duel.id, sent.poll.id, sent.message_id)
        return True


def _is_to_send(picture: Picture) -> bool:
    return picture.is_missing and picture.sends < MOST_SENDS


def _letter(result: Result, picture: Picture) -> str:
    """The caption of a picture: the letter of its job, with a number where that has several."""
    letter, numbers = result.job.duel_letter or "", [one.id for one in result.pictures]
    return letter if len(numbers) == 1 else f"{letter}{numbers.index(picture.id) + 1}"
