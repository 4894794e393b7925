"""`CallContext`, shared by all methods: finds chats and messages, parses texts, reads files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aiogram.client.default import Default
from aiogram.types import ForceReply, MessageEntity, ReplyParameters

from bot.demo.bot_api.bot_view import message_json
from bot.demo.bot_api.channels import forward_to_discussion
from bot.demo.bot_api.entities import find_entities, merge_entities, trim, utf16_length
from bot.demo.bot_api.errors import ApiError, bad_request, forbidden
from bot.demo.bot_api.faults import PartialAlbum
from bot.demo.bot_api.files import Upload
from bot.demo.bot_api.markup import parse_html
from bot.demo.bot_api.model import JSON, Chat, ChatMessage, Document, Photo
from bot.demo.bot_api.params import given
from bot.demo.bot_api.webhook import Webhook
from bot.demo.bot_api.world import World

Right = Literal["read", "members", "edit", "text messages", "photos", "documents"]
MAX_TEXT_LENGTH, MAX_CAPTION_LENGTH, MAX_PLACEHOLDER_LENGTH = 4096, 1024, 64
ATTACHED = "attach://"


@dataclass(frozen=True, slots=True)
class CallContext:
    """One call of the bot: the world, the files that came with it, and a fault that cuts albums."""

    world: World
    webhook: Webhook
    uploads: Mapping[str, Upload] = field(default_factory=dict)
    partial: PartialAlbum | None = None

    def chat(self, chat_id: int | str | None, right: Right) -> Chat:
        """The chat, if the bot may do this in it. Raises `ApiError`."""
        chat = self.world.chats.get(as_id(chat_id))
        if chat is None:
            raise bad_request("chat not found")
        if chat.migrated_to is not None and right != "read":
            target = {"migrate_to_chat_id": chat.migrated_to}
            raise ApiError(400, "Bad Request: group chat was upgraded to a supergroup chat", target)
        check_standing(chat, right)
        return chat

    def message(self, chat: Chat, message_id: int | None, what: str) -> ChatMessage:
        """A message of the chat; `what` names it in the error ("message to edit")."""
        found = chat.messages.get(message_id or 0)
        if found is None:
            raise bad_request(f"{what} not found")
        return found

    def reply(self, chat: Chat, call: Any) -> int | None:
        """The id of the message to reply to, None for none. `call`: any sending method."""
        wanted: ReplyParameters | None = call.reply_parameters
        message_id = wanted.message_id if wanted else getattr(call, "reply_to_message_id", None)
        if message_id is None and wanted and wanted.ephemeral_message_id is not None:
            raise bad_request(
                "message to be replied not found"
            )  # people's ephemeral commands are no part of this world
        if message_id is None:
            return None
        elsewhere = wanted is not None and wanted.chat_id is not None and as_id(wanted.chat_id) != chat.id
        if message_id in chat.messages and not elsewhere:
            return int(message_id)
        lenient = given(wanted.allow_sending_without_reply) if wanted else call.allow_sending_without_reply
        if not lenient or getattr(call, "ephemeral_message_parameters", None):
            raise bad_request("message to be replied not found")
        return None

    def topic(self, chat: Chat, thread: int | None, reply_to: int | None) -> int | None:
        """The forum topic that a new message goes to: the one named, else that of the message replied to."""
        if thread is not None:
            known = chat.topics or (chat.messages if chat.type == "supergroup" else {})
            if thread not in known:
                raise bad_request("message thread not found")
            found = thread if chat.topics else None
        else:
            found = chat.messages[reply_to].topic if reply_to is not None else None
        if found in chat.closed and chat.bot != "administrator":
            raise bad_request("TOPIC_CLOSED")
        return found

    def words(
        self,
        text: str | None,
        parse_mode: str | Default | None,
        entities: list[MessageEntity] | None,
        most: int = MAX_CAPTION_LENGTH,
    ) -> tuple[str, list[JSON]]:
        """Text or caption after parsing, with its entities. Raises `ApiError` when it can't be read or is too long."""
        mode = (given(parse_mode) or "").lower()
        marks: list[JSON] = [entity.model_dump(exclude_none=True) for entity in entities or []]
        plain = text or ""
        if mode.startswith("markdown"):
            raise bad_request("can't parse entities: this simulator reads HTML only")
        if mode not in {"", "none", "html"}:
            raise bad_request("Unsupported parse_mode")
        if mode == "html":
            plain, marks = parse_html(plain)
        end = utf16_length(plain)
        if any(mark["offset"] < 0 or mark["length"] <= 0 or mark["offset"] + mark["length"] > end for mark in marks):
            raise bad_request("ENTITY_BOUNDS_INVALID")
        plain, marks = trim(plain, marks)
        if utf16_length(plain) > most:
            raise bad_request("message caption is too long" if most == MAX_CAPTION_LENGTH else "message is too long")
        return plain, merge_entities(marks, find_entities(plain))

    async def photo(self, source: object) -> Photo:
        """A photo from an upload (`attach://…`) or a file id. Raises `ApiError`."""
        file = self.attached(source)
        return await self.world.files.add_photo(file) if file else self.world.files.photo(str(source))

    async def document(self, source: object) -> Document:
        """A document from an upload (`attach://…`) or a file id. Raises `ApiError`."""
        file = self.attached(source)
        return await self.world.files.add_document(file) if file else self.world.files.document(str(source))

    def attached(self, source: object) -> Upload | None:
        """The upload that `attach://…` names; None for anything else."""
        text = str(source)
        if not text.startswith(ATTACHED):
            return None
        file = self.uploads.get(text.removeprefix(ATTACHED))
        if file is None:
            raise bad_request("media not found")
        if not file.size:
            raise bad_request("file must be non-empty")
        return file

    def post(self, chat: Chat, call: Any, **fields: Any) -> ChatMessage:
        """A new message of the bot, with the fields that all sending methods have."""
        return self.put(chat, **fields, **self.common(chat, call))

    def common(self, chat: Chat, call: Any) -> dict[str, Any]:
        """The fields of a new message that all sending methods have."""
        reply_to = self.reply(chat, call)
        topic = self.topic(chat, call.message_thread_id, reply_to)
        extra = {"has_protected_content": True} if given(call.protect_content) else {}
        effect = getattr(call, "message_effect_id", None)
        if effect and chat.type != "private":
            raise bad_request("message effects can be used only in private chats")
        extra |= {"effect_id": effect} if effect else {}
        return {
            "reply_to": reply_to,
            "topic": topic,
            "extra": extra,
            "force_reply": forced(getattr(call, "reply_markup", None), chat),
        }

    def put(self, chat: Chat, **fields: Any) -> ChatMessage:
        """A new message of the bot as it stands; in a channel it is the channel's."""
        mask = {"sender_chat": chat} if chat.type == "channel" else {}
        message = self.world.post(chat, self.world.bot, **mask, **fields)
        forward_to_discussion(self.world, message)
        return message


