"""Who may use the bot: the configuration, and what admins have decided on top."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.access import Access
from bot.settings import AccessSettings, LimitsSettings
from bot.telegram.told_lately import MOST_REMEMBERED, ToldLately
from storage.invitations import Joined
from storage.quota import UNLIMITED, Quota
from storage.store import Store
from tests.support.blank_database import put_blank_database
from tests.support.clock import Clock

BOSS, USER, GUEST, STRANGER = 1, 2, 3, 4
LISTED, GROUP, CHANNEL = -10, -20, -1_000_000_000_030
NAMED = AccessSettings(admins=frozenset({BOSS}), users=frozenset({USER}), chats=frozenset({LISTED}))
Make = Callable[[AccessSettings], Access]


@pytest.fixture
def blank(tmp_path: Path) -> str:
    put_blank_database(tmp_path / "bot.db")
    return f"sqlite:///{tmp_path}/bot.db"


@pytest.fixture
async def store(blank: str) -> AsyncIterator[Store]:
    store = await Store.open(blank)
    yield store
    await store.aclose()


@pytest.fixture
def make(store: Store) -> Make:
    return lambda settings: Access(settings, LimitsSettings(waiting=10, daily=0), store)


async def test_only_those_who_are_named_may_use_it(make: Make) -> None:
    access = make(NAMED)
    await access.refresh()
    assert [access.may_use(who) for who in (BOSS, USER, GUEST, None)] == [True, True, False, False]
    assert [access.may_use(who, LISTED) for who in (BOSS, USER, GUEST, None)] == [True, True, True, True]
    # Where groups are named, these are all.
    assert [access.may_use(who, GROUP) for who in (BOSS, USER, GUEST, None)] == [True, False, False, False]
    assert access.admins() == {BOSS}


async def test_by_default_nobody_may(make: Make) -> None:
    access = make(AccessSettings())
    await access.refresh()
    assert not access.may_use(STRANGER)
    assert not access.may_use(STRANGER, GROUP)
    assert access.awaits_first_admin


async def test_open_to_everyone(make: Make) -> None:
    access = make(AccessSettings(open=True))
    await access.refresh()
    assert access.may_use(STRANGER)
    assert access.may_use(None, CHANNEL)
    assert access.is_open_to(GROUP)
    # Nobody becomes the admin of an open bot by chance.
    assert not access.awaits_first_admin
    listed = make(AccessSettings(open=True, chats=frozenset({LISTED})))
    await listed.refresh()
    assert listed.may_use(STRANGER)
    assert listed.may_use(STRANGER, LISTED)
    assert not listed.may_use(STRANGER, GROUP)


async def test_people_are_let_in_and_out(make: Make) -> None:
    access = make(NAMED)
    assert await access.decide(GUEST, "allowed")
    assert access.may_use(GUEST)
    assert not access.may_use(GUEST, GROUP)
    assert await access.decide(GUEST, None)
    assert not access.may_use(GUEST)
    assert await access.decide(GUEST, "admin")
    assert access.is_admin(GUEST)
    assert access.admins() == {BOSS, GUEST}
    assert access.may_use(GUEST, GROUP)


async def test_a_ban_holds_everywhere(make: Make) -> None:
    access = make(NAMED)
    await access.decide_group(GROUP, "allowed", "Foxes")
    for who in (USER, GUEST):
        assert await access.decide(who, "banned")
        assert access.is_banned(who)
        assert [access.may_use(who, where) for where in (None, LISTED, GROUP)] == [False, False, False]
    for who in (USER, GUEST):
        await access.decide(who, None)
    assert access.may_use(USER)
    assert access.may_use(GUEST, GROUP)


async def test_an_admin_of_the_configuration_can_not_be_banned(make: Make, store: Store) -> None:
    access = make(NAMED)
    assert not await access.decide(BOSS, "banned")
    assert not await access.decide(BOSS, None)
    # Nor by what was stored before the configuration named them.
    await store.members.decide(BOSS, "banned")
    await access.refresh()
    assert access.is_admin(BOSS)
    assert not access.is_banned(BOSS)
    assert access.may_use(BOSS)


async def test_groups_are_let_in_and_left(make: Make) -> None:
    access = make(AccessSettings(admins=frozenset({BOSS}), users=frozenset({USER})))
    await access.refresh()
    # People who were let in may use it in any group; its other members may not.
    assert access.may_use(USER, GROUP)
    assert not access.may_use(GUEST, GROUP)
    assert not access.is_open_to(GROUP)
    await access.decide_group(GROUP, "allowed", None)
    assert access.may_use(GUEST, GROUP)
    await access.decide_group(GROUP, "left", None)
    assert [access.may_use(who, GROUP) for who in (BOSS, USER, GUEST)] == [False, False, False]
    assert not access.is_open_to(GROUP)


async def test_the_supergroup_of_a_named_group(make: Make, store: Store) -> None:
    access = make(NAMED)
    await access.refresh()
    assert not access.may_use(GUEST, CHANNEL)
    await store.chats.migrate(LISTED, CHANNEL)
    await access.refresh()
    assert access.may_use(GUEST, CHANNEL)


async def test_limits_of_ones_own(make: Make) -> None:
    access = make(NAMED)
    await access.refresh()
    assert access.quota(BOSS) == UNLIMITED
    assert access.quota(USER) == Quota(waiting=10, daily=None)
    await access.limit(USER, "waiting", 0)
    await access.limit(USER, "daily", 5)
    assert access.quota(USER) == Quota(waiting=None, daily=5)
    await access.limit(USER, "waiting", None)
    assert access.quota(USER) == Quota(waiting=10, daily=5)
    await access.decide(USER, "admin")
    assert access.quota(USER) == UNLIMITED


async def test_the_first_admin(make: Make) -> None:
    access, another = make(AccessSettings()), make(AccessSettings())
    await access.refresh()
    await another.refresh()
    assert await access.become_first_admin(GUEST)
    assert access.is_admin(GUEST)
    assert not access.awaits_first_admin
    # The other one has not read it yet.
    assert not await another.become_first_admin(STRANGER)
    assert another.admins() == {GUEST}


@pytest.mark.parametrize(
    "settings",
    [
        AccessSettings(open=True),
        AccessSettings(admins=frozenset({BOSS})),
        AccessSettings(users=frozenset({USER})),
        AccessSettings(chats=frozenset({LISTED})),
    ],
)
async def test_nobody_becomes_the_admin_where_the_configuration_names_anybody(
    make: Make, settings: AccessSettings
) -> None:
    access = make(settings)
    await access.refresh()
    assert not await access.become_first_admin(STRANGER)
    assert STRANGER not in access.admins()


async def test_what_is_said_where_people_are_locked_out(make: Make, store: Store) -> None:
    """A bot of before was open to everyone where the configuration named nobody but admins."""
    access = make(AccessSettings(admins=frozenset({BOSS})))
    await access.refresh()
    for who in (BOSS, GUEST, STRANGER):
        await store.people.seen(who, "Name", None, 1.0)
    assert await access.advice() == "", "nobody but the admin has used it"
    for who in (BOSS, GUEST, STRANGER):
        await store.users.speak(who, "en")
    said = await access.advice()
    assert said.startswith("2 people have used this bot and may not any more")
    assert "access.open = true" in said
    await access.decide(STRANGER, "banned")
    assert (await access.advice()).startswith("1 person has used")
    await access.decide_group(GROUP, "allowed", None)
    assert await access.advice() == "", "somebody has begun to let people in"
    assert await make(AccessSettings(admins=frozenset({BOSS}), open=True)).advice() == ""


async def test_invitations(make: Make, store: Store) -> None:
    access = make(NAMED)
    await store.invitations.add("hash", 1, BOSS, 1.0)
    await access.decide(STRANGER, "banned")
    assert await access.join(USER, "hash") is Joined.WAS_IN
    assert await access.join(STRANGER, "hash") is Joined.BANNED
    assert await access.join(GUEST, "another") is Joined.SPENT
    assert await access.join(GUEST, "hash") is Joined.IN
    assert access.may_use(GUEST)
    assert await access.join(5, "hash") is Joined.SPENT


async def test_it_reads_the_store_only_for_news(make: Make, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    reads, real = 0, store.members.all

    async def counted() -> object:
        nonlocal reads
        reads += 1
        return await real()

    monkeypatch.setattr(store.members, "all", counted)
    access = make(NAMED)
    for _ in range(3):
        await access.refresh()
    assert reads == 1
    store.database.backend.tell("queue")
    await access.refresh()
    assert reads == 1
    store.database.backend.tell("everything")
    await access.refresh()
    assert reads == 2


async def test_where_no_news_arrive_it_reads_every_time(
    make: Make, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ban in another process must not wait until the connection for notifications is restored."""
    access = make(AccessSettings(open=True))
    await access.refresh()
    monkeypatch.setattr(type(store.database.backend), "is_connected", False)
    monkeypatch.setattr(store.database.backend, "tell", lambda _topic: None)
    await store.members.decide(GUEST, "banned")
    await access.refresh()
    assert not access.may_use(GUEST)


async def test_news_that_come_while_it_reads_are_read_too(
    make: Make, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = store.members.all

    async def overtaken() -> object:
        stored = await real()
        monkeypatch.setattr(store.members, "all", real)
        await store.members.decide(GUEST, "banned")
        return stored

    monkeypatch.setattr(store.members, "all", overtaken)
    access = make(AccessSettings(open=True))
    await access.refresh()
    assert not access.may_use(GUEST)


def test_nobody_is_told_the_same_again_and_again() -> None:
    clock = Clock()
    told = ToldLately(60, clock)
    assert [told.is_first(1), told.is_first(1), told.is_first(2)] == [True, False, True]
    clock.now += 60
    assert [told.is_first(1), told.is_first(1)] == [True, False]
    for whom in range(10, 10 + MOST_REMEMBERED):
        assert told.is_first(whom)
    assert told.is_first(2)
