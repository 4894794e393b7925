"""Requests for pictures: text, photos with a caption, albums, files, `/imagine`, replies and mentions."""

from contextlib import suppress
from dataclasses import replace
from functools import partial
from html import escape

from aiogram import F, Router
from aiogram.enums import ChatType
from aiogram.exceptions import TelegramAPIError
from aiogram.filters import Command, Filter
from aiogram.types import ForceReply, Message, ReactionTypeEmoji, ReplyParameters
from aiogram.utils.i18n import gettext as _

from bot.handlers.group_replies import is_answer, is_request
from bot.handlers.hints import COMMAND_SIGNS, explain_usage, hint, spoken
from bot.handlers.late_items import join_earlier_album
from bot.handlers.prompt_flags import FlagError, Scan
from bot.handlers.queue_links import under_refusal
from bot.handlers.request_context import RequestContext
from bot.handlers.request_reader import NO_DRAFT
from bot.handlers.request_service import RequestService, quota_text
from bot.handlers.small_talk import is_talk
from bot.handlers.which_picture import ask_which, choice_of
from bot.telegram.formatting import say
from bot.telegram.message_groups import is_forward
from bot.telegram.message_input import pictures_in, pictures_replied_to, traced
from bot.telegram.private_reply import reply_privately
from bot.telegram.unusable_media import why_reply_unusable, why_unusable
from storage.quota import QuotaExceededError
from storage.records import Draft, Job, NewReference
from storage.settings_records import Preferences

PRIVATE = F.chat.type == ChatType.PRIVATE
NOT_FORWARDED = ~F.func(is_forward)
"""Written by its sender: a forwarded message has somebody else's words, and is no request."""


def make_router() -> Router:
    """Requests for pictures."""
    router = Router(name="imagine")
    router.message.register(imagine, Command("imagine", ignore_case=True), NOT_FORWARDED)
    router.channel_post.register(imagine, Command("imagine", ignore_case=True), NOT_FORWARDED)
    router.message.register(in_private, PRIVATE, words_or_pictures, is_no_command, NOT_FORWARDED)
    router.message.register(in_group, words_or_pictures, is_no_command, NOT_FORWARDED, AddressesBot())
    return router


def words_or_pictures(message: Message) -> bool:
    """Whether a message has text or pictures; or a file, which may have been meant as a picture."""
    return bool(message.text or message.caption or message.document or pictures_in(message))


def is_no_command(message: Message) -> bool:
    """Whether a text or caption is no command (of this bot or another)."""
    return not (message.text or message.caption or "").startswith(COMMAND_SIGNS)


def is_chat(message: Message, words: Scan) -> bool:
    """Whether a message is talk: without a command or flags."""
    return bool(words.prompt) and is_no_command(message) and not words.flags and is_talk(words.prompt)


class AddressesBot(Filter):
    """Passes group messages that mention the bot, or reply to the bot's own message with a request."""

    async def __call__(self, message: Message, requests: RequestService) -> bool:
        """Whether this message addresses the bot."""
        bot = message.bot
        if bot is None:
            return False
        if await _names_the_bot(message):
            return True
        there = message.reply_to_message
        is_reply = there is not None and there.from_user is not None and there.from_user.id == bot.id
        return is_reply and await is_request(message, requests)


async def imagine(
    message: Message,
    requests: RequestService,
    language: str,
    preferences: Preferences,
    album: list[Message] | None = None,
) -> None:
    """`/imagine words`, as a text, as a caption, or in reply to a picture."""
    _command, *words = (message.text or message.caption or "").split(maxsplit=1)
    await _ask(
        message,
        "".join(words),
        requests,
        RequestContext.of_message(message, language, preferences),
        album,
        explain=True,
    )


async def in_private(
    message: Message,
    requests: RequestService,
    language: str,
    preferences: Preferences,
    album: list[Message] | None = None,
) -> None:
    """Any text, photo or picture file in a private chat."""
    await _ask(
        message,
        message.text or message.caption or "",
        requests,
        RequestContext.of_message(message, language, preferences),
        album,
        explain=False,
    )


async def in_group(
    message: Message,
    requests: RequestService,
    language: str,
    preferences: Preferences,
    album: list[Message] | None = None,
) -> None:
    """A mention or a reply in a group."""
    words, context = message.text or message.caption or "", RequestContext.of_message(message, language, preferences)
    only_commands = (await requests.store.chats.rules(message.chat.id)).replies == "none"
    if only_commands and await _names_the_bot(message) and not await is_answer(message, requests):
        # The group's rule: only commands are requests.
        await explain_usage(message, context, requests, example())
        return
    await _ask(message, words, requests, context, album, explain=True)


async def _ask(
    message: Message,
    text: str,
    requests: RequestService,
    context: RequestContext,
    album: list[Message] | None,
    *,
    explain: bool,
) -> None:
    await requests.check(context)
    brought = album or [message]
    if odd := next((one for one in brought if why_unusable(one)), None):
        await reply_privately(odd, why_unusable(odd) or "")
        return
    if await join_earlier_album(message, brought, requests):
        return
    replied = await pictures_replied_to(message, requests.store, context.user_id)
    own = await own_pictures(brought, requests, context)
    if why := _why_no_picture(message, brought, replied, own):
        await reply_privately(message, why)
        return
    said = await spoken(message, text)
    words = requests.scan(said)
    if choice := await choice_of(message, context, requests, words, replied):
        if choice.is_open and not is_chat(message, words):
            draft = Draft(_without_twins(choice.references, own))
            await ask_which(message, context, requests, draft, said, choice)
            return
        replied, words = choice.references, choice.words
    if words.prompt:
        draft = await _draft(message, requests, context, replied)
        draft = replace(draft, references=_without_twins(draft.references, own))
        if is_chat(message, words):
            # Thanks for a picture don't make it a reference of the next request.
            await hint(message, context, requests, draft, only_replies=bool(replied))
            return
        await _keep_captions(await _make(message, context, requests, words, draft), brought, requests)
    elif replied or own:
        draft = Draft(_without_twins(replied, own))
        await ask_for_words(message, context, requests, draft, await _wrong(context, requests, words))
    elif explain or words.flags:
        await explain_usage(message, context, requests, await _wrong(context, requests, words) or example())


