"""Groups: what admins set, the queue, notices, quiet, moves to a supergroup, and how the bot stands."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.demo.chat import groups
from bot.demo.telegram import Chat, ChatMessage, Delay
from bot.handlers.request_service import RequestService
from bot.settings import AccessSettings
from storage.job_states import JobState
from storage.settings_records import ChatRules, Preferences
from tests.support.app_harness import AppHarness, open_app_harness, picture

OLD_GROUP = -1_900_000_005
"""The id of the first group that a test adds to a house."""


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


async def page_of(harness: AppHarness, **how: Any) -> ChatMessage:
    await harness.say("/settings", chat=harness.group, **how)
    await harness.taken_in()
    return await harness.shown("Settings of this group", harness.group)


async def press(harness: AppHarness, page: ChatMessage, label: str) -> str:
    """Ann presses a button; waits for the page that follows and returns the answer's words."""
    before = page.text, page.buttons
    answer = await harness.press(page, label)
    await harness.telegram.until(lambda: (page.text, page.buttons) != before)
    return answer.text


async def hears(harness: AppHarness, words: str, ask: str = "/imagine an owl", **how: Any) -> ChatMessage:
    """Bob asks in the group and is told this."""
    await harness.say(ask, chat=harness.group, **{"who": harness.bob, **how})
    return await harness.shown(words, harness.group)


async def test_an_admin_sets_what_holds_and_nobody_else(harness: AppHarness) -> None:
    page = await page_of(harness, anonymous=True)
    refused = await harness.press(page, "ar: automatic", harness.bob)
    assert (refused.alert, refused.text) == (True, "Only admins of this group can change its settings.")
    await press(harness, page, "ar: automatic")
    assert await press(harness, page, "16:9") == "Saved."
    assert "ar: 16:9" in page.buttons
    await harness.made("/imagine a fox", chat=harness.group, who=harness.bob)
    await harness.app.store.users.set_option(harness.bob.id, "jimeng", "ar", "1:1")
    await harness.made("/imagine a hare", chat=harness.group, who=harness.bob)
    await harness.made("/imagine an owl --ar 9:16", chat=harness.group, who=harness.bob)
    await harness.made("a goat")
    wide, own, typed, private = [(submit.get("width", 1), submit.get("height", 1)) for submit in harness.submitted()]
    assert wide[0] > wide[1]
    assert own[0] == own[1], "one's own settings go before the group's"
    assert typed[0] < typed[1]
    assert private[0] == private[1]
    (row,) = [row for row in page.keyboard or [] if "url" in row[0]]
    assert row[0]["url"] == "https://t.me/imagine_demo_bot?start=settings"


async def test_who_may_ask_and_a_pause(harness: AppHarness) -> None:
    made = await harness.made("/imagine a fox", chat=harness.group, who=harness.bob)
    page = await page_of(harness)
    await press(harness, page, "Pause")
    assert "I'm paused" in page.text
    await hears(harness, "The admins have paused me here.")
    for label in ("Again", "Edit"):
        told = await harness.press(made, label, harness.bob)
        assert (told.alert, told.text) == (True, "The admins have paused me here.")
    await press(harness, page, "Resume")
    await press(harness, page, "Who can use me: everyone")
    await hears(harness, "In this group only admins can ask")
    await harness.made("/imagine a hare", chat=harness.group, anonymous=True)
    assert (await harness.press(made, "Again", harness.bob)).alert
    await harness.quiet()
    assert [submit["prompt"] for submit in harness.submitted()] == ["a fox", "a hare"]
    # Telegram showed the notice to all, where it can't show it to one.
    assert len([one for one in harness.answers(harness.group) if "only admins can ask" in one.text]) == 1


async def test_the_groups_service_is_for_who_has_chosen_none(tmp_path: Path) -> None:
    more = {"access_key": "a", "secret_key": "b", "type": "jimeng"}
    async with open_app_harness(tmp_path, providers={"second": more}) as harness:
        page = await page_of(harness)
        await press(harness, page, "Service")
        await press(harness, page, "Jimeng (second)")
        assert "Service: Jimeng (second)" in page.text
        rules = await harness.app.store.chats.rules(harness.group.id)
        requests: RequestService = harness.app.dispatcher.workflow_data["requests"]
        assert requests.service_of(Preferences(), rules) == "second"
        assert requests.service_of(Preferences(provider="jimeng"), rules) == "jimeng"


