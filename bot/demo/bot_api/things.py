"""Voice messages, stickers, videos and locations: the other kinds of messages that people send."""

import secrets

from bot.demo.bot_api.errors import PeopleError
from bot.demo.bot_api.model import JSON

THINGS: JSON = {
    "voice": {"duration": 3, "mime_type": "audio/ogg", "file_size": 9_174},
    "sticker": {
        "type": "regular",
        "width": 512,
        "height": 512,
        "is_animated": False,
        "is_video": False,
        "emoji": "🦊",
        "file_size": 24_406,
    },
    "video": {
        "width": 1280,
        "height": 720,
        "duration": 12,
        "file_name": "foxes.mp4",
        "mime_type": "video/mp4",
        "file_size": 2_381_204,
    },
    "location": {"latitude": 48.2082, "longitude": 16.3738},
}
"""One of each kind, by its field of a Message (https://core.telegram.org/bots/api#message)."""
VISIBLE_FIELDS = ("duration", "emoji", "width", "height", "latitude", "longitude")
"""The fields that people see."""


def thing(kind: str) -> JSON:
    """The field of a message with one more of this kind ("voice", "sticker", "video", "location").

    Raises `PeopleError` for other kinds.
    """
    about = THINGS.get(kind)
    if about is None:
        raise PeopleError(f"{kind} can't be sent here.")
    # The same thing sent twice has two ids, but is one file. Nothing can be fetched: there are no bytes behind it.
    file = {"file_id": f"{kind}-{secrets.token_urlsafe(33)}", "file_unique_id": f"demo-{kind}"}
    return {kind: about if kind == "location" else {**file, **about}}


def thing_view(thing: JSON) -> JSON | None:
    """The part of such a field that people see: its `kind` and its visible fields."""
    for kind, about in thing.items():
        return {"kind": kind, **{name: about[name] for name in VISIBLE_FIELDS if name in about}}
    return None
