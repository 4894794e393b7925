"""The engine's port to Telegram: fetches references, shows progress, delivers albums, reports failures."""

import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass
from html import escape

from aiogram import Bot
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramNetworkError,
    TelegramServerError,
)
from aiogram.types import InlineKeyboardMarkup
from aiogram.utils.i18n import gettext as _

from bot.fair_slots import FairSlots
from bot.jobs.ports import InvalidReferenceError, Progress, Undelivered, error_message
from bot.local_time import in_zone
from bot.telegram.choice_lines import failures
from bot.telegram.delivery import Delivery
from bot.telegram.duel_board import DuelBoard
from bot.telegram.formatting import cut
from bot.telegram.i18n import Languages
from bot.telegram.image_worker import ImageInput, ImageWorker, UnusableImageError
from bot.telegram.keyboards import after_ending, for_unsent
from bot.telegram.status_message import StatusMessages
from bot.telegram.telegram_files import TelegramFiles
from bot.telegram.uploads import Uploads
from providers.base import ReferenceLimits
from storage.duel_records import Duel, DuelStanding
from storage.job_states import CANCELLED_STATES, FAILED_STATES, TaskState
from storage.records import CheckedReference, Job
from storage.store import Store

log = logging.getLogger(__name__)

QUOTED_PROMPT_LENGTH = 60
WORDS_REFUSED = frozenset({"prompt", "input"})
"""The contents, as an `ErrorMessage` names them, for which the same words would be refused again."""
DOWNLOADS_AT_ONCE = 12
"""Downloads share the connections of all other calls."""
SLOW_AFTER_SECONDS, SLOW_DOWNLOADS = 2.0, 40
"""A download that takes longer gives its slot to others; how many such slow ones there may be."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a job without an album: `words` as HTML behind a `sign`. `look`: its tickets or pictures may still be
    valid; `again`: the same request may succeed next time; `rewrite`: only with other words."""

    sign: str
    words: str
    look: bool
    again: bool
    rewrite: bool

    @property
    def text(self) -> str:
        """The sign and the words."""
        return f"{self.sign} {self.words}"


