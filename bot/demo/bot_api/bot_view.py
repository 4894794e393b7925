"""Turns accounts, chats, messages and presses into the Bot API's JSON."""

from aiogram.types import ExternalReplyInfo

from bot.demo.bot_api.model import (
    JSON,
    Account,
    BotStatus,
    Chat,
    ChatMessage,
    Document,
    InlineQuery,
    Photo,
    PhotoSize,
    Press,
)

ADMIN_RIGHTS = [
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_send_welcome_messages",
]
OWN_RIGHTS = {
    "group": ("can_pin_messages",),
    "supergroup": ("can_pin_messages", "can_manage_topics"),
    "channel": ("can_post_messages", "can_edit_messages"),
}
"""The rights of admins that exist in one type of chat only."""
UNKNOWN_INLINE_ID = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
"""Of an inline result without a keyboard, which only a forged press concerns."""
MEMBER_RIGHTS = [
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_react_to_messages",
    "can_edit_tag",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
]


def account_json(account: Account) -> JSON:
    """A User."""
    user: JSON = {"id": account.id, "is_bot": account.is_bot, "first_name": account.name}
    for name in ("username", "language_code"):
        if value := getattr(account, name):
            user[name] = value
    return user


def chat_json(chat: Chat) -> JSON:
    """A Chat."""
    if chat.person:
        private: JSON = {"id": chat.id, "type": "private", "first_name": chat.person.name}
        return {**private, "username": chat.person.username} if chat.person.username else private
    return {"id": chat.id, "type": chat.type, "title": chat.title, **({"is_forum": True} if chat.topics else {})}


def origin_json(message: ChatMessage) -> JSON:
    """A MessageOrigin: where a forwarded message comes from."""
    date = {"date": int(message.date)}
    if message.chat.type == "channel":
        return {"type": "channel", **date, "chat": chat_json(message.chat), "message_id": message.id}
    if message.sender_chat:
        return {"type": "chat", **date, "sender_chat": chat_json(message.sender_chat)}
    return {"type": "user", **date, "sender_user": account_json(message.sender)}


def external_reply(message: ChatMessage, quote: str = "") -> JSON:
    """The fields of a reply to a message of another chat (ExternalReplyInfo), with a `quote` of it."""
    shown = {**content_json(message), **message.extra}
    kept = {name: value for name, value in shown.items() if name in ExternalReplyInfo.model_fields}
    about = {"origin": origin_json(message), "chat": chat_json(message.chat), "message_id": message.id}
    quoted = {"quote": {"text": quote, "position": 0, "is_manual": True}} if quote else {}
    return {"external_reply": {**kept, **about}, **quoted}


def live_photo(photo: Photo) -> JSON:
    """The field of a live photo; its `photo` field is set beside it (https://core.telegram.org/bots/api#message)."""
    still, largest = [size_json(size) for size in photo.sizes], photo.largest
    film = {"file_id": f"live-{largest.file_id}", "file_unique_id": f"live-{largest.unique_id}", "duration": 3}
    return {"live_photo": {**film, "width": largest.width, "height": largest.height, "photo": still}}


def full_chat_json(chat: Chat) -> JSON:
    """A ChatFullInfo, with the fields that are always there."""
    gifts = ["unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"]
    known = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": dict.fromkeys(gifts, False)}
    linked = {"linked_chat_id": chat.linked.id} if chat.linked else {}
    return {**chat_json(chat), **known, **linked}


def size_json(size: PhotoSize) -> JSON:
    """A PhotoSize."""
    sides = {"width": size.width, "height": size.height, "file_size": size.size}
    return {"file_id": size.file_id, "file_unique_id": size.unique_id, **sides}


def update_kind(message: ChatMessage) -> str:
    """The kind of update that a new message comes in; an edited one has "edited_" before it."""
    return "channel_post" if message.chat.type == "channel" else "message"


def message_json(message: ChatMessage, *, nested: bool = False) -> JSON:
    """A Message, with the one it replies to inside (one level, as Telegram does)."""
    found: JSON = {"message_id": message.id, "date": int(message.date), "chat": chat_json(message.chat)}
    if message.only_for:
        found |= {"message_id": 0, "ephemeral_message_id": message.ephemeral_id}
        found["receiver_user"] = account_json(message.only_for)
    if message.chat.type != "channel":
        found["from"] = account_json(message.sender)
    if message.via:
        found["via_bot"] = account_json(message.via)
    if message.sender_chat:
        found["sender_chat"] = chat_json(message.sender_chat)
    if message.edited is not None:
        found["edit_date"] = int(message.edited)
    if message.album:
        found["media_group_id"] = message.album
    if (thread := thread_of(message)) is not None:
        found["message_thread_id"] = thread
        if message.topic is not None:
            found["is_topic_message"] = True
    if not nested and (original := replied_to(message)):
        found["reply_to_message"] = message_json(original, nested=True)
    return {**found, **content_json(message), **(message.service or {}), **message.extra}


