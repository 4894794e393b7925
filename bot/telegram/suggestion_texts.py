"""What people read and press where the assistant helps with words. Its words are shown as plain text, escaped."""

from html import escape

from aiogram.types import InlineKeyboardMarkup
from aiogram.utils.i18n import gettext as _

from bot.telegram.callback_data import HelpCallback
from bot.telegram.formatting import together
from bot.telegram.keyboards import button, keyboard
from storage.suggestions import Suggestion


def consent_text(host: str) -> str:
    """The question before anything of a person is sent to the assistant for the first time."""
    text = _(
        "✨ I get help with words from an AI service at <b>{host}</b>. Someone else runs it, and what you ask about "
        "goes there: your words, a picture or a voice message. Is that all right?"
    )
    return text.format(host=escape(host))


def consent_buttons(suggestion: Suggestion) -> InlineKeyboardMarkup:
    """The answers to it."""
    return keyboard(
        [
            button(_("✨ Go ahead"), HelpCallback(do="go", at=suggestion.id), "primary"),
            button(_("No, thanks"), HelpCallback(do="stop", at=suggestion.id)),
        ]
    )


def asking_text(kind: str) -> str:
    """What is shown until the assistant answers."""
    return {
        "improve": _("✨ Looking for better words…"),
        "describe": _("✨ Looking at the picture…"),
        "listen": _("✨ Listening…"),
    }[kind]


def offer_text(suggestion: Suggestion) -> str:
    """The words of the assistant."""
    title = {
        "improve": _("✨ <b>Better words?</b>"),
        "describe": _("✨ <b>Words for this picture</b>"),
        "listen": _("✨ <b>I heard:</b>"),
    }[suggestion.kind]
    lines = [title, f"<blockquote>{_shown(suggestion.words)}</blockquote>"]
    if suggestion.translation:
        lines += [_("For the service:"), f"<blockquote>{_shown(suggestion.translation)}</blockquote>"]
    return "\n".join([*lines, _("Nothing is drawn until you tap “Use”.")])


def offer_buttons(suggestion: Suggestion) -> InlineKeyboardMarkup:
    """The answers to it. A voice message is said again rather than edited."""
    edit = [button(_("✏️ Edit"), HelpCallback(do="edit", at=suggestion.id))] if suggestion.kind != "listen" else []
    return keyboard(
        [
            button(_("✅ Use"), HelpCallback(do="use", at=suggestion.id), "primary"),
            *edit,
            button(_("No"), HelpCallback(do="no", at=suggestion.id)),
        ]
    )


def failure_text(reason: str, *, may_be_charged: bool) -> str:
    """Why there are no words, and whether that is charged."""
    words = {
        "refused": _("The assistant doesn't want to help with this."),
        "unusable": _("The assistant had no useful suggestion."),
        "unreached": _("The assistant can't be reached right now. Try again later."),
        "lost": _("The assistant didn't answer."),
        "misconfigured": _("The assistant isn't set up correctly. Please tell whoever runs this bot."),
    }[reason]
    charged = _("Its answer may have been charged.") if may_be_charged else _("Nothing was charged.")
    return together(words, charged)


def lost_text() -> str:
    """What is said after a crash."""
    return _(
        "I was interrupted while I asked the assistant, so I can't tell whether that was charged. "
        "I won't ask again by myself: tap ✨ or send it again."
    )


def _shown(words: str | None) -> str:
    return escape(words or "", quote=False)
