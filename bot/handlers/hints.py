"""Hints after talk or a misspelled command: an example to write, and a button that draws the text anyway.

The text stays in the message that the hint replies to; its pictures wait as a draft. The job's idempotency key names
that message, so however often the button is pressed, one job is made.
"""

from functools import partial

from aiogram import Router
from aiogram.enums import ChatType
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message, ReplyParameters
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import answer, change_buttons, forgotten_text, message_of
from bot.handlers.prompt_flag_scan import without_name
from bot.handlers.prompt_flags import FlagError
from bot.handlers.request_context import RequestContext
from bot.handlers.request_reader import NO_DRAFT
from bot.handlers.request_service import RequestService, quota_text
from bot.telegram.callback_data import DrawCallback, ExampleCallback
from bot.telegram.formatting import plain
from bot.telegram.keyboards import button, keyboard
from bot.telegram.private_reply import GROUPS, reply_privately
from storage.quota import QuotaExceededError
from storage.records import Draft
from storage.settings_records import Preferences

COMMAND_SIGNS = ("/", "／")
"""The signs that begin a command, also as a Chinese keyboard types it."""


def make_router() -> Router:
    """The button under a hint."""
    router = Router(name="hints")
    router.callback_query.register(draw, DrawCallback.filter())
    return router


def examples() -> tuple[str, str, str]:
    """Example prompts; `ExampleCallback.at` is the index."""
    return (
        _("a red fox in the snow"),
        _("a lighthouse at dusk, oil painting"),
        _("a cat in a spacesuit, sticker"),
    )


async def hint(
    message: Message, context: RequestContext, requests: RequestService, draft: Draft, *, only_replies: bool = False
) -> None:
    """Say that the text was taken for talk. Its `draft` waits on; `only_replies`: only for a reply to the hint, or its
    button."""
    if draft.references:
        text = _(
            "That sounded like chatting, so I haven't drawn anything. "
            "Tell me what to make of the picture, for example: <i>as a watercolour</i>"
        )
    else:
        text = _(
            "That sounded like chatting, so I haven't drawn anything. "
            "Tell me what you'd like to see, for example: <i>a red fox in the snow</i>"
        )
    if message.chat.type != ChatType.PRIVATE:
        # Everybody could press a button; /imagine draws the text anyway.
        await explain_usage(message, context, requests, text, draft, only_replies=only_replies)
        return
    label = _("🎨 Draw it anyway")
    await offer(message, context, requests, draft, text=text, label=label, with_example=True, only_replies=only_replies)


async def explain_usage(
    message: Message,
    context: RequestContext,
    requests: RequestService,
    text: str,
    draft: Draft = NO_DRAFT,
    *,
    only_replies: bool = False,
    buttons: InlineKeyboardMarkup | None = None,
) -> None:
    """Tell a person how to ask, or what is wrong. In a group, their reply to it counts like one to a question."""
    reply = partial(reply_privately, message, text, buttons)
    if message.chat.type in GROUPS:
        await requests.ask_for_words(context.of_answer(), draft, reply, only_replies=only_replies)
    else:
        await reply()


async def offer(
    message: Message,
    context: RequestContext,
    requests: RequestService,
    draft: Draft,
    *,
    text: str,
    label: str,
    with_example: bool = False,
    only_replies: bool = False,
) -> None:
    """Reply with `text` and a button that draws the message's text with `draft`, which waits for the press;
    `only_replies`: only for the press or a reply."""
    has_kept = draft != NO_DRAFT
    rows = [[button(label, DrawCallback(kept=has_kept))]]
    if with_example and not has_kept:
        rows.append([button(f"✨ {examples()[0]}", ExampleCallback(at=0))])
    about = ReplyParameters(message_id=context.message_id, allow_sending_without_reply=True)
    reply = partial(message.answer, text, reply_parameters=about, reply_markup=keyboard(*rows))
    if not has_kept:
        await reply()
        return
    # A press has only one message of an album.
    words = await words_of(message) if message.media_group_id else ""
    await requests.ask_for_words(context, draft, reply, only_replies=only_replies, words=words)


async def draw(
    query: CallbackQuery, callback_data: DrawCallback, requests: RequestService, language: str, preferences: Preferences
) -> None:
    """Draw the text of the message that the hint replies to, with its draft."""
    message = await message_of(query)
    asked = message.reply_to_message if message else None
    if message is None:
        return
    if asked is None:
        await answer(query, forgotten_text(), alert=True)
        return
    context = RequestContext.of_message(asked, language, preferences)
    why = await _draw(asked, context, requests, message.message_id if callback_data.kept else None)
    await answer(query, why or _("On its way."), alert=bool(why))
    if not why:
        await change_buttons(message, keyboard())


async def _draw(asked: Message, context: RequestContext, requests: RequestService, kept_by: int | None) -> str:
    """Make a job of a message, if it has none. `kept_by`: the id of the hint that has a draft. Returns an error."""
    draft = await requests.take_draft_of(context, kept_by) if kept_by else NO_DRAFT
    known, key = requests.store.drafts.question, context.idempotency_key
    question = await known(context.chat_id, kept_by, key=key) if kept_by else None
    words = (question.words if question else "") or await words_of(asked)
    if await requests.store.jobs.made_by(context.idempotency_key):
        return ""
    if kept_by and draft == NO_DRAFT:
        # Another prompt has used the pictures meanwhile.
        return forgotten_text()
    try:
        await requests.ask(context, requests.scan(words), draft)
    except FlagError as error:
        return "\n".join(map(plain, error.sentences))
    except QuotaExceededError as error:
        return quota_text(error)
    return ""


async def words_of(message: Message) -> str:
    """The text of a message, without a command and the bot's own name."""
    text = message.text or message.caption or ""
    if text.startswith(COMMAND_SIGNS):
        _command, *words = text.lstrip("/／ ").split(maxsplit=1)
        text = "".join(words)
    return await spoken(message, text)


async def spoken(message: Message, text: str) -> str:
    """A text without the bot's own name."""
    name = (await message.bot.me()).username if message.bot else None
    return without_name(text, name) if name else text
