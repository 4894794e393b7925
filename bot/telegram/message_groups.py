"""What belongs together: Telegram sends an album, or a comment with a forwarded post, as messages of their own.

Apps send a comment right before what it is about, in the same second; several forwarded posts follow one another. More
than ten pictures chosen at once come as a full album and another one behind it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from aiogram.types import Message, MessageEntity

from bot.telegram.message_input import pictures_in

FULL_ALBUM = 10
AT_ONCE = timedelta(seconds=1)
"""Telegram's dates are whole seconds."""
UPLOAD = timedelta(seconds=10)
"""How long the rest of more than ten pictures may take to come up."""


@dataclass(frozen=True, slots=True)
class MessageGroup:
    """Messages that are one wish, in their order. `comment`: the one whose words are about the others."""

    messages: tuple[Message, ...]
    comment: Message | None = None

    @property
    def main(self) -> Message:
        """What the answer replies to: the comment, else the first message with words, else the first."""
        return self.comment or next((one for one in self.messages if one.caption), self.messages[0])

    def spoken(self) -> Message:
        """The main message with all words of an album, a command in front."""
        said = [one for one in self.messages if one.caption]
        return _joined(self.main, said) if len(said) > 1 and not (self.comment or is_forward(said[0])) else self.main

    @property
    def is_full(self) -> bool:
        """Whether it ends with a full album of a person's own, behind which more of it may come."""
        return not is_forward(self.messages[-1]) and len(self.messages) % FULL_ALBUM == 0 and self._is_album

    @property
    def _is_album(self) -> bool:
        return self.comment is None and all(one.media_group_id for one in self.messages)


def is_forward(message: Message) -> bool:
    """Whether a person forwarded it: its words are somebody else's."""
    return message.forward_origin is not None and not message.is_automatic_forward


def is_comment(message: Message) -> bool:
    """Whether it may be about what is forwarded with it."""
    there = message.reply_to_message
    # In a forum what replies to nothing "replies" to the beginning of its topic.
    is_reply = message.external_reply or (there and not there.forum_topic_created)
    return bool(message.text) and not is_reply and not message.via_bot and not is_forward(message)


def follows(album: MessageGroup, message: Message) -> bool:
    """Whether a picture without words is the rest of more than ten that were sent at once."""
    is_rest = bool(pictures_in(message)) and not message.caption and not is_forward(message)
    is_rest = is_rest and not message.reply_to_message and not message.external_reply
    return is_rest and album.is_full and message.date - album.messages[-1].date <= UPLOAD


def sorted_out(messages: Sequence[Message]) -> list[MessageGroup]:
    """The wishes in one person's messages, which come in the order of their ids."""
    groups: list[MessageGroup] = []
    for group in _forwards(_albums(messages)):
        last = groups[-1] if groups else None
        both = _both(last, group) if last else None
        groups = [*groups[:-1], both] if both else [*groups, group]
    return groups


def _albums(messages: Sequence[Message]) -> list[MessageGroup]:
    """Albums, and each other message alone. Other messages may come between the items of an album."""
    units: dict[str, list[Message]] = {}
    for message in messages:
        units.setdefault(message.media_group_id or f"message {message.message_id}", []).append(message)
    return [MessageGroup(tuple(unit)) for unit in units.values()]


def _forwards(units: Sequence[MessageGroup]) -> list[MessageGroup]:
    """What was forwarded at once becomes one."""
    found: list[MessageGroup] = []
    for unit in units:
        last = found[-1] if found else None
        if last and _is_forwarded(last) and _is_forwarded(unit) and _near(last, unit):
            found[-1] = MessageGroup((*last.messages, *unit.messages))
        else:
            found.append(unit)
    return found


def _both(last: MessageGroup, group: MessageGroup) -> MessageGroup | None:
    """Two that follow one another as one wish; None where they are two."""
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
    return group.messages[0].date - last.messages[-1].date <= AT_ONCE


def joined_words(captions: Sequence[str]) -> str:
    """The captions of an album, in order, one a line; a command of any of them comes first, and is said once."""
    said = [caption for caption in captions if caption]
    command = next((caption.split()[0] for caption in said if caption.startswith("/")), "")
    return "\n".join(filter(None, [command, *map(_without_command, said)]))


def _joined(main: Message, said: Sequence[Message]) -> Message:
    """The message with the captions of several."""
    text = joined_words([one.caption or "" for one in said])
    entities, place = list[MessageEntity](), 0
    for one in said:
        words = one.caption or ""
        rest = _without_command(words)
        place = text.index(rest, place)
        cut = _units(words) - _units(rest)
        by = _units(text[:place]) - cut
        place += len(rest)
        entities += [_moved(mark, by) for mark in one.caption_entities or () if mark.offset >= cut]
    return main.model_copy(update={"caption": text, "caption_entities": entities})


def _without_command(words: str) -> str:
    return words.removeprefix(words.split(maxsplit=1)[0]).lstrip() if words.startswith("/") else words


def _moved(mark: MessageEntity, by: int) -> MessageEntity:
    return mark.model_copy(update={"offset": mark.offset + by})


def _units(text: str) -> int:
    """The length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2
