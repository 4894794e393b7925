"""Grouping messages that are one request: an album, or a comment with a forwarded post, arrives as several messages.

Apps send a comment right before the forwarded post, in the same second; several forwarded posts follow one another.
More than ten pictures sent at once arrive as a full album followed by the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from aiogram.types import Message, MessageEntity

from bot.telegram.message_input import pictures_in

FULL_ALBUM = 10
SAME_MOMENT = timedelta(seconds=1)
"""Telegram's dates are whole seconds."""
UPLOAD_TIME = timedelta(seconds=10)
"""How much later the rest of more than ten pictures may arrive."""


@dataclass(frozen=True, slots=True)
class MessageGroup:
    """Messages that are one request, in their order. `comment`: the message whose text is about the others."""

    messages: tuple[Message, ...]
    comment: Message | None = None

    @property
    def main(self) -> Message:
        """The message that the bot replies to: the comment, else the first one with a caption, else the first."""
        return self.comment or next((one for one in self.messages if one.caption), self.messages[0])

    def spoken(self) -> Message:
        """The main message with all captions of an album, a command first."""
        said = [one for one in self.messages if one.caption]
        return _joined(self.main, said) if len(said) > 1 and not (self.comment or is_forward(said[0])) else self.main

    @property
    def is_full(self) -> bool:
        """Whether it ends with a full album of the person's own, after which more pictures may follow."""
        return not is_forward(self.messages[-1]) and len(self.messages) % FULL_ALBUM == 0 and self._is_album

    @property
    def _is_album(self) -> bool:
        return self.comment is None and all(one.media_group_id for one in self.messages)


def is_forward(message: Message) -> bool:
    """Whether a person forwarded it: its text is another author's."""
    return message.forward_origin is not None and not message.is_automatic_forward


def is_comment(message: Message) -> bool:
    """Whether it may be a comment on a message that is forwarded with it."""
    there = message.reply_to_message
    # In a forum, a message that is no reply "replies" to the first message of its topic.
    is_reply = message.external_reply or (there and not there.forum_topic_created)
    return bool(message.text) and not is_reply and not message.via_bot and not is_forward(message)


def follows(album: MessageGroup, message: Message) -> bool:
    """Whether a picture without a caption belongs to the more than ten that were sent at once."""
    is_rest = bool(pictures_in(message)) and not message.caption and not is_forward(message)
    is_rest = is_rest and not message.reply_to_message and not message.external_reply
    return is_rest and album.is_full and message.date - album.messages[-1].date <= UPLOAD_TIME


def group_messages(messages: Sequence[Message]) -> list[MessageGroup]:
    """Group one person's messages, given in the order of their ids, into requests."""
    groups: list[MessageGroup] = []
    for group in _forwards(_albums(messages)):
        last = groups[-1] if groups else None
        both = _both(last, group) if last else None
        groups = [*groups[:-1], both] if both else [*groups, group]
    return groups


def _albums(messages: Sequence[Message]) -> list[MessageGroup]:
    """Group the items of albums; each other message stays alone. Other messages may lie between an album's items."""
    units: dict[str, list[Message]] = {}
    for message in messages:
        units.setdefault(message.media_group_id or f"message {message.message_id}", []).append(message)
    return [MessageGroup(tuple(unit)) for unit in units.values()]


def _forwards(units: Sequence[MessageGroup]) -> list[MessageGroup]:
    """Join groups that were forwarded at once."""
    found: list[MessageGroup] = []
    for unit in units:
        last = found[-1] if found else None
        if last and _is_forwarded(last) and _is_forwarded(unit) and _near(last, unit):
            found[-1] = MessageGroup((*last.messages, *unit.messages))
        else:
            found.append(unit)
    return found


def _both(last: MessageGroup, group: MessageGroup) -> MessageGroup | None:
    """Join two consecutive groups into one request; None if they are two requests."""
    if _is_forwarded(group) and _is_remark(last) and _near(last, group):
        return replace(group, comment=last.messages[0])
    if _is_forwarded(last) and last.comment is None and _is_remark(group) and _near(last, group):
        return replace(last, comment=group.messages[0])
    if all(follows(last, one) for one in group.messages):
        return MessageGroup((*last.messages, *group.messages))
    return None


def _is_forwarded(group: MessageGroup) -> bool:
    return is_forward(group.messages[0])


def _is_remark(group: MessageGroup) -> bool:
    return len(group.messages) == 1 and is_comment(group.messages[0])


def _near(last: MessageGroup, group: MessageGroup) -> bool:
    return group.messages[0].date - last.messages[-1].date <= SAME_MOMENT


def joined_words(captions: Sequence[str]) -> str:
    """The captions of an album, in order, one a line; a command in any of them is put first, once."""
    said = [caption for caption in captions if caption]
    command = next((caption.split()[0] for caption in said if caption.startswith("/")), "")
    return "\n".join(filter(None, [command, *map(_without_command, said)]))


def _joined(main: Message, said: Sequence[Message]) -> Message:
    """The message with the joined captions of several."""
    text = joined_words([one.caption or "" for one in said])
    entities, offset = list[MessageEntity](), 0
    for one in said:
        words = one.caption or ""
        rest = _without_command(words)
        offset = text.index(rest, offset)
        cut = _units(words) - _units(rest)
        by = _units(text[:offset]) - cut
        offset += len(rest)
        entities += [_moved(mark, by) for mark in one.caption_entities or () if mark.offset >= cut]
    return main.model_copy(update={"caption": text, "caption_entities": entities})


def _without_command(words: str) -> str:
    return words.removeprefix(words.split(maxsplit=1)[0]).lstrip() if words.startswith("/") else words


def _moved(mark: MessageEntity, by: int) -> MessageEntity:
    return mark.model_copy(update={"offset": mark.offset + by})


def _units(text: str) -> int:
    """The length in UTF-16 units, as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2
