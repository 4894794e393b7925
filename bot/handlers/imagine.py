"""Asking for pictures: text, photos with a caption, albums, files, `/imagine`, replies and mentions."""

from contextlib import suppress
from dataclasses import replace
from html import escape

from aiogram import F, Router
from aiogram.enums import ChatType, ContentType
from aiogram.exceptions import TelegramAPIError
from aiogram.filters import Command, Filter
from aiogram.types import ForceReply, Message, ReactionTypeEmoji, ReplyParameters
from aiogram.utils.i18n import gettext as _

from bot.handlers.desk import NOTHING_BEGUN, Desk, Place, too_many
from bot.handlers.flags import FlagError, Scan
from bot.handlers.hints import COMMAND_SIGNS, hint, spoken, tell
from bot.handlers.replies import is_order
from bot.handlers.talk import is_talk
from bot.telegram.incoming import picture_of, pictures_of, pictures_replied_to, traced
from bot.telegram.notices import notice
from bot.telegram.wording import say
from storage.records import Begun, NewSource, Preferences, TooMany

PRIVATE = F.chat.type == ChatType.PRIVATE
WORDS_OR_PICTURES = F.content_type.in_({ContentType.TEXT, ContentType.PHOTO, ContentType.DOCUMENT})


def make_router() -> Router:
    """Asking for pictures."""
    router = Router(name="imagine")
    router.message.register(imagine, Command("imagine", ignore_case=True))
    router.channel_post.register(imagine, Command("imagine", ignore_case=True))
    router.message.register(in_private, PRIVATE, WORDS_OR_PICTURES, is_no_command)
    router.message.register(in_group, WORDS_OR_PICTURES, is_no_command, ToTheBot())
    return router


def is_no_command(message: Message) -> bool:
    """Whether a text or caption is words, not a command (of this bot or another)."""
    return not (message.text or message.caption or "").startswith(COMMAND_SIGNS)


class ToTheBot(Filter):
    """In a group: a message that names the bot, or a reply to the bot's own message that is no talk among people."""

    async def __call__(self, message: Message, desk: Desk) -> bool:
        """Whether this message speaks to the bot."""
        bot = message.bot
        if bot is None:
            return False
        if await _names_the_bot(message):
            return True
        there = message.reply_to_message
        is_reply = there is not None and there.from_user is not None and there.from_user.id == bot.id
        return is_reply and await is_order(message, desk)


async def imagine(
    message: Message, desk: Desk, language: str, preferences: Preferences, album: list[Message] | None = None
) -> None:
    """`/imagine words`, as a text, as a caption, or in reply to a picture."""
    _command, *words = (message.text or message.caption or "").split(maxsplit=1)
    await _ask(message, "".join(words), desk, Place.of_message(message, language, preferences), album, explain=True)


async def in_private(
    message: Message, desk: Desk, language: str, preferences: Preferences, album: list[Message] | None = None
) -> None:
    """Any text, photo or picture file in a private chat."""
    await _ask(
        message,
        message.text or message.caption or "",
        desk,
        Place.of_message(message, language, preferences),
        album,
        explain=False,
    )


async def in_group(
    message: Message, desk: Desk, language: str, preferences: Preferences, album: list[Message] | None = None
) -> None:
    """A mention or a reply in a group."""
    words, place = message.text or message.caption or "", Place.of_message(message, language, preferences)
    if (await desk.store.chats.rules(message.chat.id)).replies == "none" and await _names_the_bot(message):
        # The admins want commands.
        await tell(message, place, desk, example())
        return
    await _ask(message, words, desk, place, album, explain=True)


async def came_late(main: Message, item: Message, desk: Desk) -> None:
    """An item of an album that came when its job had been made already."""
    source = picture_of(item)
    job = await desk.store.jobs.asked_by(main.chat.id, f"message:{main.message_id}")
    if source is None or job is None:
        return
    # Another process, to which this one's work went, may have had the whole album.
    known = {one.message_id for one in await desk.store.sources.of_job(job.id)}
    if source.message_id not in known and not await desk.engine.join(job, source):
        await notice(item, _("This picture came too late: the others are already being worked on."))


