"""Who is noted as seen, and when."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiogram.types import CallbackQuery, Chat, Message, TelegramObject, User

from bot.middlewares.seen import SEEN_SECONDS, SeenMiddleware
from storage.store import Store
from storage.store_errors import StoreUnavailableError
from tests.support.blank_database import put_blank_database
from tests.support.clock import Clock

ANN = User(id=11, is_bot=False, first_name="Ann", language_code="en")
PRIVATE, GROUP = Chat(id=11, type="private"), Chat(id=-5, type="group")
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def blank(tmp_path: Path) -> str:
    put_blank_database(tmp_path / "bot.db")
    return f"sqlite:///{tmp_path}/bot.db"


@pytest.fixture
async def store(blank: str) -> AsyncIterator[Store]:
    store = await Store.open(blank)
    store.clock = Clock()
    yield store
    await store.aclose()


def said(text: str, chat: Chat = PRIVATE) -> Message:
    return Message(message_id=1, date=WHEN, chat=chat, from_user=ANN, text=text)


async def nothing(_event: TelegramObject, _data: dict[str, Any]) -> None: ...


async def test_a_person_is_noted_once_an_hour(store: Store) -> None:
    seen, began = SeenMiddleware(store), store.clock()

    async def times() -> list[float | None]:
        await seen(nothing, said("hello"), {"event_from_user": ANN})
        return [one.seen_at for one in await store.people.lately()]

    assert await times() == [began]
    store.clock.now += SEEN_SECONDS - 1  # type: ignore[attr-defined]
    assert await times() == [began]
    store.clock.now += 1  # type: ignore[attr-defined]
    assert await times() == [began + SEEN_SECONDS]
    renamed = ANN.model_copy(update={"first_name": "Anna"})
    await seen(nothing, said("hello"), {"event_from_user": renamed})
    assert await store.users.name(11) == "Anna"


async def test_a_group_is_known_by_its_title(store: Store) -> None:
    seen = SeenMiddleware(store)
    for title in ("Cats", "Cats", "Dogs"):
        chat = GROUP.model_copy(update={"title": title})
        await seen(nothing, said("/imagine a fox", chat), {"event_from_user": ANN})
        assert [(one.id, one.title) for one in await store.members.groups()] == [(GROUP.id, title)]


async def test_what_was_not_meant_for_the_bot_is_none_of_its_business(store: Store) -> None:
    seen = SeenMiddleware(store)
    await seen(nothing, said("hello everybody", GROUP), {"event_from_user": ANN})
    await seen(nothing, said("hello"), {"event_from_user": ANN.model_copy(update={"is_bot": True})})
    await seen(nothing, said("hello"), {})
    assert await store.people.lately() == []
    await seen(nothing, said("/imagine a fox", GROUP), {"event_from_user": ANN})
    assert [one.id for one in await store.people.lately()] == [11]


async def test_whoever_erases_their_data_is_not_noted_afterwards(store: Store) -> None:
    async def forget(_event: TelegramObject, _data: dict[str, Any]) -> None:
        await store.erasure.erase(11, store.clock())

    press = CallbackQuery(id="1", from_user=ANN, chat_instance="1", data="f:surely")
    await SeenMiddleware(store)(forget, press, {"event_from_user": ANN})
    assert await store.people.lately() == []


async def test_a_fault_of_the_store_repeats_no_update(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise StoreUnavailableError("gone")

    monkeypatch.setattr(store.people, "seen", fail)
    handled: list[TelegramObject] = []

    async def handle(event: TelegramObject, _data: dict[str, Any]) -> None:
        handled.append(event)

    await SeenMiddleware(store)(handle, said("hello"), {"event_from_user": ANN})
    assert len(handled) == 1
