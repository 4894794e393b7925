"""`HelpCalls`: shows what the assistant is asked, asks it in the background, and shows what it says.

No handler waits for the assistant, so a slow one keeps nobody's pictures waiting.
"""

import asyncio
import logging
from contextlib import AsyncExitStack
from dataclasses import replace
from html import escape

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramNetworkError, TelegramServerError
from aiogram.types import InlineKeyboardMarkup, ReplyParameters
from aiogram.utils.i18n import gettext as _
from tenacity import retry_if_exception_type

from bot.assistant.answers import MOST_SPACED, Words
from bot.assistant.helper import Helper, HelpFailedError
from bot.assistant.voices import seconds_of
from bot.background import Background
from bot.handlers.request_service import RequestService
from bot.jobs.ports import InvalidReferenceError
from bot.jobs.retry import until_stored
from bot.telegram.formatting import plain, together
from bot.telegram.i18n import Languages
from bot.telegram.suggestion_texts import (
    asking_text,
    consent_buttons,
    consent_text,
    failure_text,
    lost_text,
    offer_buttons,
    offer_text,
)
from bot.telegram.telegram_files import TelegramFiles
from providers.base import ReferenceLimits
from providers.errors import Sentence
from storage import notifications
from storage.backend import EVERYTHING
from storage.quota import QuotaExceededError
from storage.retry_loop import in_turn, repeat
from storage.suggestions import NewSuggestion, Suggestion, SuggestionState

log = logging.getLogger(__name__)

PICTURE = ReferenceLimits(1, 1_500_000, 1024, (1 / 20, 20), frozenset({"image/jpeg"}))
"""As the assistant gets a picture; more pixels cost more and tell little."""
MOST_VOICE_BYTES = 4 << 20
"""Telegram's voice messages have about 4 KB a second."""
VOICE_TOLERANCE_SECONDS = 2.0
"""Apps round the length of a voice message."""
MOST_QUESTIONS = 3
"""So many questions for consent wait for a person's answer; more would flood a chat."""
SHOW_DELAYS = (1, 5, 20, 60)
"""Seconds between the attempts to show an answer: editing a message twice looks like once."""
UNSHOWN = retry_if_exception_type((TelegramNetworkError, TelegramServerError))
NO_VOICE = Sentence("I couldn't get this from Telegram. Please send it again.")
TOO_LONG = Sentence("This voice message is too long for me. Please make it shorter.")


