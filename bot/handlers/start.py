"""`/start`, `/help`, and answers to commands and messages that the bot can't use."""

from collections.abc import Sequence
from difflib import get_close_matches
from html import escape

from aiogram import F, Router
from aiogram.enums import ChatType, ContentType
from aiogram.filters import Command, CommandStart
from aiogram.types import CallbackQuery, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import answer, forgotten_text, message_of
from bot.handlers.command_menu import IN_PRIVATE, commands_of
from bot.handlers.group_admins import ByAdmin
from bot.handlers.hints import COMMAND_SIGNS, examples, offer, words_of
from bot.handlers.imagine import is_no_command
from bot.handlers.request_context import RequestContext
from bot.handlers.request_service import RequestService, quota_text
from bot.telegram.callback_data import ExampleCallback
from bot.telegram.flag_names import shown
from bot.telegram.formatting import labelled, listed
from bot.telegram.keyboards import button, keyboard
from bot.telegram.message_input import pictures_of, pictures_replied_to
from bot.telegram.provider_labels import STYLE, chosen_options, flags_of
from providers.options import Flag
from storage.quota import QuotaExceededError
from storage.records import Draft
from storage.settings_records import Preferences


def make_router() -> Router:
    """`/start`, `/help` and the examples."""
    router = Router(name="start")
    router.message.register(start, CommandStart())
    router.message.register(help_, Command("help"))
    router.callback_query.register(run_example, ExampleCallback.filter())
    return router


def make_fallback() -> Router:
    """Updates that no other router handled."""
    router = Router(name="fallback")
    router.message.register(unknown_command, F.chat.type == ChatType.PRIVATE, ~F.func(is_no_command))
    router.message.register(something_else, F.chat.type == ChatType.PRIVATE)
    router.callback_query.register(unknown_press)
    return router


async def start(message: Message) -> None:
    """Explain the bot in three lines, with three examples that run at a press. Unknown deep links end here, too."""
    buttons = [button(words, ExampleCallback(at=at)) for at, words in enumerate(examples())]
    await message.answer(
        _(
            "Hi! Tell me what you'd like to see and I'll draw it, for example:\n"
            "<code>a red fox in the snow</code>\n\n"
            "📷 Add photos, and I'll work from them.\n"
            "↩️ Reply to a picture and say what to change.\n"
            "🗂 /history keeps everything you've made; /help lists the options.\n\n"
            "Or tap one of these:"
        ),
        reply_markup=keyboard(*([one] for one in buttons)),
    )


async def run_example(
    query: CallbackQuery,
    callback_data: ExampleCallback,
    requests: RequestService,
    language: str,
    preferences: Preferences,
) -> None:
    """Draw an example, as if the person who pressed had written it."""
    message = await message_of(query)
    if message is None:
        return
    known = examples()
    words = known[callback_data.at % len(known)]
    try:
        context = RequestContext.of_press(query, message, message.message_id, language, preferences)
        await requests.ask(context, requests.scan(words))
    except QuotaExceededError as error:
        await answer(query, quota_text(error), alert=True)
    else:
        await answer(query, words)


async def help_(message: Message, requests: RequestService, language: str, preferences: Preferences) -> None:
    """Explain the options of this person's service and model, with an example, and list the commands of this chat."""
    name = await requests.chosen(RequestContext.of_message(message, language))
    provider = requests.providers[name]
    options = chosen_options(provider, preferences.options.get(name, {}))
    limits = provider.reference_limits(options)
    own = [flag for flag in requests.bot_flags() if flag.name == STYLE or len(requests.providers) > 1]
    offered = [*flags_of(provider, options), *own]
    # The menu of a private chat lists this command itself.
    is_elsewhere = len(requests.providers) > 1 and message.chat.type != ChatType.PRIVATE
    lines = [
        f"<code>{escape(shown(f'--{flag.name}'))}</code> " + escape(labelled(_(flag.description), listed(flag.allowed)))
        for flag in offered
    ]
    await message.answer(
        "\n".join(
            [
                _("You can put options anywhere in your prompt:"),
                "<code>" + _example(offered) + "</code>",
                "",
                *lines,
                "",
                *([_("You can add up to {count} photos to a prompt.").format(count=limits.count)] if limits else []),
                _("In groups: /imagine and your words. Reply to a photo with it, and I'll work from that photo."),
                _("Reply to a picture you asked for to change it; to change someone else's, begin with /imagine."),
                *([_("/models lists the services and lets you choose one.")] if is_elsewhere else []),
                "",
                *await _commands(message, requests),
            ]
        )
    )


async def _commands(message: Message, requests: RequestService) -> list[str]:
    """The commands, a line for each, as the menu of this chat has them."""
    if message.chat.type == ChatType.PRIVATE:
        is_admin = message.from_user is not None and requests.access.is_admin(message.from_user.id)
    else:
        is_admin = message.bot is not None and await ByAdmin()(message, message.bot)
    line = _("/{command} – {what}")
    return [
        line.format(command=one.command, what=escape(one.description, quote=False))
        for one in commands_of(message.chat.type, is_admin=is_admin, more=requests.help_commands)
    ]


async def unknown_command(
    message: Message, requests: RequestService, language: str, album: list[Message] | None = None
) -> None:
    """Answer an unknown command, with the closest known one."""
    typed = (message.text or message.caption or "").lstrip("".join((*COMMAND_SIGNS, " "))).partition("@")[0]
    name = "".join(typed.lower().split(maxsplit=1)[:1])
    (close,) = get_close_matches(name, (*IN_PRIVATE, "start"), n=1, cutoff=0.7) or [""]
    if not close:
        await message.reply(_("I don't know this command. /help shows what I can do."))
        return
    text = _("I don't know this command. Did you mean /{command}?").format(command=close)
    context = RequestContext.of_message(message, language)
    draft = Draft(
        (*await pictures_replied_to(message, requests.store, context.user_id), *pictures_of(album or [message]))
    )
    if close == "imagine" and await words_of(message):
        await offer(message, context, requests, draft, text=text, label=_("🎨 Draw it"))
    else:
        await message.reply(text)


async def unknown_press(query: CallbackQuery) -> None:
    """A button of an old version, or forged callback data."""
    await answer(query, forgotten_text(), alert=True)


async def something_else(message: Message) -> None:
    """Answer voice notes, stickers, videos and the like: what to send instead."""
    match message.content_type:
        case ContentType.VOICE | ContentType.AUDIO | ContentType.VIDEO_NOTE:
            words = _("I can't listen to voice messages. Please write what you'd like to see.")
        case ContentType.STICKER | ContentType.ANIMATION | ContentType.VIDEO:
            words = _("I can't use stickers or videos. Send a photo or a screenshot with a few words.")
        case _:
            words = _("I work with words and photos. Write what you'd like to see, or send a photo with a few words.")
    await message.reply(words)


def _example(offered: Sequence[Flag]) -> str:
    """An example with flags that the provider has."""
    words, names = _("a lighthouse at dusk"), {flag.name: flag for flag in offered}
    shape = next((one for one in names["ar"].choices if one in {"16:9", "3:2"}), "") if "ar" in names else ""
    return " ".join(
        [words, *([f"{shown('--ar')} {shape}"] if shape else []), *([f"{shown('--n')} 4"] if "n" in names else [])]
    )
