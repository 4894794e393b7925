"""Telling people that somebody else's request depicts them, each request once, and not in a flood."""

import logging
from collections.abc import Sequence
from html import escape

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from aiogram.types import InlineKeyboardMarkup
from aiogram.utils.i18n import gettext as _

from bot.background import Background
from bot.log_subject import Subject
from bot.telegram.callback_data import WHOEVER_PRESSES, LikenessCallback
from bot.telegram.formatting import cut
from bot.telegram.i18n import Languages
from bot.telegram.keyboards import button, keyboard
from storage.likeness_records import UseNotice
from storage.records import Job
from storage.store import Store

log = logging.getLogger(__name__)

QUOTED_LENGTH = 100
STALE_SECONDS = 3600.0
"""A start tells of the requests of so long before it that nobody was told of: a process ended in between."""


class UseNotices:
    """Tells people in the background: in private, where they have a chat with the bot, else in the group."""

    def __init__(self, bot: Bot, store: Store, languages: Languages) -> None:
        self._bot = bot
        self._store = store
        self._languages = languages
        self._background = Background()

    def start(self) -> None:
        """Tell what a process that has ended did not."""
        self._background.spawn(self._tell_untold(), "tell of uses of likenesses")

    def tell(self, job: Job) -> None:
        """Tell those whom this new job depicts."""
        self._background.spawn(self._tell(job), f"tell whom job {job.id} depicts", Subject(job.id))

    async def aclose(self) -> None:
        """Tell nobody any more; the next start does."""
        await self._background.aclose()

    async def _tell_untold(self) -> None:
        for job_id in await self._store.likenesses.untold(self._store.clock() - STALE_SECONDS):
            if job := await self._store.jobs.get(job_id):
                self.tell(job)

    async def _tell(self, job: Job) -> None:
        notices = await self._store.likenesses.take_notices(job.id, self._store.clock())
        if unreached := [one for one in notices if not await self._tell_in_private(job, one)]:
            await self._tell_there(job, unreached)

    async def _tell_in_private(self, job: Job, notice: UseNotice) -> bool:
        language = await self._store.users.spoken(notice.user_id) or job.language
        try:
            with self._languages.speaking(self._languages.pick(language)):
                text, buttons = _in_private(job, notice), _buttons(notice.user_id)
            await self._bot.send_message(notice.user_id, text, reply_markup=buttons)
        except TelegramAPIError as error:
            # They have never written to the bot, or have blocked it.
            log.info("telling a person in private that a job depicts them failed (%s); the group says it", error)
            return False
        return True

    async def _tell_there(self, job: Job, notices: Sequence[UseNotice]) -> None:
        """One message for all of them, in the language of the job."""
        try:
            with self._languages.speaking(self._languages.pick(job.language)):
                text, buttons = _in_group(job, notices), _buttons(WHOEVER_PRESSES)
            await self._bot.send_message(job.chat_id, text, message_thread_id=job.thread_id, reply_markup=buttons)
        except TelegramAPIError as error:
            log.info("telling people that a job depicts them failed (%s); nobody is told", error)


def _in_private(job: Job, notice: UseNotice) -> str:
    text = _("📷 {who} is making a picture with your photo in “{chat}”: “{words}”").format(
        who=_asker(job), chat=escape(notice.title, quote=False), words=_words(job)
    )
    return "\n".join([text, *_earlier(notice)])


def _in_group(job: Job, notices: Sequence[UseNotice]) -> str:
    links = (f'<a href="tg://user?id={one.user_id}">{escape(one.name, quote=False)}</a>' for one in notices)
    people = _(", ").join(links)
    text = _("📷 {people}: {who} is making a picture with your photo.").format(people=people, who=_asker(job))
    return "\n".join([text, *(_earlier(notices[0]) if len(notices) == 1 else [])])


def _earlier(notice: UseNotice) -> list[str]:
    """Uses that the person was not told of at their time: that would be a flood."""
    return [_("Other uses since I last told you: {count}").format(count=notice.earlier)] if notice.earlier else []


def _asker(job: Job) -> str:
    return escape(job.user_name or _("Somebody"), quote=False)


def _words(job: Job) -> str:
    return escape(cut(job.prompt, QUOTED_LENGTH), quote=False)


def _buttons(person: int) -> InlineKeyboardMarkup:
    return keyboard(
        [button(_("Erase my photo"), LikenessCallback(do="stop", person=person), "danger")],
        [button(_("🔕 Don't tell me again"), LikenessCallback(do="mute", person=person))],
    )
