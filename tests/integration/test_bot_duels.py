"""Duels: one prompt for several services, one lettered album, votes, and the names at the end."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.telegram import Refusal
from bot.settings import LimitsSettings
from bot.telegram import duel_delivery
from storage.duel_records import DuelState
from tests.support.app_harness import AppHarness, picture
from tests.support.dueling import NAMES, SHOW, START, begun, duel_state
from tests.support.second_service import SecondService


@pytest.fixture
def second() -> SecondService:
    service = SecondService()
    service.steps.open()
    return service


@pytest.fixture
async def harness(tmp_path: Path, second: SecondService) -> AsyncIterator[AppHarness]:
    async with second.harness(tmp_path) as harness:
        yield harness


async def test_a_duel_is_asked_about_voted_on_and_closed(harness: AppHarness) -> None:
    asked = await begun(harness, chat=harness.group)
    assert "Jimeng" in asked.text
    assert "$0.042 + ¥0.20" in asked.text or "¥0.20 + $0.042" in asked.text
    vote = await harness.ended(SHOW, harness.group)
    first, last = album = harness.album(harness.group)
    assert [one.text for one in album] == ["A", "B"]
    assert first.album == last.album is not None
    shown = "\n".join(one.text for one in harness.answers(harness.group) if one.id != asked.id)
    assert not any(name in shown for name in NAMES)
    assert vote.buttons == ["A", "B", SHOW]
    assert "You voted for A. Votes so far: 1" in (await harness.press(vote, "A")).text
    assert "Your vote is now for B. Votes so far: 1" in (await harness.press(vote, "B")).text
    assert "Votes so far: 2" in (await harness.press(vote, "B", who=harness.bob)).text
    refused = await harness.press(vote, "names", who=harness.bob)
    assert "Only the person who started the duel" in refused.text
    await harness.press(vote, "names")
    result = await harness.ended("Tap a letter", harness.group)
    assert result.id == vote.id
    assert "wins with picture B" in result.text
    assert all(words in result.text for words in ("🏆 B", "Votes: 2", "Votes: 0", "¥0.20", "Jimeng 4.0"))
    late = await harness.forge(result, "v:vote:1:A", who=harness.bob)
    assert "The vote is over" in late.text
    assert await duel_state(harness) is DuelState.CLOSED


async def test_after_the_vote_each_picture_has_its_buttons(harness: AppHarness) -> None:
    await begun(harness)
    await harness.press(await harness.ended(SHOW), "names")
    result = await harness.ended("Tap a letter")
    await harness.press(result, "B")
    assert {"🔁 Again", "‹ B: all pictures"} <= set(result.buttons)
    await harness.press(result, "‹ B: all pictures")
    assert result.buttons == ["A", "B"]
    await harness.press(result, "A")
    await harness.press(result, "🔁 Again")
    await harness.telegram.until(lambda: len(harness.album()) == 3)
    await harness.quiet()
    assert "🔁 Again" in harness.album()[-1].buttons


async def test_the_table_counts_wins_and_their_costs(harness: AppHarness) -> None:
    await harness.say("/duel")
    assert "/duel a red fox" in (await harness.shown("In a duel")).text
    await begun(harness)
    vote = await harness.ended(SHOW)
    await harness.press(vote, "A")
    await harness.press(vote, "names")
    await harness.ended("Tap a letter")
    await harness.say("/duel")
    table = (await harness.shown("Duels in this chat")).text
    assert "wins: 1 of 1" in table
    assert "wins: 0 of 1" in table
    assert "a win" in table


async def test_photos_go_to_every_service(harness: AppHarness, second: SecondService) -> None:
    await harness.say("look", picture(), chat=harness.group)
    (photo,) = [one for one in harness.telegram.messages(harness.group) if one.photo]
    await harness.say("/duel as a watercolour", chat=harness.group, reply_to=photo.id)
    await harness.press(await harness.shown(START, harness.group), START)
    await harness.ended(SHOW, harness.group)
    assert "image_urls" in harness.submitted()[0]
    assert [len(task.references) for task in second.service.tasks.values()] == [1]


async def test_nothing_is_made_where_the_person_says_no(harness: AppHarness) -> None:
    await harness.say("/duel a fox", chat=harness.group)
    asked = await harness.shown(START, harness.group)
    assert "Only the person" in (await harness.forge(asked, "v:start:1:", who=harness.bob)).text
    await harness.press(asked, "No")
    assert "Nothing was charged" in asked.text
    assert not harness.tasks
    assert "has expired" in (await harness.forge(asked, "v:start:1:")).text


async def test_a_second_press_begins_nothing(harness: AppHarness) -> None:
    asked = await begun(harness)
    await harness.forge(asked, "v:start:1:")
    await harness.ended(SHOW)
    assert len(harness.tasks) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("a fox --provider jimeng,nobody", "not “nobody”"),
        ("a fox --provider jimeng", "two to four services"),
        ("a fox --n 2", "leave --n out"),
        ("a fox --arr 16:9", "no --arr"),
    ],
)
async def test_wrong_words_are_told(harness: AppHarness, words: str, told: str) -> None:
    await harness.say(f"/duel {words}")
    assert told in (await harness.shown(told)).text
    assert not [one for one in harness.answers() if START in one.buttons]


async def test_services_can_be_named(harness: AppHarness, second: SecondService) -> None:
    await begun(harness, "a fox --provider openai, jimeng --ar 1:1")
    await harness.ended(SHOW)
    assert second.prompts == ["a fox"]
    assert [one["prompt"] for one in harness.submitted()] == ["a fox"]


async def test_the_vote_ends_by_itself(harness: AppHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duel_delivery, "VOTE_SECONDS", 0.2)
    await begun(harness)
    assert "nobody voted" in (await harness.ended("Tap a letter")).text


async def test_the_history_names_nobody_before_the_vote_is_over(harness: AppHarness) -> None:
    await begun(harness)
    vote = await harness.ended(SHOW)
    await harness.say("/history")
    page = await harness.shown("ℹ️ Details")
    await harness.press(page, "ℹ️ Details")
    assert "when the vote is over" in page.text
    assert not any(name in page.text for name in NAMES)
    await harness.press(vote, "names")
    await harness.ended("Tap a letter")
    await harness.press(page, "‹ Back")
    await harness.press(page, "ℹ️ Details")
    assert "Service: " in page.text


async def test_each_service_counts_as_a_request(tmp_path: Path, second: SecondService) -> None:
    async with second.harness(tmp_path, limits=LimitsSettings(daily=1)) as harness:
        await harness.say("/duel a fox", who=harness.bob)
        asked = await harness.shown(START, harness.bob.chat)
        refused = await harness.press(asked, START, who=harness.bob)
        assert "1 in 24 hours" in refused.text
        assert not harness.tasks
        assert await harness.app.store.duels.standing(1) is None


async def test_a_group_may_vote_in_a_poll(harness: AppHarness) -> None:
    await harness.say("/settings", chat=harness.group)
    settings = await harness.shown("Vote on duels in a poll: off", harness.group)
    await harness.press(settings, "Vote on duels in a poll: off")
    assert "Vote on duels in a poll: on" in settings.buttons
    await begun(harness, chat=harness.group)
    shown = await harness.ended(SHOW, harness.group)
    assert shown.buttons == [SHOW]
    assert "Vote in the poll" in shown.text
    (poll,) = [one for one in harness.answers(harness.group) if "poll" in one.thing]
    vote = harness.telegram.acts.vote
    for person, option in ((harness.ann, 0), (harness.bob, 1), (harness.ming, 1), (harness.ann, None)):
        vote(person, poll, option)
    await harness.taken_in()
    await harness.press(shown, "names")
    result = await harness.ended("Tap a letter", harness.group)
    assert "wins with picture B" in result.text
    assert "Votes: 2" in result.text
    assert poll.thing["poll"]["is_closed"]


async def test_where_a_poll_is_refused_buttons_take_the_votes(harness: AppHarness) -> None:
    await harness.app.store.chats.set(harness.group.id, duel_polls=True)
    harness.telegram.play(Refusal(method="sendPoll", code=400, description="Bad Request: not enough rights", times=1))
    await begun(harness, chat=harness.group)
    assert (await harness.ended(SHOW, harness.group)).buttons == ["A", "B", SHOW]