class HelpCalls:
    """Help with words in Telegram. Close it with `aclose`."""

    def __init__(self, bot: Bot, languages: Languages, requests: RequestService, helper: Helper) -> None:
        self._bot = bot
        self._files = TelegramFiles(bot)
        self._languages = languages
        self._requests = requests
        self._store = requests.store
        self.helper = helper
        self.work = Background()
        # The questions that are asked, or are just going to be.
        self._asking: set[int] = set()
        self._closed = False

    def start(self) -> None:
        """Tell people whose answers got lost with their process, now and whenever one is gone."""
        self._store.database.backend.listen(self._on_notification)
        self.work.spawn(self._tell_lost(), "lost help")

    async def begin(self, new: NewSuggestion) -> None:
        """Ask the assistant, or its person for their consent first. An update that is repeated asks once.

        Raises `QuotaExceededError`, and aiogram's errors.
        """
        found = await self._store.suggestions.add(new, self.helper.host, self._store.clock())
        if found.state is not SuggestionState.NEW or (found.question_id and not found.has_agreed):
            return
        if found.has_agreed:
            await self._ask(found)
            return
        if await self._store.suggestions.unanswered(found.user_id) > MOST_QUESTIONS:
            # Nobody sees it, so that nobody can answer it.
            await self._store.suggestions.close(found.id)
            raise QuotaExceededError(MOST_QUESTIONS, waiting=True)
        shown = await self._send(found, consent_text(self.helper.host), consent_buttons(found))
        await self._store.suggestions.shown_at(found.id, shown)

    async def agreed(self, suggestion: Suggestion) -> None:
        """Its person agrees: it is asked. Raises `QuotaExceededError`, and aiogram's errors."""
        await self._store.suggestions.agree(suggestion.user_id, self.helper.host, self._store.clock())
        await self._ask(suggestion)

    async def aclose(self) -> None:
        """Stop. The next start tells those whose answers got lost."""
        self._closed = True
        await self.work.aclose()

    async def _ask(self, suggestion: Suggestion) -> None:
        # Another press on the same button.
        if suggestion.id in self._asking:
            return
        self._asking.add(suggestion.id)
        try:
            running = await self._begun(suggestion)
        except BaseException:
            self._asking.discard(suggestion.id)
            raise
        if running is None:
            self._asking.discard(suggestion.id)
        else:
            running.add_done_callback(lambda _: self._asking.discard(suggestion.id))

    async def _begun(self, suggestion: Suggestion) -> asyncio.Task[None] | None:
        """Reserve the price, and ask in the background. None: it was asked before."""
        try:
            if not await self.helper.reserve(suggestion):
                return None
        except QuotaExceededError:
            await self._store.suggestions.close(suggestion.id)
            raise
        try:
            shown = await self._show_asking(suggestion)
        except Exception:
            # Else its person could ask nothing more.
            await self.helper.not_asked(suggestion)
            raise
        return self.work.spawn(self._run(replace(suggestion, question_id=shown)), f"help {suggestion.id}")

    async def _show_asking(self, suggestion: Suggestion) -> int:
        text = asking_text(suggestion.kind)
        if suggestion.question_id is not None:
            await self._change(suggestion, text)
            return suggestion.question_id
        shown, keep = await self._send(suggestion, text), self._store.suggestions.shown_at
        await until_stored(lambda: keep(suggestion.id, shown), "storing where help is shown", self.helper.sleep)
        return shown

    async def _run(self, suggestion: Suggestion) -> None:
        with self._languages.speaking(suggestion.request.language if suggestion.request else ""):
            try:
                words = await self._words(suggestion)
            except HelpFailedError as error:
                await self._change(suggestion, failure_text(error.reason, may_be_charged=error.may_be_charged))
            except InvalidReferenceError as error:
                await self.helper.not_asked(suggestion)
                why = together(plain(error.sentence), _("Nothing was charged."))
                await self._change(suggestion, escape(why, quote=False))
            except Exception:
                await self.helper.not_asked(suggestion, may_be_charged=True)
                await self._change(suggestion, failure_text("lost", may_be_charged=True))
                raise
            else:
                if words:
                    offered = replace(suggestion, words=words.words, translation=words.translation)
                    await self._change(offered, offer_text(offered), offer_buttons(offered))

    async def _words(self, suggestion: Suggestion) -> Words | None:
        data = await self._data(suggestion)
        row = self._requests.model_of(suggestion.request) if suggestion.request else None
        return await self.helper.ask(
            suggestion,
            data,
            languages=row.languages if row else (),
            most=row.prompt_length if row else MOST_SPACED,
            without_flags=lambda text: self._requests.scan(text).prompt,
        )

    async def _data(self, suggestion: Suggestion) -> bytes | None:
        """The picture or the voice message. Raises `InvalidReferenceError`."""
        if suggestion.file_id is None:
            return None
        try:
            if suggestion.kind == "listen":
                return await self._voice(suggestion.file_id, suggestion.seconds or 0.0)
            fetch = self._requests.engine.context.notifier.fetch
            return (await fetch(suggestion.file_id, PICTURE, suggestion.user_id)).data
        except OSError as error:
            log.info("the file for help %d can't be had: %s", suggestion.id, error)
            raise InvalidReferenceError(NO_VOICE) from error

    async def _voice(self, file_id: str, said_seconds: float) -> bytes:
        async with AsyncExitStack() as stack:
            file = await self._files.open(file_id, stack)
            file.seek(0)
            data = file.read(MOST_VOICE_BYTES + 1)
        if len(data) > MOST_VOICE_BYTES:
            raise InvalidReferenceError(TOO_LONG)
        # A forged file may have millions of packets.
        seconds = await asyncio.to_thread(seconds_of, data)
        if seconds is None:
            raise InvalidReferenceError(NO_VOICE)
        # Telegram passes on the seconds that the sender's app names, and the price was reserved for these.
        if seconds > said_seconds + VOICE_TOLERANCE_SECONDS:
            raise InvalidReferenceError(TOO_LONG)
        return data

    # lost answers

    def _on_notification(self, topic: str) -> None:
        if not self._closed and notifications.parse(topic).kind in {notifications.ORPHANS, EVERYTHING}:
            self.work.spawn(self._tell_lost(), "lost help")

    async def _tell_lost(self) -> None:
        lost = self._store.suggestions.give_up_lost
        for one in await until_stored(lost, "looking for lost help", self.helper.sleep):
            log.warning("help %d got lost with its process; its person is told", one.id)
            # Beside each other: a chat that Telegram has muted keeps no other one waiting.
            self.work.spawn(self._tell_one(one), f"lost help {one.id}")

    async def _tell_one(self, lost: Suggestion) -> None:
        with self._languages.speaking(lost.request.language if lost.request else ""):
            await self._change(lost, lost_text())

    # messages

    async def _send(self, suggestion: Suggestion, text: str, buttons: InlineKeyboardMarkup | None = None) -> int:
        request = suggestion.request
        about = request.message_id if request and request.chat_id == suggestion.chat_id else None
        sent = await self._bot.send_message(
            suggestion.chat_id,
            text,
            message_thread_id=request.thread_id if request else None,
            reply_parameters=ReplyParameters(message_id=about, allow_sending_without_reply=True) if about else None,
            reply_markup=buttons,
        )
        return sent.message_id

    async def _change(self, suggestion: Suggestion, text: str, buttons: InlineKeyboardMarkup | None = None) -> None:
        """Replace the text of the message that shows it, as far as Telegram lets the bot."""
        number = suggestion.question_id

        async def change() -> None:
            if number is None:
                await self._send(suggestion, text, buttons)
                return
            await self._bot.edit_message_text(text, None, suggestion.chat_id, number, reply_markup=buttons)

        try:
            await repeat(
                change,
                when=UNSHOWN,
                wait=in_turn(SHOW_DELAYS),
                stop=lambda state: state.attempt_number > len(SHOW_DELAYS),
                sleep=self.helper.sleep,
            )
        except TelegramAPIError as error:
            # The bot is out of the chat, or the message is gone.
            log.info("help %d can't be shown: %s", suggestion.id, error.message)
