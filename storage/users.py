"""The settings of people."""

from functools import cache

from sqlalchemy import Executable, bindparam, func, select

from storage.connection import Connection, Transaction
from storage.operations import Operations, reads, writes
from storage.schema import users
from storage.settings_records import Delivery, Preferences, with_option
from storage.statements import upsert

_GET = select(*(users.c[name] for name in Preferences.__slots__)).where(users.c.id == bindparam("user_id"))

_NAME = select(users.c.name).where(users.c.id == bindparam("user_id"))
_SPOKEN = select(func.coalesce(users.c.language, users.c.seen_language)).where(users.c.id == bindparam("user_id"))


class Users(Operations):
    """The settings of the people of one database."""

    @reads
    async def preferences(self, connection: Connection, user_id: int) -> Preferences:
        """The settings of this person; the defaults where none were made."""
        return await preferences_of(connection, user_id)

    async def name(self, user_id: int) -> str | None:
        """The name that this person had when they were last seen; None: unknown."""
        name: str | None = (await self._db.fetch(_NAME, {"user_id": user_id})).scalar_one_or_none()
        return name

    async def spoken(self, user_id: int) -> str | None:
        """The language that this person has chosen, else that of their Telegram; None: unknown."""
        language: str | None = (await self._db.fetch(_SPOKEN, {"user_id": user_id})).scalar_one_or_none()
        return language

    async def choose(self, user_id: int, provider: str | None) -> None:
        """Store the provider of this person's jobs (None: the bot's default)."""
        await self._store(user_id, "provider", provider)

    async def speak(self, user_id: int, language: str | None) -> None:
        """Store the language of the bot's messages to this person (None: Telegram's)."""
        await self._store(user_id, "language", language)

    async def deliver(self, user_id: int, delivery: Delivery | None) -> None:
        """Store how this person's results come (None: as an album)."""
        await self._store(user_id, "delivery", delivery)

    async def cover(self, user_id: int, spoiler: bool) -> None:
        """Store whether a spoiler covers this person's results."""
        await self._store(user_id, "spoiler", spoiler)

    async def show_drafts(self, user_id: int, drafts: bool) -> None:
        """Store whether progress in this person's private chat is a draft; else it is a message."""
        await self._store(user_id, "drafts", drafts)

    async def live_in(self, user_id: int, time_zone: str | None) -> None:
        """Store the time zone of this person, by its IANA name (None: UTC)."""
        await self._store(user_id, "time_zone", time_zone)

    async def _store(self, user_id: int, name: str, value: object) -> None:
        await self._db.execute(_set(name), _values(user_id, value))

    @writes
    async def set_option(
        self, connection: Transaction, user_id: int, provider: str, name: str, value: str | None
    ) -> None:
        """Store the value of an option of this provider for prompts that name none (None: the provider's default)."""
        # Two presses at once must not overwrite each other.
        await connection.lock(f"person {user_id}")
        known = (await preferences_of(connection, user_id)).options
        await connection.execute(_set("options"), _values(user_id, with_option(known, provider, name, value)))


@cache
def _set(name: str) -> Executable:
    """The statement that stores one setting."""
    new = upsert(users, "last_turn", id=bindparam("user_id"), **{name: bindparam("new")})
    return new.on_conflict_do_update(index_elements=["id"], set_={name: bindparam("new")})


def _values(user_id: int, value: object) -> dict[str, object]:
    return {"user_id": user_id, "last_turn": 0.0, "new": value}


async def preferences_of(connection: Connection, user_id: int) -> Preferences:
    """The settings of this person, within a step."""
    row = (await connection.execute(_GET, {"user_id": user_id})).mappings().first()
    # NULL is the default.
    return Preferences(**{name: value for name, value in (row or {}).items() if value is not None})
