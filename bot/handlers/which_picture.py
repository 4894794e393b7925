"""A reply to the message below an album: which of its pictures is meant. Words that name none are asked about."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from aiogram.enums import ChatType
from aiogram.types import Message, ReplyParameters
from aiogram.utils.i18n import gettext as _

from bot.handlers.named_pictures import named_pictures
from bot.handlers.prompt_flags import Scan
from bot.handlers.request_context import RequestContext
from bot.handlers.request_service import RequestService
from bot.telegram.callback_data import WhichCallback
from bot.telegram.keyboards import button, keyboard, numbered
from bot.telegram.message_input import pictures_in
from storage.records import Draft, NewReference

ALL = 0
"""The "picture" of the button that means all of them."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The pictures that a message is about, and its words for these. `is_open`: it names none of several."""

    references: tuple[NewReference, ...]
    words: Scan
    is_open: bool = False


async def choice_of(
    message: Message,
    context: RequestContext,
    requests: RequestService,
    words: Scan,
    replied: tuple[NewReference, ...],
) -> Choice | None:
    """Which pictures of an album a reply is about: to the message with the album's buttons (then `replied` are all), or
    to the question which one is meant. None: it is no such reply."""
    there = message.reply_to_message
    if there is None:
        return None
    if offered := asked_about(there):
        question = await requests.store.drafts.question(message.chat.id, there.message_id)
        draft = await requests.take_draft_of(context, there.message_id) if question else Draft()
        if question is None or not draft.references:
            return None
        shown = [one for one in draft.references if one.picture_id in offered]
        chosen = _chosen(words, shown)
        if not chosen.is_open and not chosen.words.prompt:
            # The answer names a picture, and says nothing else.
            first = requests.scan(question.words)
            chosen = replace(chosen, words=Scan(first.prompt, (*first.flags, *words.flags)))
        others = [one for one in draft.references if one.picture_id not in offered]
        return replace(chosen, references=(*chosen.references, *others))
    if len(replied) < 2 or pictures_in(there):
        return None
    chosen = _chosen(words, replied)
    # All readers of a channel would see the question.
    return replace(chosen, is_open=chosen.is_open and message.chat.type != ChatType.CHANNEL)


async def ask_which(
    message: Message, context: RequestContext, requests: RequestService, draft: Draft, text: str, choice: Choice
) -> None:
    """Ask which picture is meant. The words of the message, `text`, wait with its pictures for the answer."""
    ids = [one.picture_id for one in choice.references if one.picture_id is not None]
    buttons = [button(str(number), WhichCallback(picture=one)) for number, one in enumerate(ids, 1)]
    ask = partial(
        message.answer,
        _("Which picture do you mean?"),
        reply_parameters=ReplyParameters(message_id=context.message_id, allow_sending_without_reply=True),
        reply_markup=keyboard(*numbered(buttons), [button(_("All"), WhichCallback(picture=ALL))]),
    )
    await requests.ask_for_words(context, draft, ask, only_replies=True, words=text)


def asked_about(message: Message) -> list[int]:
    """The ids of the pictures that the buttons of this question offer, in order; none: it is no such question."""
    rows = message.reply_markup.inline_keyboard if message.reply_markup else []
    data = [one.callback_data or "" for row in rows for one in row]
    prefix = f"{WhichCallback.__prefix__}{WhichCallback.__separator__}"
    found = [WhichCallback.unpack(one).picture for one in data if one.startswith(prefix)]
    return [one for one in found if one != ALL]


def _chosen(words: Scan, shown: Sequence[NewReference]) -> Choice:
    named = named_pictures(words.prompt, len(shown))
    if named is None:
        return Choice(tuple(shown), words, is_open=True)
    return Choice(tuple(shown[number - 1] for number in named.numbers), replace(words, prompt=named.words))