async def _keep_captions(job: Job | None, brought: list[Message], requests: RequestService) -> None:
    """Remember the captions of the album that a job was made of."""
    if job and brought[0].media_group_id:
        said = {one.message_id: one.caption for one in brought if one.caption and not is_forward(one)}
        await requests.store.edits.keep_captions(job, said)


def _why_no_picture(
    message: Message, brought: list[Message], replied: tuple[NewReference, ...], own: tuple[NewReference, ...]
) -> str | None:
    """Why a picture that was meant is not there; None: nothing is missing."""
    # Without the picture that was meant, another one would be drawn, and paid.
    if not replied and (why := why_reply_unusable(message)):
        return why
    if not own and any(map(is_forward, brought)):
        return _("There is no picture in what you forwarded. Send just your words, or add a picture.")
    return None


async def _draft(
    message: Message, requests: RequestService, context: RequestContext, replied: tuple[NewReference, ...]
) -> Draft:
    """The pictures that the text applies to: those it replies to, else the draft that waits."""
    if replied:
        await requests.set_drafts_aside(context)
        return Draft(replied)
    there = message.reply_to_message
    return await requests.take_draft(context, there.message_id if there else None)


async def own_pictures(
    brought: list[Message], requests: RequestService, context: RequestContext
) -> tuple[NewReference, ...]:
    """The pictures in the messages; a forwarded picture of the bot's own is recognized."""
    if len(brought) == 1 and (album := brought[0].media_group_id):
        # The other items of its album may have arrived before.
        return await requests.store.posted.album(context.chat_id, album) or pictures_in(brought[0])
    found: list[NewReference] = []
    for one in sorted(brought, key=lambda each: each.message_id):
        is_ours = len(brought) == 1 or is_forward(one)
        found += await traced(one, requests.store, context.user_id) if is_ours else pictures_in(one)
    return tuple(found)


async def _make(
    message: Message, context: RequestContext, requests: RequestService, words: Scan, draft: Draft
) -> Job | None:
    buttons = None
    try:
        job = await requests.ask(context, words, draft)
    except FlagError as error:
        why = say(*error.sentences)
    except QuotaExceededError as error:
        why = quota_text(error)
        buttons = await under_refusal(error, message.bot, is_private=message.chat.type == ChatType.PRIVATE)
    else:
        if job and message.chat.type != ChatType.PRIVATE:
            # The reaction shows the group that the request is accepted; in private the status message does.
            with suppress(TelegramAPIError):
                await message.react([ReactionTypeEmoji(emoji="👀")])
        return job
    # The pictures wait for the corrected prompt.
    if draft != NO_DRAFT:
        await ask_for_words(message, context, requests, draft, why)
    else:
        await explain_usage(message, context, requests, why, buttons=buttons)
    return None


async def _wrong(context: RequestContext, requests: RequestService, words: Scan) -> str | None:
    """The error text about flags without a prompt; None if they are right."""
    try:
        await requests.understand(context, words, await requests.check(context))
    except FlagError as error:
        return say(*error.sentences)
    return None


async def ask_for_words(
    message: Message, context: RequestContext, requests: RequestService, draft: Draft, why: str | None = None
) -> None:
    """Ask for the prompt of a draft; the answer, as a reply or as the next message, uses it. `why`: an error to send in
    place of the question. Raises `ChatNotAllowedError`."""
    await requests.check(context)
    if message.chat.type == ChatType.CHANNEL:
        # A channel has no forced replies.
        as_reply = _("In a channel, reply to the picture with /imagine and your words.")
        await reply_privately(message, why or (as_reply if draft.references else example()))
        return
    text = why or _("What should I make of it? Reply to this message and tell me, for example: <i>as a watercolour</i>")
    if draft.style and not draft.references and not why:
        words = _("What should I draw in the style <b>{style}</b>? Reply to this message and tell me.")
        text = words.format(style=escape(draft.style["name"]))
    about = ReplyParameters(message_id=context.message_id, allow_sending_without_reply=True)
    form = ForceReply(selective=True, input_field_placeholder=_("your words"))
    ask = partial(message.answer, text, reply_parameters=about, reply_markup=form)
    await requests.ask_for_words(context, draft, ask)


def example() -> str:
    """The text that explains how to ask, with an example to copy."""
    return _(
        "Write what you want to see, for example:\n"
        "<code>/imagine a red fox in the snow --ar 16:9</code>\n"
        "Reply to a photo with it, and I'll work from that photo."
    )


def _without_twins(first: tuple[NewReference, ...], second: tuple[NewReference, ...]) -> tuple[NewReference, ...]:
    """Both, without references of the same message."""
    known = {reference.message_id for reference in first if reference.message_id}
    return (*first, *(reference for reference in second if reference.message_id not in known))


async def _names_the_bot(message: Message) -> bool:
    me = await message.bot.me() if message.bot else None
    return me is not None and f"@{me.username}".lower() in _mentions(message)


def _mentions(message: Message) -> set[str]:
    text = message.text or message.caption or ""
    entities = message.entities or message.caption_entities or []
    return {entity.extract_from(text).lower() for entity in entities if entity.type == "mention"}