class TelegramNotifier:
    """Implements `bot.jobs.ports.JobNotifier`."""

    def __init__(
        self,
        bot: Bot,
        store: Store,
        *,
        languages: Languages,
        status: StatusMessages,
        delivery: Delivery,
        uploads: Uploads,
        images: ImageWorker,
        duels: DuelBoard,
    ) -> None:
        self._bot = bot
        self._files = TelegramFiles(bot)
        self._store = store
        self._languages = languages
        self.status = status
        self._delivery = delivery
        self.uploads = uploads
        self._images = images
        self._duels = duels
        # Whether there is an assistant for the words.
        self.helps = False
        self._downloads = FairSlots(DOWNLOADS_AT_ONCE, slow_after=SLOW_AFTER_SECONDS, slow_most=SLOW_DOWNLOADS)

    async def fetch(self, file_id: str, limits: ReferenceLimits, person: int) -> CheckedReference:
        """Fetch and check a reference; people take turns. Raises `InvalidReferenceError`; if it can't be fetched now,
        `NotYet` or another `OSError`."""
        async with AsyncExitStack() as stack:
            async with self._downloads.slot(person):
                file = await self._files.open(file_id, stack)
            return await self._prepared(file, limits, person)

    async def fit(self, data: bytes, limits: ReferenceLimits, person: int) -> CheckedReference:
        """A picture that the bot keeps, made to fit these limits. Raises `InvalidReferenceError`."""
        return await self._prepared(data, limits, person)

    async def _prepared(self, given: ImageInput, limits: ReferenceLimits, person: int) -> CheckedReference:
        try:
            prepared = await self._images.prepare(given, limits, person=person)
        except UnusableImageError as error:
            raise InvalidReferenceError(error.sentence) from error
        changes = [dict(error_message(change)) for change in prepared.changed]
        return CheckedReference(prepared.data, prepared.media_type, prepared.width, prepared.height, changes)

    def show(self, job: Job, progress: Progress) -> None:
        """Show progress soon, or not at all if there is no room for it."""
        if job.duel_id is not None:
            self._duels.show(job, progress)
        else:
            self.status.show(job, progress)

    def show_duel(self, standing: DuelStanding) -> None:
        """A duel has changed: what is shown of it follows."""
        self._duels.changed(standing)

    async def tell_result(self, duel: Duel) -> None:
        """Name the services of a closed duel in its chat. Raises `Undelivered`."""
        await self._duels.tell_result(duel)

    async def deliver(self, job: Job) -> None:
        """Send the unsent pictures of a job. Raises `Unreachable`, `Undelivered` or `TakenOver`."""
        with self._languages.speaking(job.language):
            await self._delivery.deliver(job)

    async def keep(self, job: Job) -> None:
        """Fetch and store the pictures that did not reach Telegram, for their owner's history. Raises `Undelivered`."""
        pictures = [one for one in await self._store.pictures.of_job(job.id) if one.hidden_at is None]
        kept = [await self.uploads.keep(picture) for picture in pictures]
        if not all(kept):
            raise Undelivered(f"{kept.count(False)} pictures can't be fetched for now", unfetched=True)

    async def unsent(self, job: Job, *, only_here: bool = False) -> None:
        """Tell that pictures are stored but could not be sent: in the status message, else (unless `only_here`) in the
        requester's private chat. Raises `Undelivered`."""
        shown_by = await self._told_by(job)
        if shown_by is None:
            return
        pictures = await self._store.pictures.of_job(job.id)
        sent = sum(picture.message_id is not None for picture in pictures)
        total = sent + sum(picture.is_missing for picture in pictures)
        with self._languages.speaking(job.language):
            text = _("🗂 It's ready, but I can't post it here. Whoever asked for it finds it in /history.")
            if sent:
                text = _(
                    "🗂 Only {sent} of {total} could be posted here. Whoever asked for them finds the rest in /history."
                ).format(sent=sent, total=total)
            if await self.status.change(shown_by, text, for_unsent(job)) or only_here:
                return
            text = _("🗂 “{words}” is ready, but I can't post it where you asked for it. It's in your /history.")
            if sent:
                text = _("🗂 Only {sent} of {total} of “{words}” could be posted. The rest is in your /history.")
            await self._tell_in_private(job, text.format(words=_words(job), sent=sent, total=total))

    async def _told_by(self, job: Job) -> Job | None:
        """The job with the status message in which it is told that this one's pictures could not be sent. None: of a
        duel it was told already."""
        found = await self._store.duels.standing(job.duel_id) if job.duel_id else None
        if found is None or job.id not in {one.id for one in found.lettered}:
            return job
        # The first of its jobs tells it for all.
        is_first = await self._store.duels.void(found.duel.id, self._store.clock())
        return found.first if is_first else None

    async def ended(self, job: Job, *, only_here: bool = False) -> None:
        """Tell how a job without an album ended: failed, cancelled or interrupted; in the requester's private chat if
        its own chat takes no messages (unless `only_here`). Raises `Undelivered`."""
        if job.duel_id is not None:
            await self._tell_duel_ended(job, only_here=only_here)
            return
        ending = await self.ending(job)
        with self._languages.speaking(job.language):
            helps = self.helps and job.state in FAILED_STATES
            how = {"look": ending.look, "again": ending.again, "rewrite": ending.rewrite}
            buttons = after_ending(job, **how, helps=helps)
            await self._finish(job, job, ending.words, ending.sign, buttons, only_here=only_here)

    async def ending(self, job: Job) -> Ending:
        """How a job without an album ended, as it is told."""
        tasks = await self._store.tasks.of_job(job.id)
        overdue = any(task.state is TaskState.OVERDUE for task in tasks)
        missing = any(picture.is_missing for picture in await self._store.pictures.of_job(job.id))
        # Only a budget's end tells a time.
        has_time = "again" in (job.error_message or {}).get("values", {})
        own = (await self._store.users.preferences(job.user_id)).time_zone if has_time else None
        with self._languages.speaking(job.language), in_zone(own):
            words = escape("\n".join(failures(job, tasks)), quote=False) or _("This didn't work.")
        return Ending(
            sign="✖️" if job.state in CANCELLED_STATES else "⚠️",
            words=words,
            look=job.state in FAILED_STATES and (overdue or missing),
            # A job that was refused before it had a task would be refused again.
            # Pictures that were made and could not be sent must not be paid again.
            again=job.state not in FAILED_STATES or (bool(tasks) and not missing),
            rewrite=(job.error_message or {}).get("refused") in WORDS_REFUSED,
        )

    async def _tell_duel_ended(self, job: Job, *, only_here: bool) -> None:
        with self._languages.speaking(job.language):
            if ending := await self._duels.ending(job):
                words = escape(ending.words, quote=False)
                await self._finish(job, ending.job, words, ending.sign, ending.buttons, only_here=only_here)

    async def _finish(
        self, job: Job, shown_by: Job, words: str, sign: str, buttons: InlineKeyboardMarkup, *, only_here: bool
    ) -> None:
        """Put the end of a job into the status message of the job `shown_by`. Raises `Undelivered`."""
        try:
            await self.status.finish(shown_by, f"{sign} {words}", buttons)
        except (TelegramNetworkError, TelegramServerError) as error:
            raise Undelivered(error.message) from error
        except TelegramAPIError as error:
            # The chat is gone or closed; the store knows how the job ended.
            log.info("telling its chat how job %d ended failed: %s", job.id, error.message)
            if job.state not in CANCELLED_STATES and not only_here:
                await self._tell_in_private(job, f"{sign} “{_words(job)}”\n{words}", buttons)

    async def _tell_in_private(self, job: Job, text: str, buttons: InlineKeyboardMarkup | None = None) -> None:
        """Tell the requester in private, if the bot may write to them. Raises `Undelivered`."""
        if job.user_id < 0 or job.user_id == job.chat_id:
            return
        try:
            await self._bot.send_message(job.user_id, text, reply_markup=buttons)
        except (TelegramNetworkError, TelegramServerError) as error:
            raise Undelivered(error.message) from error
        except TelegramAPIError as error:
            # They have never written to the bot, or have blocked it.
            log.info("telling the requester how job %d ended failed (%s); nobody is told", job.id, error.message)


def _words(job: Job) -> str:
    return escape(cut(job.prompt, QUOTED_PROMPT_LENGTH), quote=False)
