"""Groups: what admins set, the queue, notices, quiet, moves to a supergroup, and how the bot stands."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.demo.chat import groups
from bot.demo.telegram import Chat, ChatMessage, Delay
from bot.handlers.desk import Desk
from bot.settings import AccessSettings
from storage.job_states import JobState
from storage.records import ChatRules, Preferences
from tests.support.house import House, open_house, picture

OLD_GROUP = -1_900_000_005
"""The id of the first group that a test adds to a house."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        yield house


async def page_of(house: House, **how: Any) -> ChatMessage:
    await house.say("/settings", chat=house.group, **how)
    await house.taken_in()
    return await house.shown("Settings of this group", house.group)


async def press(house: House, page: ChatMessage, label: str) -> str:
    """Ann presses a button; waits for the page that follows and returns the answer's words."""
    before = page.text, page.buttons
    answer = await house.press(page, label)
    await house.telegram.until(lambda: (page.text, page.buttons) != before)
    return answer.text


async def hears(house: House, words: str, ask: str = "/imagine an owl", **how: Any) -> ChatMessage:
    """Bob asks in the group and is told this."""
    await house.say(ask, chat=house.group, **{"who": house.bob, **how})
    return await house.shown(words, house.group)


async def test_an_admin_sets_what_holds_and_nobody_else(house: House) -> None:
    page = await page_of(house, anonymous=True)
    refused = await house.press(page, "ar: automatic", house.bob)
    assert (refused.alert, refused.text) == (True, "Only admins of this group can change its settings.")
    await press(house, page, "ar: automatic")
    assert await press(house, page, "16:9") == "Saved."
    assert "ar: 16:9" in page.buttons
    await house.made("/imagine a fox", chat=house.group, who=house.bob)
    await house.app.store.people.set_option(house.bob.id, "jimeng", "ar", "1:1")
    await house.made("/imagine a hare", chat=house.group, who=house.bob)
    await house.made("/imagine an owl --ar 9:16", chat=house.group, who=house.bob)
    await house.made("a goat")
    wide, own, typed, private = [(submit.get("width", 1), submit.get("height", 1)) for submit in house.submitted()]
    assert wide[0] > wide[1]
    assert own[0] == own[1], "one's own settings go before the group's"
    assert typed[0] < typed[1]
    assert private[0] == private[1]
    (row,) = [row for row in page.keyboard or [] if "url" in row[0]]
    assert row[0]["url"] == "https://t.me/imagine_demo_bot?start=settings"


async def test_who_may_ask_and_a_pause(house: House) -> None:
    made = await house.made("/imagine a fox", chat=house.group, who=house.bob)
    page = await page_of(house)
    await press(house, page, "Pause")
    assert "I'm paused" in page.text
    await hears(house, "The admins have paused me here.")
    for label in ("Again", "Edit"):
        told = await house.press(made, label, house.bob)
        assert (told.alert, told.text) == (True, "The admins have paused me here.")
    await press(house, page, "Resume")
    await press(house, page, "Who can use me: everyone")
    await hears(house, "In this group only admins can ask")
    await house.made("/imagine a hare", chat=house.group, anonymous=True)
    assert (await house.press(made, "Again", house.bob)).alert
    await house.quiet()
    assert [submit["prompt"] for submit in house.submitted()] == ["a fox", "a hare"]
    # Telegram showed the notice to all, where it can't show it to one.
    assert len([one for one in house.answers(house.group) if "only admins can ask" in one.text]) == 1


async def test_the_groups_service_is_for_who_has_chosen_none(tmp_path: Path) -> None:
    more = {"access_key": "a", "secret_key": "b", "type": "jimeng"}
    async with open_house(tmp_path, providers={"second": more}) as house:
        page = await page_of(house)
        await press(house, page, "Service")
        await press(house, page, "Jimeng (second)")
        assert "Service: Jimeng (second)" in page.text
        rules = await house.app.store.chats.rules(house.group.id)
        desk: Desk = house.app.dispatcher.workflow_data["desk"]
        assert desk.service_of(Preferences(), rules) == "second"
        assert desk.service_of(Preferences(provider="jimeng"), rules) == "jimeng"