async def test_one_topic_only(harness: AppHarness) -> None:
    topic = groups.add_topic(harness.telegram.world, harness.group, "Pictures")
    page = await page_of(harness, topic=topic)
    await press(harness, page, "Only in this topic: off")
    told = await hears(harness, "In this group I only work in one topic.")
    address = f"https://t.me/c/{str(harness.group.id)[4:]}/{topic}"
    assert [mark["url"] for mark in told.entities if mark["type"] == "text_link"] == [address]
    made = await harness.made("/imagine an owl", chat=harness.group, who=harness.bob, topic=topic)
    assert made.topic == topic
    elsewhere = await page_of(harness)
    await press(harness, elsewhere, "Only in this topic: off")
    assert await harness.app.store.chats.rules(harness.group.id) == ChatRules(thread_id=1)
    await press(harness, elsewhere, "Only in this topic: on")
    assert await harness.app.store.chats.rules(harness.group.id) == ChatRules()


async def test_the_queue_is_seen_and_cleared(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, concurrency=1) as harness:
        harness.hold()
        for words in ("a fox", "a <b> hare", "an owl"):
            await harness.say(f"/imagine {words}", chat=harness.group, who=harness.bob)
            await harness.taken_in()
        await harness.say("a goat")
        await harness.all_submitted(1)
        await harness.taken_in()
        page = await page_of(harness)
        await press(harness, page, "Queue: 3")
        first, *others = page.text.splitlines()[2:]
        assert first == "1. Bob: a fox · 🎨 drawing"
        assert others == ["2. Bob: a <b> hare · ⏳ waiting", "3. Bob: an owl · ⏳ waiting"]
        await press(harness, page, "Clear the queue")
        assert (await harness.press(page, "Yes, cancel them", harness.bob)).alert
        assert await press(harness, page, "Yes, cancel them") == "Cancelled: 2"
        assert page.text.splitlines()[2:] == [first]
        harness.release()
        await harness.quiet()
        told = [one for one in harness.answers(harness.group) if "A group admin cancelled" in one.text]
        assert len(told) == 2
        assert [submit["prompt"] for submit in harness.submitted()] == ["a fox", "a goat"]


async def test_quiet(harness: AppHarness) -> None:
    page = await page_of(harness)
    await press(harness, page, "Quiet: off")
    since = harness.now
    harness.hold()
    harness.learn(10, 10, 10)
    await harness.say("/imagine foxes --n 2", chat=harness.group, who=harness.bob)
    status = await harness.shown("Cancel", harness.group)
    await harness.say("a hare")
    await harness.telegram.until(lambda: str(harness.ann.id) in edits(harness, since))
    assert str(harness.group.id) not in edits(harness, since)
    assert status.buttons == ["Cancel"]
    harness.release()
    await harness.ended(chat=harness.group)
    sent = [
        call.request
        for call in harness.called("sendMessage", "sendMediaGroup", since=since)
        if str(call.request["chat_id"]) == str(harness.group.id)
    ]
    assert len(sent) == 3
    assert all(request["disable_notification"] for request in sent)


async def test_of_two_presses_at_once_both_are_shown(harness: AppHarness) -> None:
    page = await page_of(harness)
    harness.telegram.play(Delay(method="editMessageText", seconds=0.1))
    presses = [harness.telegram.press(harness.ann, page, label) for label in ("Quiet: off", "Who can use me: everyone")]
    await harness.telegram.until(lambda: all(press.answer for press in presses))
    await harness.quiet()
    assert page.buttons[:2] == ["Who can use me: admins only", "Quiet: on"]


def edits(harness: AppHarness, since: int) -> list[str]:
    """The chats in which a message was edited."""
    return [str(call.request["chat_id"]) for call in harness.called("editMessageText", since=since)]


def a_move_with_word(harness: AppHarness, old: Chat) -> Chat:
    return groups.migrate(harness.telegram.world, old)


def a_move_without_word(harness: AppHarness, old: Chat) -> Chat:
    """Telegram tells of it only when something is sent."""
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
        # The status message came along, and is gone like any other.
        assert len(harness.answers(new)) == (1 if count == 1 else count + 1)
        assert not harness.album(old)
        # The new id counts as allowed, and so do the old settings; the buttons work.
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


async def test_the_job_of_an_anonymous_admin_is_all_admins(harness: AppHarness) -> None:
    made = await harness.made("/imagine a fox", chat=harness.group, anonymous=True)
    assert (await harness.press(made, "Again", harness.bob)).alert
    assert not (await harness.press(made, "Again")).alert
    await harness.quiet()
    assert len(harness.tasks) == 2
    # It is the group's again, and who has pressed is not named.
    assert (await harness.press(harness.answers(harness.group)[-1], "Again", harness.bob)).alert
    assert not any("Ann" in one.text for one in harness.answers(harness.group))


async def test_a_channel(harness: AppHarness) -> None:
    channel = harness.telegram.world.add_channel(
        "Pictures", harness.ann, admins=(harness.ann,), discussion=harness.group
    )
    await harness.say("/imagine a fox", chat=channel)
    result = await harness.ended(chat=channel)
    await harness.press(result, "Again")
    await harness.telegram.until(lambda: len(harness.tasks) == 2)
    await harness.quiet()
    # What Telegram forwards into the group that talks about it was meant for the channel.
    assert harness.telegram.messages(harness.group)[0].text == "/imagine a fox"
    assert len(harness.tasks) == 2
    assert harness.answers(harness.group) == []


