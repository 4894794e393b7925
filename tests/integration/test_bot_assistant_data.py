"""What help with words costs, keeps and forgets, who may have it, and what `check` says of it."""

from collections.abc import AsyncIterator
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from aiohttp import ClientSession
from sqlalchemy import select

from bot.assistant.client import AssistantClient
from bot.caution import Caution
from bot.check import CheckError, check_assistant
from bot.demo.assistant import AssistantSimulator, settings_of
from bot.handlers.export import Said, archive
from bot.settings import AccessSettings
from bot.telegram.i18n import Languages
from providers.simulators.faults import Fault
from storage.schema import consents, spending, suggestions
from tests.support.app_harness import AppHarness, open_app_harness
from tests.support.helped import BETTER, HOST, consent, offered, open_helped_harness, spent


@pytest.fixture
async def harness(tmp_path: Path, assistant: AssistantSimulator) -> AsyncIterator[AppHarness]:
    """Requests above ¥0.30 are asked about; an answer of the assistant costs ¥0.01."""
    async with open_helped_harness(tmp_path, assistant) as harness:
        yield harness


async def test_help_counts_for_usage_and_budgets(tmp_path: Path, assistant: AssistantSimulator) -> None:
    settings = settings_of(assistant).model_copy(update={"token_price": Decimal("0.01"), "price": None})
    budgets = {"person": ["0.06 CNY a day"], "bot": ["9 CNY a month"]}
    access = AccessSettings(open=True, admins=frozenset({1}))
    async with open_app_harness(tmp_path, assistant=settings, budgets=budgets, access=access) as harness:
        await consent(harness, harness.ann)
        await harness.say("/improve a fox")
        await offered(harness)
        # 5000 tokens were reserved, 240 were used.
        assert await spent(harness) == 24
        assert await ledger_sums(harness) == {"bot": 24, "s[assistant]": 24, f"u{harness.ann.id}": 24}
        await harness.say("/usage")
        told = await harness.shown("✨ Help with words: ¥0.0024")
        assert "Your budget: ¥0.0576 of ¥0.06 left today" in told.text
        assistant.faults.append(Fault(kind="drop"))
        await harness.say("/improve an owl")
        await harness.shown("may have been charged")
        await harness.quiet()
        assert await spent(harness) == 524
        await harness.say("/improve a cat")
        await harness.shown("your budget of ¥0.06 a day has ¥0.0076 left, and this costs ¥0.05")
        assert await spent(harness) == 524


async def test_a_person_asks_so_often_a_day(tmp_path: Path, assistant: AssistantSimulator) -> None:
    settings = settings_of(assistant).model_copy(update={"daily": 2})
    async with open_app_harness(tmp_path, assistant=settings) as harness:
        await consent(harness, harness.ann, harness.ming)
        for number in range(2):
            await harness.say(f"/improve fox {number}")
            await offered(harness, f"fox {number}")
        await harness.say("/improve fox 2")
        await harness.shown("You've reached your limit: 2 in 24 hours.")
        # Erasing one's data does not reset it.
        await harness.app.store.erasure.erase(harness.ann.id, harness.app.store.clock())
        await consent(harness, harness.ann)
        await harness.say("/improve fox 3")
        await harness.quiet()
        assert "2 in 24 hours" in harness.answers()[-1].text
        await harness.say("/improve 狐狸", who=harness.ming)
        await harness.shown("柔和的晨光", harness.ming.chat)
        assert assistant.asked == ["fox 0", "fox 1", "狐狸"]
        # Money is not counted as pictures are.
        await harness.say("/usage", who=harness.ming)
        told = await harness.shown("✨ 文字助手：¥0.01", harness.ming.chat)
        assert "¥0.01 张" not in told.text


async def test_forget_and_export(harness: AppHarness) -> None:
    await harness.say("/improve a secret fox")
    await offered(harness)
    store, ann = harness.app.store, harness.ann.id
    (one,) = await store.suggestions.of_person(ann)
    with Languages().speaking("en"):
        exported = archive([], ann, {}, await store.users.preferences(ann), [], said=Said([one]))
    with ZipFile(BytesIO(exported)) as parts:
        assert f"a secret fox, {BETTER}" in parts.read("settings.json").decode()
    await store.erasure.erase(ann, store.clock())
    rows = [str(row) for row in await store.database.fetch(select(suggestions))]
    assert len(rows) == 1
    assert "secret" not in rows[0]
    assert (await store.database.fetch(select(consents.c.user_id).where(consents.c.user_id == ann))).first() is None
    await store.erasure.forget(store.clock() + 1)
    assert (await store.database.fetch(select(suggestions.c.user_id))).scalars() == [0]


async def test_check_asks_the_assistant(assistant: AssistantSimulator) -> None:
    settings = settings_of(assistant)
    async with ClientSession() as session:
        told = await check_assistant(AssistantClient(settings, session))
        assert told == f"{HOST} accepts the credentials; it improves prompts, describes pictures, hears voice messages"
        unpriced = settings.model_copy(update={"minute_price": None})
        told = await check_assistant(AssistantClient(unpriced, session))
        assert isinstance(told, Caution)
        assert "no minute_price is set" in told
        other = settings.model_copy(update={"vision_model": "helper-9"})
        with pytest.raises(CheckError, match="it has no model helper-9"):
            await check_assistant(AssistantClient(other, session))
        assistant.revoked = True
        with pytest.raises(CheckError, match=r"assistant\.api_key"):
            await check_assistant(AssistantClient(settings, session))


async def test_without_an_assistant_there_is_no_help(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path) as harness:
        result = await harness.made("a fox")
        assert not any("✨" in label for label in result.buttons)
        await harness.say("/improve a fox")
        await harness.shown("I don't know this command.")
        harness.telegram.send_thing(harness.ann, "voice", said="a fox")
        await harness.shown("I can't listen to voice messages.")


async def ledger_sums(harness: AppHarness) -> dict[str, int]:
    rows = await harness.app.store.database.fetch(select(spending.c.payer, spending.c.amount))
    return dict(sorted((row.payer, row.amount) for row in rows))
