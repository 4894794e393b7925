"""The bot's membership in groups: moves to a supergroup, exclusion, and closed topics."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.demo.chat import groups
from bot.demo.telegram import Chat
from bot.settings import AccessSettings
from storage.job_states import JobState
from tests.support.app_harness import AppHarness, open_app_harness

OLD_GROUP = -1_900_000_005
"""The id of the first group that a test adds."""


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


def a_move_with_word(harness: AppHarness, old: Chat) -> Chat:
    return groups.migrate(harness.telegram.world, old)


def a_move_without_word(harness: AppHarness, old: Chat) -> Chat:
    """Telegram reports the move only in the error to a later send."""
    updates = harness.telegram.world.updates
    allowed, updates.allowed = updates.allowed, frozenset()
    new = groups.migrate(harness.telegram.world, old)
    updates.allowed = allowed
    return new


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("move", [a_move_with_word, a_move_without_word])
async def test_a_job_arrives_in_the_supergroup(tmp_path: Path, move: Callable[..., Chat], count: int) -> None:
    access = AccessSettings(chats=frozenset({OLD_GROUP}))
    async with open_app_harness(tmp_path, access=access) as harness:
        old = harness.telegram.world.add_group("Old", harness.ann, harness.bob, admins=(harness.ann,), type_="group")
        assert old.id == OLD_GROUP
        await harness.app.store.chats.set(old.id, admins_only=True)
        harness.hold()
        await harness.say(f"/imagine foxes --n {count}", chat=old)
        await harness.all_submitted(count)
        await harness.shown("Cancel", old)
        new = move(harness, old)
        await harness.taken_in()
        harness.release()
        result = await harness.ended(chat=new)
        assert len(harness.album(new)) == count
        # The status message moved along, and is deleted as usual.
        assert len(harness.answers(new)) == (1 if count == 1 else count + 1)
        assert not harness.album(old)
        # The new id is allowed, the old settings still apply, and the buttons work.
        await harness.press(result, "Again")
        await harness.telegram.until(lambda: len(harness.album(new)) == 2 * count)
        await harness.say("/imagine a hare", chat=new, who=harness.bob)
        await harness.shown("only admins can ask", new)
        await harness.quiet()
        assert len(harness.tasks) == 2 * count


async def test_what_waits_for_a_group_that_shuts_the_bot_out(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, concurrency=1) as harness:
        world = harness.telegram.world
        harness.hold()
        for words in ("foxes --n 2", "a hare"):
            await harness.say(f"/imagine {words}", chat=harness.group)
            await harness.taken_in()
        await harness.all_submitted(1)
        groups.set_bot_status(world, harness.group, "restricted")
        await harness.taken_in()
        await harness.say("/imagine an owl", chat=harness.group)
        await harness.taken_in()
        harness.release()
        await harness.quiet()
        jobs = [await harness.app.store.jobs.get(number) for number in (1, 2, 3)]
        assert [job and job.state for job in jobs] == [JobState.DELIVERED, JobState.CANCELLED, None]
        for drawn in await harness.app.store.pictures.of_job(1):
            assert drawn.message_id is None
            assert await harness.app.store.pictures.data(drawn.id), "it is kept for the history"
        assert len(harness.tasks) == 2

        groups.set_bot_status(world, harness.group, "member")
        await harness.made("/imagine a goat", chat=harness.group)
        groups.set_bot_status(world, harness.group, "kicked")
        groups.set_bot_status(world, harness.ann.chat, "kicked")
        await harness.taken_in()
        assert (await harness.app.store.chats.rules(harness.ann.id)).muted
        groups.set_bot_status(world, harness.group, "member", by=harness.ming)
        greeting = await harness.shown("/settings", harness.group)
        assert "/imagine" in greeting.text
        assert len([one for one in harness.answers(harness.group) if one.text == greeting.text]) == 1


async def test_a_topic_that_is_closed_ends_a_delivery_quietly(harness: AppHarness) -> None:
    topic = groups.add_topic(harness.telegram.world, harness.group, "Pictures")
    harness.hold()
    await harness.say("/imagine foxes --n 2", chat=harness.group, topic=topic)
    await harness.all_submitted(2)
    for method in ("sendMediaGroup", "sendMessage"):
        harness.telegram.play(
            {"kind": "error", "method": method, "code": 400, "description": "Bad Request: TOPIC_CLOSED"}
        )
    harness.release()
    await harness.quiet()
    job = await harness.app.store.jobs.get(1)
    assert job
    assert job.state is JobState.DELIVERED
    pictures = await harness.app.store.pictures.of_job(1)
    assert [await harness.app.store.pictures.data(one.id) is not None for one in pictures] == [True, True]
    assert len(harness.called("sendMediaGroup")) == 1


async def test_the_updates_that_are_asked_for(harness: AppHarness) -> None:
    wanted = {"message", "callback_query", "my_chat_member", "channel_post"}
    assert wanted <= harness.telegram.world.updates.allowed
    harness.updates = "webhook"
    harness.telegram.world.updates.allowed = frozenset()
    await harness.restart()
    await harness.telegram.until(lambda: harness.telegram.webhook.url)
    assert wanted <= harness.telegram.world.updates.allowed


async def test_a_group_that_lets_the_bot_speak_again_unheard(harness: AppHarness) -> None:
    await harness.app.store.chats.set(harness.group.id, muted=True)
    await harness.made("/imagine a fox", chat=harness.group)
    assert len(harness.album(harness.group)) == 1
    assert not (await harness.app.store.chats.rules(harness.group.id)).muted