async def test_in_a_channel_an_edit_is_a_reply_with_the_command(harness: AppHarness) -> None:
    """Telegram has no demands for a reply in channels, and what else is posted there is not meant for the bot."""
    channel = harness.telegram.world.add_channel("Pictures", harness.ann, harness.bob, admins=(harness.ann,))
    result = await harness.made("/imagine foxes --n 2", chat=channel)
    for label in ("Edit", "1"):
        told = await harness.press(result, label)
    assert (told.alert, told.text) == (True, "In a channel, reply to the picture with /imagine and your words.")
    assert result.buttons[0] == "🔁 Again"
    for picture_, count in ((harness.album(channel)[0], 1), (result, 2)):
        await harness.made("/imagine at night", chat=channel, reply_to=picture_)
        assert len(harness.tasks[-1].references) == count
    # Without words the way is told, as there is nothing to reply to.
    await harness.say("/imagine", chat=channel, reply_to=result)
    await harness.shown("In a channel, reply to the picture", channel)


async def test_who_is_not_named_is_answered_in_the_language_of_the_words(harness: AppHarness) -> None:
    """Posts of channels name no author, and anonymous admins are all one account; not every app tells the language."""
    harness.ann.language_code = ""
    result = await harness.made("雪地里的狐狸")
    await harness.press(result, "再来一次")
    await harness.quiet()
    assert "🔁 再来一次" in harness.answers()[-1].buttons
    channel = harness.telegram.world.add_channel("Pictures", harness.ann, admins=(harness.ann,))
    harness.telegram.write_as_group(harness.ann, harness.group)
    for chat in (channel, harness.group):
        assert "🔁 再来一次" in (await harness.made("/imagine 雪地里的狐狸", chat=chat)).buttons
        assert "🔁 Again" in (await harness.made("/imagine a fox", chat=chat)).buttons
    assert "🔁 Again" in (await harness.made("/imagine 雪の中のキツネ", chat=channel)).buttons


async def test_readers_of_a_channel_make_nothing_appear_in_it(harness: AppHarness) -> None:
    channel = harness.telegram.world.add_channel("Pictures", harness.ann, harness.bob, admins=(harness.ann,))
    result = await harness.made(f"/imagine {'a fox in the snow ' * 20}", chat=channel)
    for label in ("Again", "Edit", "Shape", "☆", "Files", "Copy", "🗑"):
        assert (await harness.press(result, label, harness.bob)).alert, label
    await harness.quiet()
    assert harness.answers(channel) == [result]
    assert not (await harness.press(result, "Files")).alert
    await harness.quiet()
    assert harness.answers(channel)[-1].document


async def test_a_channel_is_on_no_list_of_people(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, access=AccessSettings(users=frozenset({510_000_001}))) as harness:
        channel = harness.telegram.world.add_channel("Pictures", harness.ann, admins=(harness.ann,))
        await harness.say("/imagine a fox", chat=channel)
        await harness.quiet()
        assert harness.tasks == []


async def test_notices_are_for_one_where_telegram_can_do_that(harness: AppHarness) -> None:
    since = harness.now
    await hears(harness, "There is no --colour", "/imagine a fox --colour red", reply_to=None)
    await harness.quiet()
    calls = harness.called("sendMessage", since=since)
    assert calls[0].request["ephemeral_message_parameters"]["receiver_user_id"] == harness.bob.id
    # Nobody knows who wrote in the group's name, and pictures wait for an answer that all may see.
    since = harness.now
    await hears(harness, "There is no --shade", "/imagine a fox --shade red", who=harness.ann, anonymous=True)
    await harness.say("/imagine", picture(3), chat=harness.group, who=harness.bob)
    await harness.shown("What should I make of it?", harness.group)
    assert not any(
        "ephemeral_message_parameters" in call.request for call in harness.called("sendMessage", since=since)
    )


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


async def test_files_where_none_may_be_sent(harness: AppHarness) -> None:
    result = await harness.made("/imagine a fox", chat=harness.group)
    words = "Bad Request: not enough rights to send documents to the chat"
    harness.telegram.play({"kind": "error", "method": "sendDocument", "code": 400, "description": words})
    await harness.press(result, "Files")
    await harness.shown("I can't send files in this chat, but", harness.group)


async def test_ones_own_settings_are_not_shown_in_a_group(harness: AppHarness) -> None:
    await harness.say("/start settings", chat=harness.group, who=harness.bob)
    await harness.shown("Hi! Tell me", harness.group)
    assert not any("Your settings" in one.text for one in harness.answers(harness.group))
