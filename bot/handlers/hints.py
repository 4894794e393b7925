"""Words that are talk, or a misspelled command: a hint what to write, and a button that draws them all the same.

The words stay in the message that the hint answers, the pictures that go with them wait like those without words. The
job is named after that message, so it is made once, however often and whenever the button is pressed.
"""

from aiogram import Router
from aiogram.enums import ChatType
from aiogram.types import CallbackQuery, Message, ReplyParameters
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import answer, change_buttons, gone, message_of
from bot.handlers.prompt_flag_scan import without_name
from bot.handlers.prompt_flags import FlagError
from bot.handlers.request_context import RequestContext
from bot.handlers.request_service import NO_DRAFT, RequestService, too_many
from bot.telegram.callback_data import DrawCallback, ExampleCallback
from bot.telegram.formatting import plain
from bot.telegram.keyboards import button, keyboard
from bot.telegram.private_reply import GROUPS, reply_privately
from storage.quota import QuotaExceededError
from storage.records import Draft
from storage.settings_records import Preferences

COMMAND_SIGNS = ("/", "／")
"""What a command begins with, also as a Chinese keyboard types it."""


def make_router() -> Router:
    """The button under a hint."""
    router = Router(name="hints")
    router.callback_query.register(draw, DrawCallback.filter())
    return router


def examples() -> tuple[str, str, str]:
    """Prompts to begin with; `ExampleCallback` has their places."""
    return (
        _("a red fox in the snow"),
        _("a lighthouse at dusk, oil painting"),
        _("a cat in a spacesuit, sticker"),
    )


async def hint(
    message: Message, context: RequestContext, requests: RequestService, draft: Draft, *, aside: bool = False
) -> None:
    """Say that these words were taken for talk. What they would have used (`draft`) waits on; `aside`: only for an
    answer to the hint, or its button."""
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
        # A button would be everybody's; /imagine draws the words all the same.
        await tell(message, context, requests, text, draft, aside=aside)
        return
    label = _("🎨 Draw it anyway")
    await offer(message, context, requests, draft, text=text, label=label, with_example=True, aside=aside)


async def tell(
    message: Message,
    context: RequestContext,
    requests: RequestService,
    text: str,
    draft: Draft = NO_DRAFT,
    *,
    aside: bool = False,
) -> None:
    """Tell whoever asks how to ask, or what is wrong. In a group, their answer to it counts like one to a question."""
    told = await reply_privately(message, text)
    if message.chat.type in GROUPS:
        await requests.wait_for_words(context.of_answer(), draft, told.message_id, aside=aside)


async def offer(
    message: Message,
    context: RequestContext,
    requests: RequestService,
    draft: Draft,
    *,
    text: str,
    label: str,
    with_example: bool = False,
    aside: bool = False,
) -> None:
    """Answer a message by `text` and a button that draws its words with `draft`, which waits for that; `aside`: for
    that, or an answer, alone."""
    has_kept = draft != NO_DRAFT
    rows = [[button(label, DrawCallback(kept=has_kept))]]
    if with_example and not has_kept:
        rows.append([button(f"✨ {examples()[0]}", ExampleCallback(at=0))])
    about = ReplyParameters(message_id=context.message_id, allow_sending_without_reply=True)
    told = await message.answer(text, reply_parameters=about, reply_markup=keyboard(*rows))
    if has_kept:
        # A press shows only one message of an album.
        words = await words_of(message) if message.media_group_id else ""
        await requests.wait_for_words(context, draft, told.message_id, aside=aside, words=words)


async def draw(
    query: CallbackQuery, callback_data: DrawCallback, requests: RequestService, language: str, preferences: Preferences
) -> None:
    """Draw the words of the message that the hint answers, with what was kept for them."""
    message = await message_of(query)
    asked = message.reply_to_message if message else None
    if message is None:
        return
    if asked is None:
        await answer(query, gone(), alert=True)
        return
    context = RequestContext.of_message(asked, language, preferences)
    why = await _draw(asked, context, requests, message.message_id if callback_data.kept else None)
    await answer(query, why or _("On its way."), alert=bool(why))
    if not why:
        await change_buttons(message, keyboard())


async def _draw(asked: Message, context: RequestContext, requests: RequestService, kept_by: int | None) -> str:
    """Make a job of a message, if it has made none. `kept_by`: the hint for which pictures wait. Returns why not."""
    draft = await requests.kept_for(context, kept_by) if kept_by else NO_DRAFT
    question = await requests.store.drafts.question(context.chat_id, kept_by) if kept_by else None
    words = (question.words if question else "") or await words_of(asked)
    if await requests.store.jobs.made_by(context.idempotency_key):
        return ""
    if kept_by and draft == NO_DRAFT:
        # Other words have used the pictures meanwhile.
        return gone()
    try:
        await requests.ask(context, requests.scan(words), draft)
    except FlagError as error:
        return "\n".join(map(plain, error.sentences))
    except QuotaExceededError as error:
        return too_many(error)
    return ""


async def words_of(message: Message) -> str:
    """What a message says, without a command and the bot's own name."""
    text = message.text or message.caption or ""
    if text.startswith(COMMAND_SIGNS):
        _command, *words = text.lstrip("/／ ").split(maxsplit=1)
        text = "".join(words)
    return await spoken(message, text)


async def spoken(message: Message, text: str) -> str:
    """A text to the bot without the bot's own name."""
    name = (await message.bot.me()).username if message.bot else None
    return without_name(text, name) if name else text
