"""Turns accounts, chats and messages into the JSON of the people's API."""

from collections.abc import Mapping

from bot.demo.bot_api.entities import utf16_slice
from bot.demo.bot_api.model import JSON, Chat, ChatMessage, Draft, InlineQuery, InlineResult, Person, Photo
from bot.demo.bot_api.things import thing_view

BUTTON_FIELDS = {"text": "text", "callback_data": "data", "url": "url", "style": "style"}
SERVICE_WORDS: Mapping[str, str] = {
    "forum_topic_created": "{by} opened the topic “{topic}”",
    "forum_topic_closed": "{by} closed the topic",
    "forum_topic_reopened": "{by} opened the topic again",
    "group_chat_created": "{by} made the group",
    "new_chat_members": "{by} added {who}",
    "left_chat_member": "{by} removed {who}",
    "migrate_to_chat_id": "This group became a supergroup",
    "migrate_from_chat_id": "This supergroup was a group before",
}


def person_view(person: Person) -> JSON:
    """A person."""
    names = {"name": person.name, "username": person.username, "language_code": person.language_code}
    return {"id": person.id, **names}


def chat_view(chat: Chat) -> JSON:
    """A chat with its topics and members."""
    return {
        "id": chat.id,
        "type": chat.type,
        "title": chat.title,
        "person": chat.person.id if chat.person else None,
        "topics": [{"id": id_, "name": name, "closed": id_ in chat.closed} for id_, name in chat.topics.items()],
        "members": [person.id for person in chat.members],
        "admins": [person.id for person in chat.admins],
        "anonymous": [person.id for person in chat.anonymous],
        "bot": chat.bot,
        "linked": chat.linked.id if chat.linked else None,
        "migrated_to": chat.migrated_to,
    }


def message_view(message: ChatMessage) -> JSON:
    """A Message of the people's API."""
    return {
        "id": message.id,
        "chat": message.chat.id,
        "date": message.date,
        "edited": message.edited is not None,
        "from": sender_view(message),
        "author": message.author.id if message.author and message.chat.type != "channel" else None,
        "service": service_view(message),
        "text": message.text or service_words(message) or None,
        "entities": message.entities,
        "photo": photo_view(message.photo),
        "document": document_view(message),
        "thing": _thing(message),
        "album": message.album,
        "reply_to": reply_view(message),
        "topic": message.topic,
        "keyboard": [[button_view(button) for button in row] for row in message.keyboard] if message.keyboard else None,
        "reactions": reactions_view(message),
        "spoiler": message.spoiler,
        "caption_above": message.caption_above,
        "via": message.via.username if message.via else None,
        "only_for": message.only_for.id if message.only_for else None,
        "force_reply": force_reply_view(message),
    }


def _thing(message: ChatMessage) -> JSON | None:
    """What else was sent; of a poll everybody sees who has voted."""
    if poll := message.thing.get("poll"):
        return {"kind": "poll", **poll, "votes": message.votes}
    return thing_view(message.thing)


def photo_view(photo: Photo | None) -> JSON | None:
    """The largest size of a photo."""
    if photo is None:
        return None
    size = photo.largest
    return {"file_id": size.file_id, "width": size.width, "height": size.height, "size": size.size}


def document_view(message: ChatMessage) -> JSON | None:
    """The file."""
    document = message.document
    if document is None:
        return None
    about = {"name": document.name, "mime_type": document.mime_type, "size": document.size}
    return {"file_id": document.file_id, **about}


def reply_view(message: ChatMessage) -> JSON | None:
    """A summary of the message that this one replies to."""
    original = message.chat.messages.get(message.reply_to) if message.reply_to is not None else None
    if original is None:
        return None
    photo = original.photo.largest.file_id if original.photo else None
    media = {"photo": photo, "document": document_view(original), "thing": thing_view(original.thing)}
    return {"id": original.id, "name": sender_name(original), "text": original.text or None, **media}


def reactions_view(message: ChatMessage) -> list[JSON]:
    """The reactions; `by` is an account's id."""
    return [{"emoji": emoji, "by": by} for by, emoji in message.reactions.items()]


def force_reply_view(message: ChatMessage) -> JSON | None:
    """The people who are asked to reply (None: everybody), and the placeholder in their input field.

    A selective one asks the people mentioned in the text and the author of the message replied to.
    """
    if message.force_reply is None:
        return None
    asked: list[int] | None = None
    if message.force_reply.get("selective"):
        original = message.chat.messages.get(message.reply_to or 0)
        names = {
            utf16_slice(message.text, entity["offset"], entity["length"]).lower()
            for entity in message.entities
            if entity["type"] == "mention"
        }
        asked = [
            person.id
            for person in message.chat.members
            if (original and original.sender is person) or f"@{person.username}".lower() in names
        ]
    return {"placeholder": message.force_reply.get("input_field_placeholder"), "asked": asked}


def draft_view(draft: Draft | None) -> JSON | None:
    """The bot's unfinished message, and for how many seconds it will be shown."""
    if draft is None:
        return None
    view = {"id": draft.id, "text": draft.text, "entities": draft.entities}
    return {**view, "left": draft.left, "can_stop": draft.can_stop}


def inline_view(query: InlineQuery) -> JSON:
    """The answer to an inline query; `results` is None when it did not come in time."""
    if query.answer is None:
        return {"id": query.id, "results": None, "next_offset": "", "button": None}
    results = [result_view(result) for result in query.answer.results]
    return {
        "id": query.id,
        "results": results,
        "next_offset": query.answer.next_offset,
        "button": query.answer.button,
    }


def result_view(result: InlineResult) -> JSON:
    """One inline result."""
    words = {"title": result.title, "description": result.description, "text": result.text}
    return {"id": result.id, **words, "photo": photo_view(result.shown)}


def button_view(button: JSON) -> JSON:
    """An inline button."""
    found = {ours: button[theirs] for theirs, ours in BUTTON_FIELDS.items() if button.get(theirs) is not None}
    if button.get("copy_text"):
        found["copy"] = button["copy_text"]["text"]
    queries = (button.get(f"switch_inline_query{where}") for where in ("_current_chat", ""))
    if (query := next((query for query in queries if query is not None), None)) is not None:
        found["inline"] = query
    if button.get("disabled") is not None:
        found["disabled"] = True
    return found


def sender_view(message: ChatMessage) -> JSON:
    """The author shown: a person, the bot, or the chat in whose name it is written."""
    face = message.sender_chat or message.sender
    return {"id": face.id, "name": sender_name(message), "is_bot": message.by_bot and message.sender_chat is None}


def sender_name(message: ChatMessage) -> str:
    """The author's name over the bubble: an anonymous admin writes in the group's name."""
    return message.sender_chat.title if message.sender_chat else message.sender.name


def service_view(message: ChatMessage) -> JSON | None:
    """What a service message tells: its `kind`, of whom, and a topic's name."""
    about = message.service
    if about is None:
        return None
    members = about.get("new_chat_members") or [about.get("left_chat_member") or {}]
    topic = about.get("forum_topic_created") or {}
    kind = next((name for name in SERVICE_WORDS if name in about), "")
    named = {"by": sender_name(message), "who": members[0].get("first_name"), "topic": topic.get("name")}
    return {"kind": kind, **named}


def service_words(message: ChatMessage) -> str:
    """A sentence for a service message."""
    about = service_view(message)
    return SERVICE_WORDS.get(about["kind"], "").format(**about) if about else ""
