"""Asking for pictures: text, photos with a caption, albums, files, `/imagine`, replies and mentions."""

from contextlib import suppress
from dataclasses import replace
from html import escape

from aiogram import F, Router
from aiogram.enums import ChatType
from aiogram.exceptions import TelegramAPIError
from aiogram.filters import Command, Filter
from aiogram.types import ForceReply, Message, ReactionTypeEmoji, ReplyParameters
from aiogram.utils.i18n import gettext as _

from bot.handlers.group_replies import is_answer, is_order
from bot.handlers.hints import COMMAND_SIGNS, hint, spoken, tell
from bot.handlers.prompt_flags import FlagError, Scan
from bot.handlers.request_context import RequestContext
from bot.handlers.request_service import NO_DRAFT, RequestService, too_many
from bot.handlers.small_talk import is_talk
from bot.telegram.formatting import say
from bot.telegram.message_groups import is_forward
from bot.telegram.message_input import pictures_in, pictures_replied_to, traced
from bot.telegram.private_reply import reply_privately
from bot.telegram.unusable_media import why_reply_unusable, why_unusable
from storage.quota import QuotaExceededError
from storage.records import Draft, Job, NewReference
from storage.settings_records import Preferences

PRIVATE = F.chat.type == ChatType.PRIVATE
MINE = ~F.func(is_forward)
"""What whoever sent it has written: the words of a forwarded message are somebody else's, and no order."""


def make_router() -> Router:
    """Asking for pictures."""
    router = Router(name="imagine")
    router.message.register(imagine, Command("imagine", ignore_case=True), MINE)
    router.channel_post.register(imagine, Command("imagine", ignore_case=True), MINE)
    router.message.register(in_private, PRIVATE, words_or_pictures, is_no_command, MINE)
    router.message.register(in_group, words_or_pictures, is_no_command, MINE, ToTheBot())
    return router


def words_or_pictures(message: Message) -> bool:
    """Whether a message brings what can be asked with; or a file, which may have been meant for a picture."""
    return bool(message.text or message.caption or message.document or pictures_in(message))


def is_no_command(message: Message) -> bool:
    """Whether a text or caption is words, not a command (of this bot or another)."""
    return not (message.text or message.caption or "").startswith(COMMAND_SIGNS)


def is_chat(message: Message, words: Scan) -> bool:
    """Whether the words of a message are talk, and not given as an order."""
    return bool(words.prompt) and is_no_command(message) and not words.flags and is_talk(words.prompt)


class ToTheBot(Filter):
    """In a group: a message that names the bot, or a reply to the bot's own message that is no talk among people."""

    async def __call__(self, message: Message, requests: RequestService) -> bool:
        """Whether this message speaks to the bot."""
        bot = message.bot
        if bot is None:
            return False
        if await _names_the_bot(message):
            return True
        there = message.reply_to_message
        is_reply = there is not None and there.from_user is not None and there.from_user.id == bot.id
        return is_reply and await is_order(message, requests)


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
        # The admins want commands.
        await tell(message, context, requests, example())
        return
    await _ask(message, words, requests, context, album, explain=True)


async def came_late(main: Message, item: Message, requests: RequestService) -> bool:
    """An item of an album that came when the others had been handed over already. False: its words are still to be
    heard, because the others have made nothing yet."""
    if job := await requests.store.jobs.asked_in(main.chat.id, main.message_id):
        await _join(job, item, requests)
    elif await requests.store.drafts.is_waiting(main.chat.id, [main.message_id]):
        await _join_draft(main, item, requests)
    return job is not None


async def _join_draft(main: Message, item: Message, requests: RequestService) -> None:
    for reference in pictures_in(item):
        if not await requests.store.drafts.join(main.chat.id, main.message_id, reference):
            await reply_privately(item, _too_late())


async def _join(job: Job, item: Message, requests: RequestService) -> None:
    # Another process, to which this one's work went, may have had the whole album.
    known = {one.message_id for one in await requests.store.references.of_job(job.id)}
    for reference in pictures_in(item):
        if reference.message_id not in known and not await requests.engine.attach_reference(job, reference):
            await reply_privately(item, _too_late())


def _too_late() -> str:
    return _("This picture arrived too late: I've already started with the others.")


