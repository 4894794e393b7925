"""Who may use the bot, who are its admins, and each person's limits: the configuration, and stored decisions on top."""

import asyncio

from bot.settings import AccessSettings, LimitsSettings
from storage import notifications
from storage.access_records import GroupAccess, LimitName, Member, PersonAccess, StoredAccess
from storage.backend import EVERYTHING
from storage.invitations import Joined
from storage.quota import UNLIMITED, Quota
from storage.store import Store

NOBODY = Member()
NOTHING_STORED = StoredAccess({}, {}, {}, is_unused=False)


class Access:
    """Answers who may do what, from one snapshot of the store. `refresh` comes before every update: a decision in
    another process counts from its notification on, and one in this process at once."""

    def __init__(self, settings: AccessSettings, limits: LimitsSettings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._usual = limits
        self._stored = NOTHING_STORED
        # The snapshot is of version `_read`; notifications ask for later ones.
        self._wanted, self._read = 1, 0
        self._reading = asyncio.Lock()
        store.database.backend.listen(self._on_notification)

    async def refresh(self) -> None:
        """Read the stored decisions again, if there may be new ones. Raises `StoreError`."""
        if not self._store.database.backend.is_connected:
            # A ban by another process must not wait until notifications arrive again.
            self._wanted += 1
        while self._read < self._wanted:
            async with self._reading:
                if self._read < (version := self._wanted):
                    self._stored = await self._store.members.all()
                    self._read = version

    def is_admin(self, user_id: int | None) -> bool:
        """Whether a person is an admin of the bot."""
        return self.is_fixed_admin(user_id) or self._member(user_id).access == "admin"

    def is_fixed_admin(self, user_id: int | None) -> bool:
        """Whether the configuration makes a person an admin: no stored decision changes that."""
        return user_id in self._settings.admins

    def is_fixed_user(self, user_id: int) -> bool:
        """Whether the configuration lets a person in: only a ban changes that."""
        return self._settings.open or user_id in self._settings.users

    def admins(self) -> frozenset[int]:
        """The ids of all admins of the bot: those who are told when something needs them."""
        stored = {user_id for user_id, member in self._stored.people.items() if member.access == "admin"}
        return self._settings.admins | stored

    def fixed(self) -> frozenset[int]:
        """The ids of all people that the configuration names."""
        return self._settings.admins | self._settings.users

    def is_banned(self, user_id: int | None) -> bool:
        """Whether a person is kept out, in groups too."""
        return self._member(user_id).access == "banned" and not self.is_fixed_admin(user_id)

    def may_use(self, user_id: int | None, chat_id: int | None = None) -> bool:
        """Whether a person may use the bot in a group or channel; None: in private and inline mode.

        `user_id` None, for a post in a channel's name, is on no list of people.
        """
        if self.is_banned(user_id) or (chat_id is not None and self.group(chat_id) == "left"):
            return False
        if self.is_admin(user_id) or (chat_id is not None and self.is_open_to(chat_id)):
            return True
        if chat_id is not None and self._settings.chats:
            return False
        is_let_in = self._member(user_id).access == "allowed"
        return self._settings.open or is_let_in or user_id in self._settings.users

    def is_open_to(self, chat_id: int) -> bool:
        """Whether all members of a group or channel may use the bot there."""
        known, chats = self.group(chat_id), self._settings.chats
        if known == "left":
            return False
        listed = chat_id in chats or self._stored.former.get(chat_id) in chats
        return listed or known == "allowed" or (self._settings.open and not chats)

    def group(self, chat_id: int) -> GroupAccess | None:
        """The stored decision about a group or channel."""
        return self._stored.groups.get(chat_id)

    def person(self, user_id: int) -> Member:
        """The stored decision about a person."""
        return self._stored.people.get(user_id, NOBODY)

    def quota(self, user_id: int) -> Quota:
        """The limits of one person; admins have none."""
        if self.is_admin(user_id):
            return UNLIMITED
        own = self._member(user_id)
        waiting = self._usual.waiting if own.waiting is None else own.waiting
        daily = self._usual.daily if own.daily is None else own.daily
        return Quota(waiting or None, daily or None)

    @property
    def usual(self) -> LimitsSettings:
        """The limits of a person without limits of their own; 0: no limit."""
        return self._usual

    @property
    def undecided_groups(self) -> int:
        """How many groups wait for the decision of an admin."""
        return sum(access == "asked" for access in self._stored.groups.values())

    @property
    def awaits_first_admin(self) -> bool:
        """Whether the first `/start` makes an admin: the configuration names nobody, and nobody has used the bot."""
        named = self._settings.open or self.fixed() or self._settings.chats
        return not named and self._stored.is_unused

    async def advice(self) -> str:
        """A sentence for the log where nobody can look after the bot, somebody can become its admin, or all who used it
        are locked out; else empty. Raises `StoreError`."""
        if self.awaits_first_admin:
            return "nobody may use this bot yet; the first person who sends it /start becomes its admin"
        if self._settings.open:
            return ""
        if not self.admins():
            return "this bot has no admin; set access.admins (Telegram user IDs), or access.open = true for everybody"
        count = 0 if self._is_anybody_let_in else await self._store.people.undecided(self.fixed())
        if not count:
            return ""
        who = "1 person has used" if count == 1 else f"{count} people have used"
        return (
            f"{who} this bot and may not any more: it is by invitation; let people in by /admin, or set "
            "access.open = true for everybody"
        )

    # decisions; they count at once

    async def decide(self, user_id: int, access: PersonAccess | None) -> bool:
        """Store a decision about a person; None: as the configuration says. False: it makes them an admin."""
        if self.is_fixed_admin(user_id):
            return False
        await self._store.members.decide(user_id, access)
        await self.refresh()
        return True

    async def limit(self, user_id: int, name: LimitName, most: int | None) -> None:
        """Store a limit of a person; 0: no limit, None: the usual one."""
        await self._store.members.limit(user_id, name, most)
        await self.refresh()

    async def decide_group(self, chat_id: int, access: GroupAccess, title: str | None) -> None:
        """Store a decision about a group or channel."""
        await self._store.members.decide_group(chat_id, access, title)
        await self.refresh()

    async def ask_about_group(self, chat_id: int, title: str | None) -> bool:
        """Note that the admins are asked about a group. False: they were before."""
        first = await self._store.members.ask_about_group(chat_id, title)
        await self.refresh()
        return first

    async def become_first_admin(self, user_id: int) -> bool:
        """Make a person the first admin. False: somebody was before, or has used the bot."""
        became = self.awaits_first_admin and await self._store.members.make_first_admin(user_id)
        await self.refresh()
        return became

    async def join(self, user_id: int, token_hash: str) -> Joined:
        """Let a person in by an invitation."""
        if self.is_banned(user_id):
            return Joined.BANNED
        if self.may_use(user_id):
            return Joined.WAS_IN
        if not await self._store.invitations.is_known(token_hash):
            return Joined.SPENT
        joined = await self._store.invitations.use(token_hash, user_id)
        await self.refresh()
        return joined

    @property
    def _is_anybody_let_in(self) -> bool:
        """Whether anybody but admins may use the bot."""
        is_let_in = any(member.access == "allowed" for member in self._stored.people.values())
        groups = self._settings.chats or "allowed" in self._stored.groups.values()
        return bool(self._settings.users or groups or is_let_in)

    def _member(self, user_id: int | None) -> Member:
        return NOBODY if user_id is None else self.person(user_id)

    def _on_notification(self, topic: str) -> None:
        if topic in {notifications.ACCESS, EVERYTHING}:
            self._wanted += 1
