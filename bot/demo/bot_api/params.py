"""Turns a call's parameters into aiogram's own model of the method, and refuses what doesn't fit."""

import json
import types
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from aiogram import methods
from aiogram.client.default import Default
from aiogram.methods import (
    DeleteEphemeralMessage,
    EditEphemeralMessageText,
    EditMessageCaption,
    EditMessageMedia,
    EditMessageReplyMarkup,
    EditMessageText,
    SendMessage,
    TelegramMethod,
)
from aiogram.types import InputFile
from pydantic import BaseModel, ValidationError

from bot.demo.bot_api.body import Body
from bot.demo.bot_api.errors import ApiError, bad_request
from bot.demo.bot_api.model import JSON

T = TypeVar("T")
Method = TelegramMethod[Any]

MISSING = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "photo": "there is no photo in the request",
    "document": "there is no document in the request",
    "message_id": "message identifier is not specified",
    "message_ids": "Message identifiers are not specified",
    "media": "media not found",
    "from_chat_id": "parameter from_chat_id is required",
    "file_id": "file_id not specified",
}
"""The official server's error when a parameter is missing."""
UNPARSABLE = {
    "reply_markup": "Can't parse reply keyboard markup JSON object",
    "media": "Can't parse media JSON object",
    "reply_parameters": "Can't parse reply parameters JSON object",
    "entities": "Can't parse entities JSON object",
    "scope": "Can't parse BotCommandScope JSON object",
    "commands": "Can't parse commands JSON object",
    "reaction": "Can't parse reaction types JSON object",
}
UNSUPPORTED = {
    "business_connection_id": "business connection not found",
    "inline_message_id": "MESSAGE_ID_INVALID",
    "direct_messages_topic_id": "direct messages topic not found",
    "suggested_post_parameters": "suggested posts are not part of this simulator",
    "ephemeral_message_parameters": "ephemeral messages of this simulator are texts only",
    "receiver_user_id": "ephemeral messages of this simulator are sent by ephemeral_message_parameters only",
    "switch_pm_text": "give a button instead",
    "rich_message": "rich messages are not part of this simulator",
}
"""Parameters of features that this simulator doesn't have, each with its error."""
SUPPORTED = frozenset(
    [
        (SendMessage, "ephemeral_message_parameters"),
        (EditEphemeralMessageText, "receiver_user_id"),
        (DeleteEphemeralMessage, "receiver_user_id"),
        (EditMessageText, "inline_message_id"),
        (EditMessageCaption, "inline_message_id"),
        (EditMessageMedia, "inline_message_id"),
        (EditMessageReplyMarkup, "inline_message_id"),
    ]
)
"""The exceptions: methods that take them."""


def given(value: T | Default | None) -> T | None:
    """A parameter as the caller gave it; aiogram's placeholder for the client's defaults is None."""
    return None if isinstance(value, Default) else value


@cache
def method_models() -> Mapping[str, type[Method]]:
    """aiogram's models by the lower-cased name of the method (the official server doesn't look at case either)."""
    found: dict[str, type[Method]] = {}
    for name in methods.__all__:
        model = getattr(methods, name)
        if isinstance(model, type) and issubclass(model, TelegramMethod) and model is not TelegramMethod:
            found[model.__api_method__.lower()] = model
    return found


def decode(model: type[Method], body: Body) -> JSON:
    """The parameters with JSON in strings read, and files that came under the parameter's own name attached."""
    found = dict(body.params)
    for name, field in model.model_fields.items():
        if name in body.uploads and name not in found:
            found[name] = f"attach://{name}"
        takes = alternatives(field.annotation)
        value = found.get(name)
        if isinstance(value, str) and str not in takes:
            found[name] = None if InputFile in takes else read_value(value)  # previews and certificates are not used
    return found


def parse(model: type[Method], params: JSON) -> Method:
    """The call as aiogram's model. Raises `ApiError` for unknown, missing and wrong parameters."""
    for name in params:
        if name in UNSUPPORTED and params[name] and (model, name) not in SUPPORTED:
            raise bad_request(UNSUPPORTED[name])
        if name not in model.model_fields:
            raise bad_request(f'parameter "{name}" is not known to {model.__api_method__}')
    try:
        call = model.model_validate(params)
    except ValidationError as error:
        raise refusal(error) from error
    for name in unknown_tasks(call):
        raise bad_request(f'field "{name}" is not known in a parameter of {model.__api_method__}')
    return call


def refusal(error: ValidationError) -> ApiError:
    """The official server's error as far as it is known, else the model's first error."""
    first = error.errors(include_url=False, include_context=False)[0]
    name = str(first["loc"][0]) if first["loc"] else "parameters"
    if first["type"] == "missing" and len(first["loc"]) == 1:
        return bad_request(MISSING.get(name, f"parameter {name} is required"))
    place = ".".join(str(part) for part in first["loc"])
    return bad_request(UNPARSABLE.get(name, f"Can't parse {name}") + f": {first['msg']} at {place}")


def read_value(text: str) -> Any:
    """A number, a bool, a list or an object from a form's string; a string that is no JSON stays as it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def alternatives(annotation: Any) -> set[Any]:
    """The types that a field takes, with unions and annotations opened."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return alternatives(get_args(annotation)[0])
    if origin in {Union, types.UnionType}:
        return {kind for part in get_args(annotation) for kind in alternatives(part)}
    return {annotation}


def unknown_tasks(value: object) -> Iterator[str]:
    """The names of fields that aiogram's models accept without knowing them, at any depth."""
    if isinstance(value, BaseModel):
        yield from value.model_extra or {}
        for name in type(value).model_fields:
            yield from unknown_tasks(getattr(value, name))
    elif isinstance(value, list):
        for item in value:
            yield from unknown_tasks(item)