async def _is_rest(message: Message, brought: list[Message], requests: RequestService) -> bool:
    """Whether these belong to an album that was ordered before this process began; then they join it."""
    if not message.media_group_id:
        return False
    new = {one.message_id for one in brought}
    album = await requests.store.posted.album(message.chat.id, message.media_group_id)
    before = [item.message_id for item in album if item.message_id and item.message_id not in new]
    job = await requests.store.edits.asked(message.chat.id, before) if before else None
    if job is None:
        return False
    for one in brought:
        await _join(job, one, requests)
    return True


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
    if await _is_rest(message, brought, requests):
        return
    replied = await pictures_replied_to(message, requests.store, context.user_id)
    own = await own_pictures(brought, requests, context)
    # Without what was meant something else would be drawn, and paid.
    if not replied and (why := why_reply_unusable(message)):
        await reply_privately(message, why)
        return
    if not own and any(map(is_forward, brought)):
        await reply_privately(
            message, _("There is no picture in what you forwarded. Send just your words, or add a picture.")
        )
        return
    words = requests.scan(await spoken(message, text))
    if words.prompt:
        draft = await _draft(message, requests, context, replied)
        draft = replace(draft, references=_without_twins(draft.references, own))
        if is_chat(message, words):
            # Thanks for a picture don't make it a part of the next wish.
            await hint(message, context, requests, draft, aside=bool(replied))
            return
        job = await _make(message, context, requests, words, draft)
        if job and message.media_group_id:
            said = {one.message_id: one.caption for one in brought if one.caption and not is_forward(one)}
            await requests.store.edits.keep_captions(job, said)
    elif replied or own:
        draft = Draft(_without_twins(replied, own))
        await ask_for_words(message, context, requests, draft, await _wrong(context, requests, words))
    elif explain or words.flags:
        await tell(message, context, requests, await _wrong(context, requests, words) or example())


async def _draft(
    message: Message, requests: RequestService, context: RequestContext, replied: tuple[NewReference, ...]
) -> Draft:
    """What the words are for: what they answer to, else what waits for them."""
    if replied:
        await requests.set_waiting_aside(context)
        return Draft(replied)
    there = message.reply_to_message
    return await requests.what_waits(context, there.message_id if there else None)


async def own_pictures(
    brought: list[Message], requests: RequestService, context: RequestContext
) -> tuple[NewReference, ...]:
    """What messages bring themselves; one of our own pictures, forwarded, is known again."""
    if len(brought) == 1 and (album := brought[0].media_group_id):
        # The others of its album have been seen before, perhaps.
        return await requests.store.posted.album(context.chat_id, album) or pictures_in(brought[0])
    found: list[NewReference] = []
    for one in sorted(brought, key=lambda each: each.message_id):
        is_ours = len(brought) == 1 or is_forward(one)
        found += await traced(one, requests.store, context.user_id) if is_ours else pictures_in(one)
    return tuple(found)


async def _make(
    message: Message, context: RequestContext, requests: RequestService, words: Scan, draft: Draft
) -> Job | None:
    try:
        job = await requests.ask(context, words, draft)
    except FlagError as error:
        why = say(*error.sentences)
    except QuotaExceededError as error:
        why = too_many(error)
    else:
        if job and message.chat.type != ChatType.PRIVATE:
            # The others see at once that it is taken; in private the status message says so.
            with suppress(TelegramAPIError):
                await message.react([ReactionTypeEmoji(emoji="👀")])
        return job
    # The pictures are not lost: the corrected words find them.
    if draft != NO_DRAFT:
        await ask_for_words(message, context, requests, draft, why)
    else:
        await tell(message, context, requests, why)
    return None


async def _wrong(context: RequestContext, requests: RequestService, words: Scan) -> str | None:
    """What is wrong with flags that came without words; None: nothing."""
    try:
        await requests.understand(context, words, await requests.check(context))
    except FlagError as error:
        return say(*error.sentences)
    return None


async def ask_for_words(
    message: Message, context: RequestContext, requests: RequestService, draft: Draft, why: str | None = None
) -> None:
    """Ask what to make of pictures, or in a style; the answer, as a reply or as the next message, uses them. Raises
    `ChatNotAllowedError`."""
    await requests.check(context)
    if message.chat.type == ChatType.CHANNEL:
        # Telegram demands no replies there.
        as_reply = _("In a channel, reply to the picture with /imagine and your words.")
        await reply_privately(message, why or (as_reply if draft.references else example()))
        return
    text = why or _("What should I make of it? Reply to this message and tell me, for example: <i>as a watercolour</i>")
    if draft.style and not draft.references and not why:
        name = escape(draft.style["name"])
        text = _("What should I draw in the style <b>{style}</b>? Reply to this message and tell me.").format(
            style=name
        )
    asked = await message.answer(
        text,
        reply_parameters=ReplyParameters(message_id=context.message_id, allow_sending_without_reply=True),
        reply_markup=ForceReply(selective=True, input_field_placeholder=_("your words")),
    )
    await requests.wait_for_words(context, draft, asked.message_id)


def example() -> str:
    """How to ask, with an example to copy."""
    return _(
        "Write what you want to see, for example:\n"
        "<code>/imagine a red fox in the snow --ar 16:9</code>\n"
        "Reply to a photo with it, and I'll work from that photo."
    )


def _without_twins(first: tuple[NewReference, ...], second: tuple[NewReference, ...]) -> tuple[NewReference, ...]:
    """Both, each message once."""
    known = {reference.message_id for reference in first if reference.message_id}
    return (*first, *(reference for reference in second if reference.message_id not in known))


async def _names_the_bot(message: Message) -> bool:
    me = await message.bot.me() if message.bot else None
    return me is not None and f"@{me.username}".lower() in _mentions(message)


def _mentions(message: Message) -> set[str]:
    text = message.text or message.caption or ""
    entities = message.entities or message.caption_entities or []
    return {entity.extract_from(text).lower() for entity in entities if entity.type == "mention"}
