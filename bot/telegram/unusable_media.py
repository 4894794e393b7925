"""Reasons why a message's media can't be a reference: told instead of paying for a picture without it."""

from collections.abc import Callable, Sequence

from aiogram.types import ExternalReplyInfo, Message
from aiogram.utils.i18n import gettext as _

from bot.telegram.message_input import pictures_in

FILMS = ("video", "animation", "video_note")
SOUNDS = ("voice", "audio")
OTHERS = (
    "checklist",
    "contact",
    "dice",
    "game",
    "giveaway",
    "giveaway_winners",
    "invoice",
    "location",
    "poll",
    "venue",
)


def why_unusable(message: Message) -> str | None:
    """Why a message's media can't be used as a picture; None if it has pictures, or only text."""
    return None if pictures_in(message) else _why(message)


def why_reply_unusable(message: Message) -> str | None:
    """Why the media of the replied message can't be used as a picture; None if it can, or if there is only text.

    Call it if no pictures were found there.
    """
    if message.reply_to_story:
        return _story()
    holder = message.reply_to_message or message.external_reply
    return _why(holder) if holder else None


def _why(holder: Message | ExternalReplyInfo) -> str | None:
    reasons: Sequence[tuple[Sequence[str], Callable[[], str]]] = (
        (FILMS, _film),
        (("sticker",), _sticker),
        (SOUNDS, _sound),
        (("story",), _story),
        (("document",), _file),
        (("paid_media",), _paid),
        (OTHERS, _other),
    )
    return next((say() for names, say in reasons if any(getattr(holder, name) for name in names)), None)


def _film() -> str:
    return _("I can't use a video or a GIF. Send a screenshot of it with your words.")


def _sticker() -> str:
    return _("I can't use a sticker. Send a screenshot of it with your words.")


def _sound() -> str:
    return _("I can't listen to voice messages. Please write what you'd like to see.")


def _story() -> str:
    return _("I can't see stories. Send a screenshot of it with your words.")


def _file() -> str:
    return _("This file is not a picture. Send a JPEG, PNG, WebP or HEIC.")


def _paid() -> str:
    return _("I can't see this: it has to be paid for first. Send the picture itself with your words.")


def _other() -> str:
    return _("I can't use this as a picture. Reply to a photo, or send one with your words.")
