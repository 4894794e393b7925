"""The records of likenesses, as the store takes and returns them."""

from dataclasses import dataclass


class LikenessGoneError(Exception):
    """A job would depict somebody who has taken their likeness back, or does not allow the job's chat."""


@dataclass(frozen=True, slots=True)
class NewLikeness:
    """A photo that a person has agreed to keep. `username`: in lower case, None where they have none; `name`: what
    Telegram calls them."""

    user_id: int
    username: str | None
    name: str
    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class AllowedChat:
    """A group in which a likeness may be used."""

    chat_id: int
    title: str


@dataclass(frozen=True, slots=True)
class OwnLikeness:
    """A person's likeness, without its bytes, with the groups in which it may be used."""

    id: int
    user_id: int
    created_at: float
    muted: bool
    chats: tuple[AllowedChat, ...]

    def is_allowed(self, chat_id: int) -> bool:
        """Whether it may be used in this chat."""
        return chat_id == self.user_id or any(one.chat_id == chat_id for one in self.chats)


@dataclass(frozen=True, slots=True)
class LikenessQuestion:
    """The photo that a person was last asked about, and the chat where they showed it."""

    user_id: int
    chat_id: int
    file_id: str
    asked_at: float


@dataclass(frozen=True, slots=True)
class NamedPerson:
    """A person whom a prompt may mean. `likeness_id`: their likeness, None: it was taken back; `is_allowed`: whether it
    may be used in the chat that was asked about."""

    likeness_id: int
    user_id: int | None
    username: str | None
    name: str
    is_allowed: bool


@dataclass(frozen=True, slots=True)
class UseNotice:
    """Somebody else uses a person's likeness in the group `title`. `earlier`: how often it was used there since they
    were last told."""

    likeness_id: int
    user_id: int
    name: str
    title: str
    earlier: int
