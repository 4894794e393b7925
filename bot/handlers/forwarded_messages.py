"""Messages forwarded without a comment: other people's words, which the bot draws only after a press."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from aiogram import F, Router
from aiogram.exceptions import TelegramAPIError
from aiogram.types import CallbackQuery, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import answer, change_text, forgotten_text, message_of
from bot.handlers.imagine import PRIVATE, ask_for_words, own_pictures, words_or_pictures
from bot.handlers.late_items import too_late
from bot.handlers.prompt_flags import FlagError
from bot.handlers.request_context import RequestContext
from bot.handlers.request_service import RequestService, quota_text
from bot.telegram.callback_data import ForwardedCallback
from bot.telegram.formatting import plain, say
from bot.telegram.keyboards import button, help_button, keyboard
from bot.telegram.message_groups import MessageGroup, is_forward
from bot.telegram.private_reply import reply_privately
from bot.telegram.unusable_media import why_unusable
from providers.errors import Sentence
from storage.quota import QuotaExceededError
from storage.records import Draft, NewDraft
from storage.settings_records import Preferences

NO_PICTURE = Sentence("There is no picture in what you forwarded. Send just your words, or add a picture.")


def make_router() -> Router:
    """Forwarded messages in private chats; in groups the bot ignores them."""
    router = Router(name="forwarded")
    router.message.register(forwarded, PRIVATE, F.func(is_forward), words_or_pictures)
    router.callback_query.register(draw, ForwardedCallback.filter())
    return router


async def forwarded(
    message: Message, requests: RequestService, language: str, album: list[Message] | None = None
) -> None:
    """Ask for a prompt for pictures; ask whether to draw a text."""
    context = RequestContext.of_message(message, language)
    brought = album or [message]
    if pictures := await own_pictures(brought, requests, context):
        await ask_for_words(message, context, requests, Draft(pictures))
    elif why := next(filter(None, map(why_unusable, brought)), None):
        await message.reply(why)
    else:
        words = _("This is a forwarded message. Shall I draw its words?")
        helps = [help_button("above")] if requests.improves else []
        await message.reply(words, reply_markup=keyboard([button(_("🎨 Draw its words"), ForwardedCallback())], helps))


async def join_forwarded(group: MessageGroup, data: Mapping[str, Any], requests: RequestService) -> bool:
    """A post that was forwarded with words of which a job was made meanwhile: its pictures become the job's references.
    `data`: of the handler of the words. False: the words have made no job, and their price is not asked about."""
    words = group.main
    job = await requests.store.jobs.asked_in(words.chat.id, words.message_id)
    context = RequestContext.of_message(words, data["language"], data["preferences"])
    if job is None:
        return await _join_question(group, context, requests)
    why = next(filter(None, map(why_unusable, group.messages)), None)
    pictures = () if why else await own_pictures([words, *group.messages], requests, context)
    if not pictures:
        # Without the picture that was meant, another one would be drawn, and paid.
        if await requests.engine.cancel(job.id, NO_PICTURE, only_unstarted=True) and why:
            await _say(group.messages[0], why)
        return True
    # After a fault of the store this is repeated.
    known = {(one.file_id, one.message_id) for one in await requests.store.references.of_job(job.id)}
    for picture in pictures:
        if (picture.file_id, picture.message_id) not in known and not await requests.engine.attach_reference(
            job, picture
        ):
            await _say(group.messages[0], too_late())
            break
    return True


async def _join_question(group: MessageGroup, context: RequestContext, requests: RequestService) -> bool:
    """The pictures of a post become references of the request whose price is asked about."""
    join, key = requests.store.confirmations.join, context.idempotency_key
    if await join(key, ()) is None:
        return False
    why = next(filter(None, map(why_unusable, group.messages)), None)
    pictures = () if why else await own_pictures([group.main, *group.messages], requests, context)
    if not pictures:
        # Without the picture that was meant, another one would be drawn, and paid.
        await join(key, None)
        await _say(group.messages[0], why or say(NO_PICTURE))
        return True
    asked = await join(key, pictures)
    if asked and asked.question_id is not None:
        draft = Draft((*asked.request.references, *pictures))
        new = NewDraft(
            key, context.chat_id, context.user_id, asked.question_id, draft, message_id=context.asked_message_id
        )
        await requests.store.drafts.add(new, requests.store.clock())
    return True


async def _say(message: Message, words: str) -> None:
    """Say it if Telegram takes it: what was said before stays right without it."""
    with suppress(TelegramAPIError):
        await reply_privately(message, words)


async def draw(query: CallbackQuery, requests: RequestService, language: str, preferences: Preferences) -> None:
    """Draw the text above the question, as if the person who pressed had written it."""
    message = await message_of(query)
    if message is None:
        return
    above = message.reply_to_message
    if above is None or not above.text:
        await answer(query, forgotten_text(), alert=True)
        return
    context = RequestContext.of_press(query, message, above.message_id, language, preferences)
    context = context.as_words_of(above)
    try:
        await requests.ask(context, requests.scan(above.text))
    except QuotaExceededError as error:
        await answer(query, quota_text(error), alert=True)
    except FlagError as error:
        await answer(query, plain(error.sentence), alert=True)
    else:
        await answer(query)
        await change_text(message, _("This is a forwarded message. I'm drawing its words."), None)
