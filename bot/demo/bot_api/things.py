"""What people send beside words, pictures and files: a voice message, a sticker, a video, a place."""

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
SHOWN = ("duration", "emoji", "width", "height", "latitude", "longitude")
"""What people see of them."""


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
    """What people see of such a field: its `kind`, and of its fields what there is to see."""
    for kind, about in thing.items():
        return {"kind": kind, **{name: about[name] for name in SHOWN if name in about}}
    return None