def as_id(chat_id: int | str | None) -> int:
    """A chat id that may have come as a string; 0 is nobody's. Raises `ApiError` when there is none."""
    if chat_id is None or chat_id == "":
        raise bad_request("chat_id is empty")
    try:
        return int(chat_id)
    except ValueError:
        return 0


def forced(markup: object, chat: Chat) -> JSON | None:
    """A demand to reply, out of a `reply_markup`; channels take none. Raises `ApiError`."""
    if not isinstance(markup, ForceReply):
        return None
    if chat.type == "channel":
        raise bad_request("inline keyboard expected")
    if (
        markup.input_field_placeholder is not None
        and not 1 <= len(markup.input_field_placeholder) <= MAX_PLACEHOLDER_LENGTH
    ):
        raise bad_request("REPLY_MARKUP_PLACEHOLDER_INVALID")
    return markup.model_dump(exclude_none=True)


def check_standing(chat: Chat, right: Right) -> None:
    """Refuse an action that the bot's membership does not allow (check_chat_access of the official server)."""
    if chat.bot == "kicked" and chat.type == "private":
        if right not in {"read", "members"}:
            raise forbidden("bot was blocked by the user")
    elif chat.bot == "left" and chat.type == "private":
        raise forbidden("bot can't initiate conversation with a user")
    elif chat.bot == "kicked":
        raise forbidden(f"bot was kicked from the {chat.type} chat")
    elif chat.bot == "left":
        raise forbidden(f"bot is not a member of the {chat.type} chat")
    elif chat.type == "channel" and chat.bot != "administrator" and right != "read":
        raise bad_request("need administrator rights in the channel chat")
    elif chat.bot == "restricted" and right not in {"read", "members", "edit"}:
        raise bad_request(f"not enough rights to send {right} to the chat")


def sent(message: ChatMessage) -> JSON:
    """The answer of a sending method."""
    return message_json(message)