async def test_one_topic_only(house: House) -> None:
    topic = groups.add_topic(house.telegram.world, house.group, "Pictures")
    page = await page_of(house, topic=topic)
    await press(house, page, "Only in this topic: off")
    told = await hears(house, "In this group I only work in one topic.")
    address = f"https://t.me/c/{str(house.group.id)[4:]}/{topic}"
    assert [mark["url"] for mark in told.entities if mark["type"] == "text_link"] == [address]
    made = await house.made("/imagine an owl", chat=house.group, who=house.bob, topic=topic)
    assert made.topic == topic
    elsewhere = await page_of(house)
    await press(house, elsewhere, "Only in this topic: off")
    assert await house.app.store.chats.rules(house.group.id) == ChatRules(thread_id=1)
    await press(house, elsewhere, "Only in this topic: on")
    assert await house.app.store.chats.rules(house.group.id) == ChatRules()


async def test_the_queue_is_seen_and_cleared(tmp_path: Path) -> None:
    async with open_house(tmp_path, concurrency=1) as house:
        house.hold()
        for words in ("a fox", "a <b> hare", "an owl"):
            await house.say(f"/imagine {words}", chat=house.group, who=house.bob)
            await house.taken_in()
        await house.say("a goat")
        await house.all_submitted(1)
        await house.taken_in()
        page = await page_of(house)
        await press(house, page, "Queue: 3")
        first, *others = page.text.splitlines()[2:]
        assert first == "1. Bob: a fox · 🎨 drawing"
        assert others == ["2. Bob: a <b> hare · ⏳ waiting", "3. Bob: an owl · ⏳ waiting"]
        await press(house, page, "Clear the queue")
        assert (await house.press(page, "Yes, cancel them", house.bob)).alert
        assert await press(house, page, "Yes, cancel them") == "Cancelled: 2"
        assert page.text.splitlines()[2:] == [first]
        house.release()
        await house.quiet()
        told = [one for one in house.answers(house.group) if "A group admin cancelled" in one.text]
        assert len(told) == 2
        assert [submit["prompt"] for submit in house.submitted()] == ["a fox", "a goat"]


async def test_quiet(house: House) -> None:
    page = await page_of(house)
    await press(house, page, "Quiet: off")
    since = house.now
    house.hold()
    house.learn(10, 10, 10)
    await house.say("/imagine foxes --n 2", chat=house.group, who=house.bob)
    status = await house.shown("Cancel", house.group)
    await house.say("a hare")
    await house.telegram.until(lambda: str(house.ann.id) in edits(house, since))
    assert str(house.group.id) not in edits(house, since)
    assert status.buttons == ["Cancel"]
    house.release()
    await house.ended(chat=house.group)
    sent = [
        call.request
        for call in house.called("sendMessage", "sendMediaGroup", since=since)
        if str(call.request["chat_id"]) == str(house.group.id)
    ]
    assert len(sent) == 3
    assert all(request["disable_notification"] for request in sent)


async def test_of_two_presses_at_once_both_are_shown(house: House) -> None:
    page = await page_of(house)
    house.telegram.play(Delay(method="editMessageText", seconds=0.1))
    presses = [house.telegram.press(house.ann, page, label) for label in ("Quiet: off", "Who can use me: everyone")]
    await house.telegram.until(lambda: all(press.answer for press in presses))
    await house.quiet()
    assert page.buttons[:2] == ["Who can use me: admins only", "Quiet: on"]


def edits(house: House, since: int) -> list[str]:
    """The chats in which a message was edited."""
    return [str(call.request["chat_id"]) for call in house.called("editMessageText", since=since)]


def a_move_with_word(house: House, old: Chat) -> Chat:
    return groups.migrate(house.telegram.world, old)


def a_move_without_word(house: House, old: Chat) -> Chat:
    """Telegram tells of it only when something is sent."""
    updates = house.telegram.world.updates
    allowed, updates.allowed = updates.allowed, frozenset()
    new = groups.migrate(house.telegram.world, old)
    updates.allowed = allowed
    return new


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("move", [a_move_with_word, a_move_without_word])
async def test_a_job_arrives_in_the_supergroup(tmp_path: Path, move: Callable[..., Chat], count: int) -> None:
    access = AccessSettings(chats=frozenset({OLD_GROUP}))
    async with open_house(tmp_path, access=access) as house:
        old = house.telegram.world.add_group("Old", house.ann, house.bob, admins=(house.ann,), type_="group")
        assert old.id == OLD_GROUP
        await house.app.store.chats.set(old.id, admins_only=True)
        house.hold()
        await house.say(f"/imagine foxes --n {count}", chat=old)
        await house.all_submitted(count)
        await house.shown("Cancel", old)
        new = move(house, old)
        await house.taken_in()
        house.release()
        result = await house.ended(chat=new)
        assert len(house.album(new)) == count
        # The status message came along, and is gone like any other.
        assert len(house.answers(new)) == (1 if count == 1 else count + 1)
        assert not house.album(old)
        # The new id counts as allowed, and so do the old settings; the buttons work.
        await house.press(result, "Again")
        await house.telegram.until(lambda: len(house.album(new)) == 2 * count)
        await house.say("/imagine a hare", chat=new, who=house.bob)
        await house.shown("only admins can ask", new)
        await house.quiet()
        assert len(house.tasks) == 2 * count