async def _ask(
    message: Message, text: str, desk: Desk, place: Place, album: list[Message] | None, *, explain: bool
) -> None:
    await desk.admit(place)
    if odd := next((item for item in album or [message] if item.document and not picture_of(item)), None):
        await notice(odd, _("This file is not a picture. Send a JPEG, PNG, WebP or HEIC."))
        return
    there = message.reply_to_message
    replied = await pictures_replied_to(message, desk.store, place.user_id)
    own = await _own_pictures(message, album, desk, place)
    words = desk.scan(await spoken(message, text))
    if words.prompt:
        begun = Begun(replied)
        if replied:
            await desk.set_waiting_aside(place)
        else:
            begun = await desk.what_waits(place, there.message_id if there else None)
        await _make(message, place, desk, words, replace(begun, sources=_without_twins((*begun.sources, *own))))
    elif replied or own:
        await ask_for_words(message, place, desk, Begun((*replied, *own)), await _wrong(place, desk, words))
    elif explain or words.flags:
        await tell(message, place, desk, await _wrong(place, desk, words) or example())


async def _own_pictures(
    message: Message, album: list[Message] | None, desk: Desk, place: Place
) -> tuple[NewSource, ...]:
    """What a message brings itself; one of our own pictures, forwarded, is known again."""
    if album:
        return pictures_of(album)
    source = picture_of(message)
    return (await traced(message, source, desk.store, place.user_id),) if source else ()


async def _make(message: Message, place: Place, desk: Desk, words: Scan, begun: Begun) -> None:
    if is_no_command(message) and not words.flags and is_talk(words.prompt):
        await hint(message, place, desk, begun)
        return
    try:
        job = await desk.ask(place, words, begun)
    except FlagError as error:
        why = say(*error.sentences)
    except TooMany as error:
        why = too_many(error)
    else:
        if job and message.chat.type != ChatType.PRIVATE:
            # The others see at once that it is taken; in private the status message says so.
            with suppress(TelegramAPIError):
                await message.react([ReactionTypeEmoji(emoji="👀")])
        return
    # The pictures are not lost: the corrected words find them.
    if begun != NOTHING_BEGUN:
        await ask_for_words(message, place, desk, begun, why)
    else:
        await tell(message, place, desk, why)


async def _wrong(place: Place, desk: Desk, words: Scan) -> str | None:
    """What is wrong with flags that came without words; None: nothing."""
    try:
        await desk.understand(place, words, await desk.admit(place))
    except FlagError as error:
        return say(*error.sentences)
    return None


async def ask_for_words(message: Message, place: Place, desk: Desk, begun: Begun, why: str | None = None) -> None:
    """Ask what to make of pictures, or in a style; the answer, as a reply or as the next message, uses them. Raises
    `NotHere`."""
    await desk.admit(place)
    if message.chat.type == ChatType.CHANNEL:
        # Telegram demands no replies there.
        as_reply = _("In a channel, reply to the picture with /imagine and your words.")
        await notice(message, why or (as_reply if begun.sources else example()))
        return
    text = why or _(
        "What should I make of it? Reply to this message with your words, for example: <i>as a watercolour</i>"
    )
    if begun.style and not begun.sources and not why:
        name = escape(begun.style["name"])
        text = _("What shall I draw as <b>{style}</b>? Reply to this message with your words.").format(style=name)
    asked = await message.answer(
        text,
        reply_parameters=ReplyParameters(message_id=place.message_id, allow_sending_without_reply=True),
        reply_markup=ForceReply(selective=True, input_field_placeholder=_("your words")),
    )
    await desk.wait_for_words(place, begun, asked.message_id)


def example() -> str:
    """How to ask, with an example to copy."""
    return _(
        "Write what you want to see, for example:\n"
        "<code>/imagine a red fox in the snow --ar 16:9</code>\n"
        "Reply to a photo with it, and the photo is used too."
    )


def _without_twins(sources: tuple[NewSource, ...]) -> tuple[NewSource, ...]:
    return tuple({source.message_id: source for source in sources}.values())


async def _names_the_bot(message: Message) -> bool:
    me = await message.bot.me() if message.bot else None
    return me is not None and f"@{me.username}".lower() in _mentions(message)


def _mentions(message: Message) -> set[str]:
    text = message.text or message.caption or ""
    entities = message.entities or message.caption_entities or []
    return {entity.extract_from(text).lower() for entity in entities if entity.type == "mention"}
