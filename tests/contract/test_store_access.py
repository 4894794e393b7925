"""Decisions about people and groups, and invitations, on each database; also by two processes at once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from storage.access_records import KnownGroup, Member, SeenPerson
from storage.invitations import Joined
from storage.records import NewReference
from storage.settings_records import ChatRules, Style
from storage.store import STRANGER_LIFETIME_SECONDS, Store
from tests.support.stored_jobs import new_job

ANN, BOB, CYD = 11, 22, 33
GROUP, SUPERGROUP = -55, -1_000_000_000_066


@pytest.fixture
async def stores(database_url: str) -> AsyncIterator[tuple[Store, Store]]:
    """Those of two processes; SQLite has one."""
    one = await Store.open(database_url)
    two = one if one.database.backend.alone else await Store.open(database_url)
    yield one, two
    for store in {one, two}:
        await store.aclose()


@pytest.fixture
def store(stores: tuple[Store, Store]) -> Store:
    return stores[0]


async def test_decisions_are_read_in_one_trip(store: Store) -> None:
    assert (await store.members.all()).is_unused
    await store.members.decide(ANN, "admin")
    await store.members.decide(BOB, "banned")
    await store.members.limit(CYD, "daily", 5)
    await store.members.limit(CYD, "waiting", 0)
    await store.members.decide_group(GROUP, "allowed", "Foxes")
    stored = await store.members.all()
    assert stored.people == {ANN: Member("admin"), BOB: Member("banned"), CYD: Member(None, 0, 5)}
    assert (stored.groups, stored.former, stored.is_unused) == ({GROUP: "allowed"}, {}, False)
    # About whom nothing is decided, nothing is kept.
    await store.members.decide(BOB, None)
    await store.members.limit(CYD, "daily", None)
    await store.members.limit(CYD, "waiting", None)
    assert (await store.members.all()).people == {ANN: Member("admin")}


@pytest.mark.parametrize("uses", [1, 3, None])
async def test_an_invitation_lets_in_as_many_as_it_says(stores: tuple[Store, Store], uses: int | None) -> None:
    await stores[0].invitations.add("hash", uses, ANN, 1.0)
    guests = range(100, 108)
    # Two processes take turns, all at once.
    came = await asyncio.gather(*(stores[guest % 2].invitations.use("hash", guest) for guest in guests))
    assert came.count(Joined.IN) == (uses or len(guests))
    assert came.count(Joined.SPENT) == len(guests) - (uses or len(guests))
    people = (await stores[1].members.all()).people
    assert people == {guest: Member("allowed") for guest, how in zip(guests, came, strict=True) if how is Joined.IN}
    left = await stores[0].invitations.all()
    assert [(one.uses_left, one.used, one.made_by) for one in left] == ([] if uses else [(None, 8, ANN)])


async def test_the_same_person_twice_uses_an_invitation_once(stores: tuple[Store, Store]) -> None:
    await stores[0].invitations.add("hash", 2, ANN, 1.0)
    came = await asyncio.gather(*(store.invitations.use("hash", BOB) for store in (*stores, *stores)))
    assert sorted(how.name for how in came) == ["IN", "WAS_IN", "WAS_IN", "WAS_IN"]
    (left,) = await stores[0].invitations.all()
    assert (left.uses_left, left.used) == (1, 1)


async def test_an_invitation_lifts_no_ban_and_can_be_taken_back(store: Store) -> None:
    number = await store.invitations.add("hash", 5, ANN, 1.0)
    await store.members.decide(BOB, "banned")
    assert await store.invitations.use("hash", BOB) is Joined.BANNED
    assert (await store.members.all()).people[BOB] == Member("banned")
    assert await store.invitations.use("another", CYD) is Joined.SPENT
    assert await store.invitations.is_known("hash")
    assert await store.invitations.revoke(number)
    assert not await store.invitations.revoke(number)
    assert not await store.invitations.is_known("hash")
    assert await store.invitations.use("hash", CYD) is Joined.SPENT
    assert CYD not in (await store.members.all()).people


async def test_of_two_first_people_one_becomes_the_admin(stores: tuple[Store, Store]) -> None:
    # Strangers who were only seen, and groups that have only added the bot, don't count as use.
    await stores[0].people.seen(ANN, "Ann", "en", 1.0)
    await stores[0].chats.set(GROUP, muted=False)
    became = await asyncio.gather(*(stores[who % 2].members.make_first_admin(who) for who in (ANN, BOB, CYD, 44)))
    assert became.count(True) == 1
    assert [one.access for one in (await stores[1].members.all()).people.values()] == ["admin"]


async def _by_a_job(store: Store) -> None:
    assert await store.jobs.add(new_job(1), 1.0)


async def _by_an_erased_person(store: Store) -> None:
    await _by_a_job(store)
    assert await store.jobs.fail(1, {"template": "no", "values": {}})
    await store.jobs.told(1)
    await store.erasure.erase(new_job(1).user_id, 2.0)


async def _by_a_setting(store: Store) -> None:
    await store.users.speak(BOB, "zh")


async def _by_a_style(store: Store) -> None:
    assert await store.styles.keep(BOB, Style("ink", "in ink"), most=2)


async def _by_a_ban(store: Store) -> None:
    await store.members.decide(BOB, "banned")


@pytest.mark.parametrize("used", [_by_a_job, _by_an_erased_person, _by_a_setting, _by_a_style, _by_a_ban])
async def test_a_used_bot_falls_to_no_passer_by(store: Store, used: Callable[[Store], Awaitable[None]]) -> None:
    await used(store)
    assert not (await store.members.all()).is_unused
    assert not await store.members.make_first_admin(ANN)
    assert not any(one.access == "admin" for one in (await store.members.all()).people.values())


async def test_erasing_a_person_keeps_what_was_decided_and_nothing_else(store: Store) -> None:
    await store.people.seen(BOB, "Bob", "en", 1.0)
    await store.members.decide(BOB, "banned")
    await store.members.limit(BOB, "daily", 5)
    await store.invitations.add("hash", 5, BOB, 1.0)
    await store.erasure.erase(BOB, 2.0)
    assert (await store.members.all()).people == {BOB: Member("banned", None, 5)}
    assert await store.people.with_access("banned") == [SeenPerson(BOB, access="banned")]
    assert await store.people.lately() == []
    assert [one.made_by for one in await store.invitations.all()] == [0]


async def test_a_decision_follows_a_group_into_the_supergroup(store: Store) -> None:
    await store.members.decide_group(GROUP, "allowed", "Foxes")
    # The bot hears of the supergroup before it hears that the group has become it.
    assert await store.members.ask_about_group(SUPERGROUP, "Foxes")
    await store.chats.migrate(GROUP, SUPERGROUP)
    stored = await store.members.all()
    assert (stored.groups, stored.former) == ({SUPERGROUP: "allowed"}, {SUPERGROUP: GROUP})
    assert await store.members.groups() == [KnownGroup(SUPERGROUP, "Foxes", "allowed")]
    await store.chats.migrate(GROUP, SUPERGROUP)
    assert (await store.members.all()).groups == {SUPERGROUP: "allowed"}


async def test_a_group_that_the_bot_left_stays_left_as_a_supergroup(store: Store) -> None:
    await store.members.decide_group(GROUP, "left", "Foxes")
    await store.members.decide_group(SUPERGROUP, "allowed", "Foxes")
    await store.chats.migrate(GROUP, SUPERGROUP)
    assert (await store.members.all()).groups == {SUPERGROUP: "left"}


async def test_the_admins_are_asked_about_a_group_once(stores: tuple[Store, Store]) -> None:
    await stores[0].chats.set(GROUP, quiet=True)
    asked = await asyncio.gather(*(store.members.ask_about_group(GROUP, "Foxes") for store in (*stores, *stores)))
    assert asked.count(True) == 1
    assert await stores[1].members.group(GROUP) == KnownGroup(GROUP, "Foxes", "asked")
    assert await stores[1].chats.rules(GROUP) == ChatRules(quiet=True)


async def test_people_as_admins_see_them(store: Store) -> None:
    await store.people.seen(ANN, "Ann" * 40, "en", 1.0)
    await store.people.seen(BOB, "Bob", "zh-hans", 3.0)
    await store.users.speak(BOB, "en")
    await store.people.seen(CYD, "Cyd\x00", None, 2.0)
    await store.members.decide(CYD, "allowed")
    bob, cyd = SeenPerson(BOB, "Bob", 3.0), SeenPerson(CYD, "Cyd", 2.0, "allowed")
    assert await store.people.lately() == [bob, cyd, SeenPerson(ANN, ("Ann" * 40)[:64], 1.0)]
    assert await store.people.with_access("allowed") == [cyd]
    assert await store.people.named([44, BOB]) == [SeenPerson(44), bob]
    assert [await store.users.name(who) for who in (BOB, 44)] == ["Bob", None]
    assert [await store.users.spoken(who) for who in (BOB, CYD, 44)] == ["en", None, None]
    # The settings of a person stay when they are seen.
    await store.people.seen(BOB, "Bob B.", "zh-hans", 4.0)
    assert (await store.users.preferences(BOB)).language == "en"


async def test_strangers_are_forgotten(store: Store) -> None:
    for who in (ANN, BOB, CYD, 44):
        await store.people.seen(who, "A name", "en", 5.0)
    await store.members.decide(ANN, "allowed")
    await store.users.speak(BOB, "zh")
    await store.people.seen(44, "A name", "en", 6.0)
    await store.tidy(5.0 + STRANGER_LIFETIME_SECONDS)
    assert {one.id for one in await store.people.lately()} == {ANN, BOB, 44}


async def test_the_open_jobs_of_a_person(store: Store) -> None:
    job = await store.jobs.add(new_job(1, references=(NewReference("a", 1),)), 1.0)
    assert job
    (found,) = await store.people.open_jobs(job.user_id)
    assert (found.job_id, found.begun) == (job.id, False)
    assert await store.people.open_jobs(BOB) == []