async def test_what_waits_for_a_group_that_shuts_the_bot_out(tmp_path: Path) -> None:
    async with open_house(tmp_path, concurrency=1) as house:
        world = house.telegram.world
        house.hold()
        for words in ("foxes --n 2", "a hare"):
            await house.say(f"/imagine {words}", chat=house.group)
            await house.taken_in()
        await house.all_submitted(1)
        groups.set_bot_status(world, house.group, "restricted")
        await house.taken_in()
        await house.say("/imagine an owl", chat=house.group)
        await house.taken_in()
        house.release()
        await house.quiet()
        jobs = [await house.app.store.jobs.get(number) for number in (1, 2, 3)]
        assert [job and job.state for job in jobs] == [JobState.DELIVERED, JobState.CANCELLED, None]
        for drawn in await house.app.store.pictures.of_job(1):
            assert drawn.message_id is None
            assert await house.app.store.pictures.data(drawn.id), "it is kept for the history"
        assert len(house.tasks) == 2

        groups.set_bot_status(world, house.group, "member")
        await house.made("/imagine a goat", chat=house.group)
        groups.set_bot_status(world, house.group, "kicked")
        groups.set_bot_status(world, house.ann.chat, "kicked")
        await house.taken_in()
        assert (await house.app.store.chats.rules(house.ann.id)).muted
        groups.set_bot_status(world, house.group, "member", by=house.ming)
        greeting = await house.shown("/settings", house.group)
        assert "/imagine" in greeting.text
        assert len([one for one in house.answers(house.group) if one.text == greeting.text]) == 1


async def test_a_topic_that_is_closed_ends_a_delivery_quietly(house: House) -> None:
    topic = groups.add_topic(house.telegram.world, house.group, "Pictures")
    house.hold()
    await house.say("/imagine foxes --n 2", chat=house.group, topic=topic)
    await house.all_submitted(2)
    for method in ("sendMediaGroup", "sendMessage"):
        house.telegram.play(
            {"kind": "error", "method": method, "code": 400, "description": "Bad Request: TOPIC_CLOSED"}
        )
    house.release()
    await house.quiet()
    job = await house.app.store.jobs.get(1)
    assert job
    assert job.state is JobState.DELIVERED
    pictures = await house.app.store.pictures.of_job(1)
    assert [await house.app.store.pictures.data(one.id) is not None for one in pictures] == [True, True]
    assert len(house.called("sendMediaGroup")) == 1


async def test_the_job_of_an_anonymous_admin_is_all_admins(house: House) -> None:
    made = await house.made("/imagine a fox", chat=house.group, anonymous=True)
    assert (await house.press(made, "Again", house.bob)).alert
    assert not (await house.press(made, "Again")).alert
    await house.quiet()
    assert len(house.tasks) == 2
    # It is the group's again, and who has pressed is not named.
    assert (await house.press(house.answers(house.group)[-1], "Again", house.bob)).alert
    assert not any("Ann" in one.text for one in house.answers(house.group))


async def test_a_channel(house: House) -> None:
    channel = house.telegram.world.add_channel("Pictures", house.ann, admins=(house.ann,), discussion=house.group)
    await house.say("/imagine a fox", chat=channel)
    result = await house.ended(chat=channel)
    await house.press(result, "Again")
    await house.telegram.until(lambda: len(house.tasks) == 2)
    await house.quiet()
    # What Telegram forwards into the group that talks about it was meant for the channel.
    assert house.telegram.messages(house.group)[0].text == "/imagine a fox"
    assert len(house.tasks) == 2
    assert house.answers(house.group) == []


async def test_in_a_channel_an_edit_is_a_reply_with_the_command(house: House) -> None:
    """Telegram has no demands for a reply in channels, and what else is posted there is not meant for the bot."""
    channel = house.telegram.world.add_channel("Pictures", house.ann, house.bob, admins=(house.ann,))
    result = await house.made("/imagine foxes --n 2", chat=channel)
    for label in ("Edit", "1"):
        told = await house.press(result, label)
    assert (told.alert, told.text) == (True, "In a channel, reply to the picture with /imagine and your words.")
    assert result.buttons[0] == "🔁 Again"
    for picture_, count in ((house.album(channel)[0], 1), (result, 2)):
        await house.made("/imagine at night", chat=channel, reply_to=picture_)
        assert len(house.tasks[-1].references) == count
    # Without words the way is told, as there is nothing to reply to.
    await house.say("/imagine", chat=channel, reply_to=result)
    await house.shown("In a channel, reply to the picture", channel)