def content_json(message: ChatMessage) -> JSON:
    """The fields for text, picture, file or something else, and the keyboard."""
    found: JSON = {}
    words, entities = ("text", "entities") if message.is_text else ("caption", "caption_entities")
    if message.text:
        found[words] = message.text
    if message.entities:
        found[entities] = message.entities
    if message.photo:
        found["photo"] = [size_json(size) for size in message.photo.sizes]
    if message.document:
        found["document"] = document_json(message.document)
    found |= message.thing
    if message.spoiler:
        found["has_media_spoiler"] = True
    if message.caption_above:
        found["show_caption_above_media"] = True
    if message.keyboard:
        found["reply_markup"] = {"inline_keyboard": message.keyboard}
    return found


def document_json(document: Document) -> JSON:
    """A Document."""
    found: JSON = {"file_id": document.file_id, "file_unique_id": document.unique_id}
    found |= {"file_name": document.name, "mime_type": document.mime_type, "file_size": document.size}
    if document.thumbnail:
        found["thumbnail"] = found["thumb"] = size_json(document.thumbnail)
    return found


def replied_to(message: ChatMessage) -> ChatMessage | None:
    """The message for `reply_to_message`. In a forum topic, a message that replies to nothing "replies" to the topic's
    first message (get_same_chat_reply_to_message_id of the official server)."""
    original = message.reply_to if message.reply_to is not None else message.topic
    return message.chat.messages.get(original) if original is not None and original != message.id else None


def thread_of(message: ChatMessage) -> int | None:
    """`message_thread_id`: the topic in a forum; in other supergroups the first message of a chain of replies."""
    if message.topic is not None:
        return message.topic
    if message.chat.type != "supergroup" or message.reply_to is None:
        return None
    root = message.reply_to
    while (above := message.chat.messages.get(root)) and above.reply_to is not None:
        root = above.reply_to
    return root


def member_json(chat: Chat, account: Account, status: str, *, owner: bool = False) -> JSON:
    """A ChatMember. `status` as in `BotStatus`."""
    found: JSON = {"status": status, "user": account_json(account)}
    hidden = account in chat.anonymous
    if owner:
        return {**found, "status": "creator", "is_anonymous": hidden}
    if status == "administrator":
        rights = dict.fromkeys([*ADMIN_RIGHTS, *OWN_RIGHTS.get(chat.type, ())], True)
        return {**found, "can_be_edited": False, "is_anonymous": hidden, **rights}
    if status == "restricted":
        return {**found, "is_member": True, "until_date": 0, **dict.fromkeys(MEMBER_RIGHTS, False)}
    if status == "kicked":
        return {**found, "until_date": 0}
    return found


def standing_json(chat: Chat, account: Account) -> JSON:
    """A ChatMember of a person, or of the account behind anonymous admins, which is a member nowhere."""
    if account in chat.admins:
        return member_json(chat, account, "administrator", owner=account is chat.admins[0])
    if account in chat.muted:
        return member_json(chat, account, "restricted")
    return member_json(chat, account, "member" if account in chat.members else "left")


def membership_json(chat: Chat, bot: Account, by: Account, was: BotStatus, date: float) -> JSON:
    """A ChatMemberUpdated of the bot itself, for `my_chat_member`."""
    return {
        "chat": chat_json(chat),
        "from": account_json(by),
        "date": int(date),
        "old_chat_member": member_json(chat, bot, was),
        "new_chat_member": member_json(chat, bot, chat.bot),
    }


def press_json(press: Press) -> JSON:
    """A CallbackQuery."""
    who = {"id": press.id, "from": account_json(press.person), "chat_instance": str(press.message.chat.id)}
    if press.message.via:  # an inline result is sent by a person, not by the bot
        return {**who, "inline_message_id": press.message.inline_id or UNKNOWN_INLINE_ID, "data": press.data}
    return {**who, "message": message_json(press.message), "data": press.data}


def inline_json(query: InlineQuery) -> JSON:
    """An InlineQuery."""
    asked = {"query": query.query, "offset": query.offset, "chat_type": query.chat_type}
    return {"id": query.id, "from": account_json(query.person), **asked}
