"""The records of access: who was let in or kept out, and who was seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

PersonAccess = Literal["admin", "allowed", "banned"]
GroupAccess = Literal["allowed", "left", "asked"]
"""`left`: the bot works there no more; `asked`: the bot's admins were asked, and have not decided."""
LimitName = Literal["waiting", "daily"]


@dataclass(frozen=True, slots=True)
class Member:
    """What admins have decided about a person. `access` None: nothing; `waiting`, `daily`: limits of their own (0: no
    limit; None: those of the configuration)."""

    access: PersonAccess | None = None
    waiting: int | None = None
    daily: int | None = None


@dataclass(frozen=True, slots=True)
class StoredAccess:
    """All stored decisions. `people` and `groups` by id; `former`: the ids that supergroups had as groups;
    `is_unused`: nobody has used this bot yet."""

    people: Mapping[int, Member]
    groups: Mapping[int, GroupAccess]
    former: Mapping[int, int]
    is_unused: bool


@dataclass(frozen=True, slots=True)
class SeenPerson:
    """A person as admins see them. `name`: theirs at Telegram, None if unknown; `seen_at`: when they wrote or pressed,
    in seconds since 1970, to the hour."""

    id: int
    name: str | None = None
    seen_at: float | None = None
    access: PersonAccess | None = None


@dataclass(frozen=True, slots=True)
class KnownGroup:
    """A group or channel as admins see it; `title` None: unknown."""

    id: int
    title: str | None = None
    access: GroupAccess | None = None


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link that lets people in. `uses_left`: how many more (None: any number); `used`: how many came; `made_by`: the
    admin, 0 if erased; `created_at`: seconds since 1970."""

    id: int
    uses_left: int | None
    used: int
    made_by: int
    created_at: float