async def test_who_is_not_named_is_answered_in_the_language_of_the_words(house: House) -> None:
    """Posts of channels name no author, and anonymous admins are all one account; not every app tells the language."""
    house.ann.language_code = ""
    result = await house.made("雪地里的狐狸")
    await house.press(result, "再来一次")
    await house.quiet()
    assert "🔁 再来一次" in house.answers()[-1].buttons
    channel = house.telegram.world.add_channel("Pictures", house.ann, admins=(house.ann,))
    house.telegram.write_as_group(house.ann, house.group)
    for chat in (channel, house.group):
        assert "🔁 再来一次" in (await house.made("/imagine 雪地里的狐狸", chat=chat)).buttons
        assert "🔁 Again" in (await house.made("/imagine a fox", chat=chat)).buttons
    assert "🔁 Again" in (await house.made("/imagine 雪の中のキツネ", chat=channel)).buttons


async def test_readers_of_a_channel_make_nothing_appear_in_it(house: House) -> None:
    channel = house.telegram.world.add_channel("Pictures", house.ann, house.bob, admins=(house.ann,))
    result = await house.made(f"/imagine {'a fox in the snow ' * 20}", chat=channel)
    for label in ("Again", "Edit", "Shape", "☆", "Files", "Copy", "🗑"):
        assert (await house.press(result, label, house.bob)).alert, label
    await house.quiet()
    assert house.answers(channel) == [result]
    assert not (await house.press(result, "Files")).alert
    await house.quiet()
    assert house.answers(channel)[-1].document


async def test_a_channel_is_on_no_list_of_people(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=AccessSettings(users=frozenset({510_000_001}))) as house:
        channel = house.telegram.world.add_channel("Pictures", house.ann, admins=(house.ann,))
        await house.say("/imagine a fox", chat=channel)
        await house.quiet()
        assert house.tasks == []


async def test_notices_are_for_one_where_telegram_can_do_that(house: House) -> None:
    since = house.now
    await hears(house, "There is no --colour", "/imagine a fox --colour red", reply_to=None)
    await house.quiet()
    calls = house.called("sendMessage", since=since)
    assert calls[0].request["ephemeral_message_parameters"]["receiver_user_id"] == house.bob.id
    # Nobody knows who wrote in the group's name, and pictures wait for an answer that all may see.
    since = house.now
    await hears(house, "There is no --shade", "/imagine a fox --shade red", who=house.ann, anonymous=True)
    await house.say("/imagine", picture(3), chat=house.group, who=house.bob)
    await house.shown("What should I make of it?", house.group)
    assert not any("ephemeral_message_parameters" in call.request for call in house.called("sendMessage", since=since))


async def test_the_updates_that_are_asked_for(house: House) -> None:
    wanted = {"message", "callback_query", "my_chat_member", "channel_post"}
    assert wanted <= house.telegram.world.updates.allowed
    house.updates = "webhook"
    house.telegram.world.updates.allowed = frozenset()
    await house.restart()
    await house.telegram.until(lambda: house.telegram.webhook.url)
    assert wanted <= house.telegram.world.updates.allowed


async def test_a_group_that_lets_the_bot_speak_again_unheard(house: House) -> None:
    await house.app.store.chats.set(house.group.id, muted=True)
    await house.made("/imagine a fox", chat=house.group)
    assert len(house.album(house.group)) == 1
    assert not (await house.app.store.chats.rules(house.group.id)).muted


async def test_files_where_none_may_be_sent(house: House) -> None:
    result = await house.made("/imagine a fox", chat=house.group)
    words = "Bad Request: not enough rights to send documents to the chat"
    house.telegram.play({"kind": "error", "method": "sendDocument", "code": 400, "description": words})
    await house.press(result, "Files")
    await house.shown("I can't send files in this chat, but", house.group)


async def test_ones_own_settings_are_not_shown_in_a_group(house: House) -> None:
    await house.say("/start settings", chat=house.group, who=house.bob)
    await house.shown("Hi! Tell me", house.group)
    assert not any("Your settings" in one.text for one in house.answers(house.group))
