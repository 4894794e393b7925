"""`/style`: a person's own styles and the built-in ones; a button asks for a prompt in one."""

from html import escape

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import answer, message_of
from bot.handlers.choices import read_choices
from bot.handlers.imagine import ask_for_words
from bot.handlers.prompt_flags import FlagError
from bot.handlers.request_context import RequestContext
from bot.handlers.request_reader import job_style
from bot.handlers.request_service import RequestService
from bot.handlers.style_catalog import (
    MAX_NAME_BYTES,
    MAX_NAME_LENGTH,
    MAX_OWN_STYLES,
    MAX_STYLE_LENGTH,
    NAME,
    built_in_styles,
    find,
)
from bot.telegram.callback_data import StyleCallback
from bot.telegram.flag_names import shown
from bot.telegram.formatting import cut, labelled, plain
from bot.telegram.keyboards import button, in_rows, keyboard
from storage.records import Draft
from storage.settings_records import Style

ADD = {"add", "new", "set", "添加", "新增"}
LISTED_WORDS_LENGTH = 2000
"""The room for the texts of all own styles in a message, in UTF-16 units."""
REMOVE = {"remove", "delete", "del", "删除"}


def make_router() -> Router:
    """Named styles."""
    router = Router(name="styles")
    router.message.register(style, Command("style", "styles", ignore_case=True))
    router.callback_query.register(draw, StyleCallback.filter())
    return router


async def style(message: Message, command: CommandObject, requests: RequestService, language: str) -> None:
    """`/style` shows all; `/style add name words` and `/style remove name` change the person's own."""
    user_id = RequestContext.of_message(message, language).user_id
    what, _space, rest = (command.args or "").strip().partition(" ")
    if what.lower() in ADD:
        await _add(message, requests, user_id, rest)
    elif what.lower() in REMOVE:
        dropped = await requests.store.styles.drop(user_id, rest.strip())
        text = _("Style <b>{name}</b> was removed.") if dropped else _("You have no style called {name}.")
        await message.reply(text.format(name=escape(cut(rest.strip(), MAX_NAME_BYTES))))
    else:
        text, buttons = await _all(requests, user_id)
        await message.reply(text, reply_markup=buttons)


async def draw(query: CallbackQuery, callback_data: StyleCallback, requests: RequestService, language: str) -> None:
    """Ask for a prompt to draw in this style."""
    message = await message_of(query)
    if message is None:
        return
    try:
        chosen = find(callback_data.name, await requests.store.styles.of(query.from_user.id))
    except FlagError as error:
        await answer(query, plain(error.sentence), alert=True)
        return
    context = RequestContext.of_press(query, message, message.message_id, language)
    await requests.check(context)
    await answer(query)
    await ask_for_words(message, context, requests, Draft(style=job_style(chosen)))


async def _add(message: Message, requests: RequestService, user_id: int, rest: str) -> None:
    name, _space, words = rest.strip().partition(" ")
    said = read_choices(words.strip())
    words = said.prompt
    if not name or not words:
        why = _("Write it like this: <code>/style add mine soft light, pastel colours</code>")
    elif not NAME.fullmatch(name) or len(name) > MAX_NAME_LENGTH or len(name.encode()) > MAX_NAME_BYTES:
        why = _("A style's name is one short word, for example: <code>/style add mine soft light</code>")
    elif len(words) > MAX_STYLE_LENGTH:
        why = _("A style's description can have up to {most} characters; yours has {count}.").format(
            most=MAX_STYLE_LENGTH, count=len(words)
        )
    elif said.choices:
        why = _("A style is one look: it can't have choices. For braces as they are, write <code>\\{</code>.")
    elif not await requests.store.styles.keep(user_id, Style(name, words), MAX_OWN_STYLES):
        why = _("You already have {most} styles. Remove one first: <code>/style remove name</code>").format(
            most=MAX_OWN_STYLES
        )
    else:
        why = _("Saved. Use it like this: <code>a red fox --style {name}</code>").format(name=escape(name))
    await message.reply(why)


async def _all(requests: RequestService, user_id: int) -> tuple[str, InlineKeyboardMarkup]:
    own, common = await requests.store.styles.of(user_id), built_in_styles()
    lines = [_("🎭 <b>Styles</b>"), _("Tap one and write what to draw, or add it to your prompt:")]
    lines += [
        f"<code>{escape(_('a red fox in the snow'))} {shown('--style')} {escape((own or common)[0].name)}</code>",
        "",
    ]
    if own:
        # All of them must fit into one message.
        most = LISTED_WORDS_LENGTH // len(own)
        lines += [*(labelled(f"<b>{escape(one.name)}</b>", escape(cut(one.words, most))) for one in own), ""]
    lines += [_("To add your own: <code>/style add mine soft light, pastel colours</code>")]
    buttons = [button(one.name, StyleCallback(name=one.name)) for one in (*own, *common)]
    return "\n".join(lines), keyboard(*in_rows(buttons))
