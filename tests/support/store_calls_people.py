"""Calls of the store's operations on people, groups and who may use the bot."""

from storage.invitations import Joined
from storage.records import NewReference
from storage.settings_records import Style
from storage.store import Store
from tests.support.stored_jobs import finished


async def people(store: Store, n: int) -> None:
    people = store.users
    await people.choose(n, "ark")
    await people.speak(n, "zh")
    await people.deliver(n, "both")
    await people.cover(n, True)
    await people.show_drafts(n, True)
    await people.live_in(n, "Asia/Shanghai")
    await people.set_option(n, "ark", "n", "4")
    assert (await people.preferences(n)).options
    assert await store.styles.keep(n, Style("ink", "in ink"), most=2)
    assert await store.styles.of(n)
    assert await store.styles.drop(n, "ink")


async def data_of_people(store: Store, n: int) -> None:
    # Another number of jobs at each time: so many are on a page.
    for number in range(n, n + n // 100):
        await finished(store, number, user=n)
    assert [len(page) async for page in store.exports.pictures(n)] == [n // 100]
    assert await store.exports.waiting_words(n) == []
    assert await store.usage.since(0.0)
    await store.counts.queue()
    assert await store.usage.since(0.0, n)
    assert await store.erasure.count(n)
    assert not await store.erasure.is_under_way(n)
    await store.erasure.erase(n, float(n))
    await store.erasure.forget(float(n))


async def groups(store: Store, n: int) -> None:
    old, new = -n, -1_000_000 - n
    await store.posted.add(old, "album", NewReference("a", n), float(n))
    await store.chats.set(old, quiet=True, provider="ark")
    await store.chats.set_option(old, "ark", "n", "4")
    assert (await store.chats.rules(old)).quiet
    assert await store.chats.open_jobs(old) == []
    await store.topics.set(old, 1, {"provider": "ark"})
    await store.topics.set(old, 1, {"style": "ink"})
    await store.topics.set_option(old, 1, provider="ark", name="n", value="2")
    assert (await store.topics.get(old, 1)).style == "ink"
    assert (await store.chats.rules(old, 1)).style == "ink"
    assert await store.menus.replace(old, n, 1, float(n)) is None
    await store.chats.migrate(old, new)
    assert (await store.chats.now(old))[0] == new
    assert await store.chats.former(new) == old
    await store.topics.clear(new, 1)
    await store.menus.forget(float(n))
    assert await store.posted.album(new, "album")
    await store.posted.forget(n + 1.0)


async def access(store: Store, n: int) -> None:
    members, invitations, people = store.members, store.invitations, store.people
    await members.decide(n, "allowed")
    await members.limit(n, "waiting", 3)
    assert not await members.make_first_admin(n)
    assert await members.ask_about_group(-n, "Foxes")
    await members.decide_group(-n, "allowed", "Foxes")
    await members.name_group(-n, "Owls")
    assert await members.groups()
    assert (await members.group(-n)).title == "Owls"
    assert (await members.all()).groups[-n] == "allowed"
    await people.seen(n, "Ann", "en", float(n))
    assert await people.lately()
    assert await people.with_access("allowed")
    assert await people.named([n])
    assert await people.open_jobs(n) == []
    assert await people.undecided({n}) == await people.undecided(())
    assert (await store.users.name(n), await store.users.spoken(n)) == ("Ann", "en")
    await people.seen(n + 1, "Bob", "en", float(n))
    await people.forget_strangers(float(n))
    invitation = await invitations.add(f"hash {n}", 1, n, float(n))
    assert await invitations.all()
    assert await invitations.is_known(f"hash {n}")
    assert await invitations.use(f"hash {n}", n + 1) is Joined.IN
    assert not await invitations.revoke(invitation)
