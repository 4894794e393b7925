"""What a chat sees of a duel besides its album: how it goes, how it ended, and the result of the vote."""

import logging
from contextlib import suppress
from dataclasses import dataclass, replace

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramNetworkError, TelegramServerError
from aiogram.types import InlineKeyboardMarkup

from bot.jobs.duels import WAIT_SECONDS
from bot.jobs.ports import Phase, Progress, Undelivered
from bot.telegram.duel_texts import late_buttons, no_picture, result_buttons, result_text
from bot.telegram.formatting import error_text
from bot.telegram.i18n import Languages
from bot.telegram.keyboards import after_ending, keyboard
from bot.telegram.provider_labels import Providers
from bot.telegram.status_message import StatusMessages
from providers.errors import Sentence
from storage.duel_records import Duel, DuelStanding, DuelState
from storage.job_states import CANCELLED_STATES
from storage.records import Job
from storage.store import Store

log = logging.getLogger(__name__)

HELD_UP = Sentence(
    "One of the services isn't drawing right now. If it doesn't begin within {minutes} minutes, I'll go on without it.",
    {"minutes": round(WAIT_SECONDS / 60)},
)


@dataclass(frozen=True, slots=True)
class DuelEnding:
    """How a duel ended without a picture. `job`: the one with the status message of all."""

    job: Job
    words: str
    sign: str
    buttons: InlineKeyboardMarkup


class DuelBoard:
    """The status messages of duels, each that of the duel's first job."""

    def __init__(
        self, bot: Bot, store: Store, status: StatusMessages, languages: Languages, providers: Providers
    ) -> None:
        self._bot = bot
        self._store = store
        self._status = status
        self._languages = languages
        self._providers = providers
        # The duels of which something is being made here.
        self._known: dict[int, DuelStanding] = {}

    def changed(self, standing: DuelStanding) -> None:
        """A job of a duel has changed."""
        # A picture that comes after the vote has begun is not waited for: the message is about the vote.
        if standing.waiting and standing.duel.state is DuelState.RUNNING:
            self._known[standing.duel.id] = standing
        else:
            self._known.pop(standing.duel.id, None)

    def show(self, job: Job, progress: Progress) -> None:
        """Show the progress of one job as that of its duel: of the first one that is still being made."""
        found = self._known.get(job.duel_id or 0)
        if progress.phase is Phase.DELIVERING or found is None:
            return
        if found.waiting[0].id == job.id:
            # This worker shows it, whoever has the first job.
            self._status.show(replace(found.first, worker_id=job.worker_id), _of_all(found, progress))

    async def ending(self, job: Job) -> DuelEnding | None:
        """What is told when a job of a duel has ended without an album. None: nothing, as another one tells it, or its
        pictures do."""
        found = await self._store.duels.standing(job.duel_id or 0)
        if found is None or found.ready or found.waiting or any(one.id != job.id for one in found.unsettled):
            return None
        await self._store.duels.void(found.duel.id, self._store.clock())
        if all(one.state in CANCELLED_STATES for one in found.jobs):
            missing = any(picture.is_missing for picture in await self._store.pictures.of_job(job.id))
            buttons = after_ending(job, look=missing, again=False)
            stored = max((one.error_message or {} for one in found.jobs), key=lambda one: "history" in str(one))
            return DuelEnding(found.first, error_text(stored), "✖️", buttons)
        buttons = keyboard(*late_buttons(self._providers, found, await self._store.duels.late(found.duel.id)))
        return DuelEnding(found.first, no_picture(self._providers, found), "⚠️", buttons)

    async def tell_result(self, duel: Duel) -> None:
        """Put the result in place of the vote. Raises `Undelivered`."""
        found = await self._store.duels.standing(duel.id)
        if found is None:
            return
        results, late = await self._store.duel_votes.results(duel.id), await self._store.duels.late(duel.id)
        if duel.poll_message_id is not None:
            with suppress(TelegramAPIError):
                await self._bot.stop_poll(duel.chat_id, duel.poll_message_id)
        with self._languages.speaking(found.first.language):
            text = result_text(self._providers, found, results)
            try:
                await self._status.finish(found.first, text, result_buttons(self._providers, found, late))
            except (TelegramNetworkError, TelegramServerError) as error:
                raise Undelivered(error.message) from error
            except TelegramAPIError as error:
                log.info("telling the result of duel %d failed: %s", duel.id, error.message)


def _of_all(found: DuelStanding, progress: Progress) -> Progress:
    """The progress of one job as that of all. What names a service, and an unfinished picture, is left out."""
    done, total = len(found.ready), len(found.jobs)
    shown = replace(progress, done=done, total=total, preview=None)
    if progress.phase is Phase.PAUSED:
        return replace(shown, why=HELD_UP if done else None)
    return replace(shown, phase=Phase.WORKING) if done and progress.phase is not Phase.PREPARING else shown
