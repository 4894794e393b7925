"""Defaults of topics, and the ephemeral menus of groups, on each database."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from storage.settings_records import ChatRules, TopicDefaults
from storage.store import Store
from storage.topics import GENERAL_TOPIC

OLD, NEW = -55, -1_000_000_000_066


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.aclose()


async def test_a_topics_defaults_go_before_those_of_its_group(store: Store) -> None:
    chats, topics = store.chats, store.topics
    assert (await topics.get(NEW, 9)).is_empty
    await topics.set(NEW, 9, {"provider": "ark"})
    # The group itself has no settings yet.
    assert await chats.rules(NEW, 9) == ChatRules(provider="ark")
    await chats.set(NEW, provider="fal", quiet=True)
    for name, value in (("n", "4"), ("ar", "1:1")):
        await chats.set_option(NEW, "ark", name, value)
    await asyncio.gather(
        topics.set_option(NEW, 9, provider="ark", name="ar", value="16:9"),
        topics.set_option(NEW, 9, provider="ark", name="size", value="2K"),
        topics.set(NEW, 9, {"style": "ink"}),
    )
    inside = await chats.rules(NEW, 9)
    assert (inside.provider, inside.style, inside.quiet) == ("ark", "ink", True)
    assert inside.options == {"ark": {"ar": "16:9", "size": "2K", "n": "4"}}
    outside = ChatRules(provider="fal", quiet=True, options={"ark": {"n": "4", "ar": "1:1"}})
    assert [await chats.rules(NEW, other) for other in (None, 8, GENERAL_TOPIC)] == [outside] * 3
    await topics.clear(NEW, 9)
    assert await chats.rules(NEW, 9) == outside
    assert (await topics.get(NEW, 9)) == TopicDefaults()


async def test_only_the_general_topic_follows_a_group_into_its_supergroup(store: Store) -> None:
    await store.topics.set(OLD, GENERAL_TOPIC, {"style": "ink"})
    await store.topics.set(OLD, 9, {"style": "oil"})
    for _ in range(2):
        await store.chats.migrate(OLD, NEW)
    # A message that names the former group comes late.
    for chat_id in (OLD, NEW):
        assert (await store.chats.rules(chat_id, GENERAL_TOPIC)).style == "ink"
        assert (await store.chats.rules(chat_id, 9)).style is None
    await store.topics.set(OLD, GENERAL_TOPIC, {"style": "clay"})
    assert (await store.topics.get(NEW, GENERAL_TOPIC)).style == "clay"
    assert (await store.topics.get(OLD, GENERAL_TOPIC)).is_empty


async def test_what_the_supergroup_has_already_stays(store: Store) -> None:
    await store.topics.set(NEW, GENERAL_TOPIC, {"style": "oil"})
    await store.topics.set(OLD, GENERAL_TOPIC, {"style": "ink"})
    await store.chats.migrate(OLD, NEW)
    assert (await store.topics.get(NEW, GENERAL_TOPIC)).style == "oil"


async def test_each_menu_replaces_the_one_before(store: Store) -> None:
    menus = store.menus
    assert await menus.replace(NEW, 7, 1, 10.0) is None
    assert await menus.replace(NEW, 8, 2, 10.0) is None
    assert await menus.replace(NEW, 7, 3, 20.0) == 1
    assert await menus.replace(NEW, 7, 3, 20.0) is None, "the same one is not deleted"
    await menus.forget(10.0)
    assert await menus.replace(NEW, 8, 4, 30.0) is None
    replaced = await asyncio.gather(*(menus.replace(NEW, 7, number, 40.0) for number in (5, 6)))
    assert 3 in replaced
    assert set(replaced) - {3} < {5, 6}, "of two at once the first is replaced by the second"
    await store.erasure.erase(7, 50.0)
    assert await menus.replace(NEW, 7, 9, 60.0) is None
