"""Tells in JSON what aiogram's models are and do in this process: `python -m tests.support.aiogram_models lazy`.

With `lazy` they are loaded as the bot loads them, else as aiogram does.
"""

import json
import re
import sys
from importlib import import_module
from typing import Any

from pydantic import BaseModel

ADDRESS = re.compile(r" at 0x\w+")
"""Where an object is in memory."""

ANN = {"id": 7, "is_bot": False, "first_name": "Ann", "language_code": "en", "of_the_future": {"a": 1}}
CHAT = {"id": 7, "type": "private", "first_name": "Ann"}
GROUP = {"id": -100, "type": "supergroup", "title": "Painters"}
BOT = {"id": 1, "is_bot": True, "first_name": "Imagine", "username": "imagine_bot"}
PHOTO = {"file_id": "p", "file_unique_id": "u", "width": 3, "height": 4, "file_size": 5}
BUTTONS = {"inline_keyboard": [[{"text": "Again", "callback_data": "again:1"}, {"text": "See", "url": "https://x.y"}]]}
SENT = {"message_id": 5, "date": 1_700_000_000, "chat": CHAT, "from": ANN}
ANSWER = {
    **SENT,
    "text": "<b>cat</b>",
    "entities": [{"type": "text_mention", "offset": 0, "length": 3, "user": ANN}],
    "reply_to_message": {**SENT, "text": "a cat", "reply_markup": BUTTONS},
    "quote": {"text": "cat", "position": 2},
    "forward_origin": {"type": "user", "date": 1_600_000_000, "sender_user": ANN},
}
MEMBER = {"user": BOT, "status": "member"}
UPDATES: list[dict[str, Any]] = [
    {"message": ANSWER},
    {"edited_message": {**SENT, "caption": "dog", "photo": [PHOTO, PHOTO], "media_group_id": "1", "edit_date": 9}},
    {"message": {**SENT, "document": {"file_id": "d", "file_unique_id": "u", "thumbnail": PHOTO}, "chat": GROUP}},
    {"channel_post": {**SENT, "chat": {**GROUP, "type": "channel"}, "sender_chat": GROUP, "migrate_to_chat_id": -101}},
    {"message": {**SENT, "pinned_message": {"chat": GROUP, "message_id": 3, "date": 0}}},
    {"callback_query": {"id": "1", "from": ANN, "chat_instance": "c", "data": "again:1", "message": ANSWER}},
    {"callback_query": {"id": "1", "from": ANN, "chat_instance": "c", "message": {**SENT, "date": 0}}},
    {"inline_query": {"id": "1", "from": ANN, "query": "cat", "offset": ""}},
    {"chosen_inline_result": {"result_id": "1", "from": ANN, "query": "cat"}},
    {
        "my_chat_member": {
            "chat": GROUP,
            "from": ANN,
            "date": 1,
            "old_chat_member": MEMBER,
            "new_chat_member": {"user": BOT, "status": "kicked", "until_date": 0},
        }
    },
    {"poll": {"id": "1", "question": "?"}},
    {"message": {**SENT, "date": "yesterday"}},
]
CALLS: dict[str, dict[str, Any]] = {
    "SendMessage": {"chat_id": 7, "text": "cat", "reply_markup": BUTTONS, "reply_parameters": {"message_id": 5}},
    "EditMessageText": {"chat_id": 7, "message_id": 5, "text": "cat", "entities": ANSWER["entities"]},
    "SendPhoto": {"chat_id": "@painters", "photo": "p", "has_spoiler": True},
    "SendMediaGroup": {"chat_id": 7, "media": [{"type": "photo", "media": "p", "caption": "cat"}]},
    "EditMessageMedia": {"media": {"type": "document", "media": "d"}, "inline_message_id": "1"},
    "AnswerInlineQuery": {
        "inline_query_id": "1",
        "results": [{"type": "photo", "id": "1", "photo_file_id": "p", "reply_markup": BUTTONS}],
    },
    "SetMyCommands": {"commands": [{"command": "start", "description": "…"}], "scope": {"type": "chat", "chat_id": 7}},
    "SendDice": {"chat_id": []},
}


def models() -> dict[str, type[BaseModel]]:
    """All types and methods of aiogram."""
    rooms = [import_module("aiogram.types"), import_module("aiogram.methods")]
    found = {name: getattr(room, name) for room in rooms for name in room.__all__}
    return {name: one for name, one in found.items() if isinstance(one, type) and issubclass(one, BaseModel)}


def round_trip(model: type[BaseModel], values: dict[str, Any]) -> Any:
    """What becomes of these values: the object, what it is dumped as, and what each object in it is; or the errors."""
    try:
        made = model.model_validate(values)
    except ValueError as error:
        return str(error)
    parts = [repr(part.model_dump()) for part in vars(made).values() if isinstance(part, BaseModel)]
    return [repr(made), repr(made.model_dump(warnings="error")), made.model_dump_json(exclude_unset=True), *parts]


def resent(known: dict[str, Any]) -> str:
    """A call that is made of parts of a received message."""
    message = known["Message"].model_validate(ANSWER)
    markup = message.reply_to_message.reply_markup
    call = known["SendMessage"](chat_id=7, text=message.text, entities=message.entities, reply_markup=markup)
    return repr(call.model_dump(warnings="error"))


def described(model: type[BaseModel]) -> list[str]:
    """Whether it can be built, and its fields with their types and defaults."""
    model.model_rebuild()
    fields = [f"{name}: {ADDRESS.sub('', repr(field))}" for name, field in model.model_fields.items()]
    return [f"built: {model.__pydantic_complete__}", *fields]


def main() -> None:
    """Write all to the standard output."""
    import_module("bot" if sys.argv[1] == "lazy" else "aiogram")
    known = models()
    built = [name for name, model in known.items() if model.__pydantic_complete__]
    updates = [round_trip(known["Update"], {"update_id": 1, **update}) for update in UPDATES]
    calls = [round_trip(known[name], values) for name, values in CALLS.items()]
    again = resent(known)
    fields = {name: described(model) for name, model in known.items()}
    told = {"built": built, "updates": updates, "calls": calls, "resent": again, "fields": fields}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
