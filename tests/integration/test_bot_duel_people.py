"""Duels that depict people: only those who allow it, and each hears of it once."""

from pathlib import Path

from tests.support.app_harness import picture, picture_info
from tests.support.second_service import SecondService

START, SHOW = "⚔️ Start", "🏁 Show the names"
NOT_ME = "Erase my photo"


async def test_a_duel_depicts_only_who_allows_it(tmp_path: Path) -> None:
    second = SecondService()
    second.steps.open()
    async with second.harness(tmp_path) as harness:
        ann, bob, group = harness.ann, harness.bob, harness.group
        await harness.say("/me", picture(301), who=ann, chat=group)
        await harness.press(await harness.shown("✅ Keep my photo", group), "✅ Keep my photo")
        await harness.say("/duel @ann_paints as an astronaut", who=bob, chat=group)
        await harness.press(await harness.shown(START, group), START, who=bob)
        await harness.ended(SHOW, group)
        assert [picture_info(one)[1] for one in harness.tasks[0].references] == [301]
        assert [len(task.references) for task in second.service.tasks.values()] == [1]
        (notice,) = [one for one in harness.answers(ann.chat) if NOT_ME in one.buttons]
        await harness.say("/duel @ann_paints as a diver", who=bob, chat=group)
        asked = await harness.shown(START, group)
        await harness.press(notice, NOT_ME)
        refused = await harness.press(asked, START, who=bob)
        assert refused.alert
        assert "photo" in refused.text
        await harness.quiet()
        assert len(harness.tasks) == 1
