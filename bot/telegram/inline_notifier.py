"""The engine's port to Telegram, with the messages of inline mode: jobs that were asked for in any chat.

Their pictures go to the private chat first, which gives them file ids, and then into the message there. A crash between
the two repeats only the second, which changes nothing where it was done.
"""

from typing import Any

from aiogram import Bot
from aiogram.types import InlineKeyboardMarkup, InputMediaDocument, InputMediaPhoto
from aiogram.utils.i18n import gettext as _

from bot.jobs.ports import Progress
from bot.telegram.formatting import caption
from bot.telegram.inline_buttons import after_end, for_unsent, under_picture
from bot.telegram.inline_messages import InlineMessages
from bot.telegram.notifier import TelegramNotifier
from storage.job_states import CANCELLED_STATES
from storage.pictures import Picture
from storage.records import Job
from storage.results import Result
from storage.store import Store


class InlineNotifier(TelegramNotifier):
    """A `TelegramNotifier` that shows jobs of inline mode in their messages. `there`: those messages."""

    def __init__(self, bot: Bot, store: Store, there: InlineMessages, **parts: Any) -> None:
        super().__init__(bot, store, **parts)
        self.there = there

    def show(self, job: Job, progress: Progress) -> None:
        """See `JobNotifier`."""
        if job.inline_message_id:
            self.there.show(job, progress)
        else:
            super().show(job, progress)

    async def deliver(self, job: Job) -> None:
        """See `JobNotifier`."""
        await super().deliver(job)
        if job.inline_message_id:
            with self._languages.speaking(job.language):
                await self._become_the_picture(job)

    async def unsent(self, job: Job, *, only_here: bool = False) -> None:
        """See `JobNotifier`. The private chat takes nothing, so it is said in the message there."""
        if not job.inline_message_id:
            await super().unsent(job, only_here=only_here)
            return
        with self._languages.speaking(job.language):
            if await self._become_the_picture(job):
                return
            text = _(
                "🗂 It's ready, but I can't send it to you in private, and that is where pictures go first. "
                "Nothing is lost: it is in your /history."
            )
            await self.there.finish(job, text, await for_unsent(self._bot, job))

    async def ended(self, job: Job, *, only_here: bool = False) -> None:
        """See `JobNotifier`."""
        if job.inline_message_id:
            ending = await self.ending(job)
            with self._languages.speaking(job.language):
                buttons = after_end(job, look=ending.look, again=ending.again, rewrite=ending.rewrite)
                if await self.there.finish(job, ending.text, buttons) or only_here or job.state in CANCELLED_STATES:
                    return
        # The message there is gone.
        await super().ended(job, only_here=only_here)

    async def _become_the_picture(self, job: Job) -> bool:
        """Turn the message into the first picture that Telegram has. False: it has none."""
        result = await self._store.results.of_job(job.id)
        here = [one for one in result.pictures if one.hidden_at is None and one.file_id] if result else []
        if result and here:
            # A message that is gone is no harm: the picture has arrived in private.
            await self.there.become(job, _media(result, here[0]), under_picture(job))
        elif result and not any(one.is_missing for one in result.pictures):
            await self.there.finish(job, _("🗑 This picture was deleted."), InlineKeyboardMarkup(inline_keyboard=[]))
        return bool(here)


def _media(result: Result, picture: Picture) -> InputMediaPhoto | InputMediaDocument:
    job, count = result.job, sum(one.hidden_at is None for one in result.pictures)
    number = [one.id for one in result.pictures].index(picture.id) + 1
    several = _("Picture {number} of {count}. {name} has all of them in private.")
    note = several.format(number=number, count=count, name=job.user_name or "") if count > 1 else ""
    text = caption(result.words_of(picture), note)
    if picture.photo_id:
        return InputMediaPhoto(media=picture.photo_id, caption=text, has_spoiler=result.preferences.spoiler)
    return InputMediaDocument(media=picture.document_id or "", caption=text)
