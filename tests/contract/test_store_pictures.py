"""Pictures in the store, on each database: their Telegram ids, their history, and posted albums."""

from collections.abc import AsyncIterator

import pytest

from storage.history import NEWEST, HistoryFilter, Page, Step
from storage.pictures import Sent
from storage.records import NewReference
from storage.store import Store
from tests.support.stored_jobs import ANN, MING, finished


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.aclose()


async def test_whose_file_it_is(store: Store) -> None:
    job = await finished(store, 1)
    (picture, *_others) = await store.pictures.of_job(job.id)
    await store.pictures.sent_as_file(picture.id, "original")
    assert await store.pictures.is_file_of(picture.user_id, "original")
    assert not await store.pictures.is_file_of(picture.user_id, "another")
    assert not await store.pictures.is_file_of(MING, "original")


async def test_which_picture_a_message_shows(store: Store) -> None:
    job = await finished(store, 1)
    (picture,) = await store.pictures.of_job(job.id)
    # It is not sent yet: no message shows it, neither one of this chat nor one of another.
    assert await store.pictures.shown_as("unique", -5, None) is None
    assert await store.pictures.shown_as("unique", -5, 77) is None
    await store.pictures.sent(picture.id, Sent("photo", 77, 1, 1, 1, "unique"))
    for unique_id, chat_id, message_id in (("unique", -6, None), ("unique", -5, 78), ("another", -5, 77)):
        shown = await store.pictures.shown_as(unique_id, chat_id, message_id)
        assert shown
        assert shown.id == picture.id
    assert await store.pictures.shown_as("another", -6, 77) is None


async def test_history_is_ones_own_newest_first(store: Store) -> None:
    for number in (1, 2, 3):
        await finished(store, number)
    await finished(store, 4, user_id=MING)
    await finished(store, 5, chat_id=-9)
    everything, here = HistoryFilter(ANN), HistoryFilter(ANN, chat_id=-5)
    newest = await page(store, everything)
    assert (newest.picture.chat_id, newest.number, newest.count) == (-9, 1, 4)
    three = await page(store, here)
    assert (three.number, three.count) == (1, 3)
    assert await store.history.page(here, Step(three.picture.id, "newer")) is None
    two = await page(store, here, Step(three.picture.id, "older"))
    assert (two.picture.url, two.prompt, two.number, two.count) == ("https://pictures/2", "a red fox", 2, 3)
    assert await page(store, here, Step(two.picture.id)) == two
    assert await page(store, here, Step(two.picture.id, "newer")) == three
    assert await store.pictures.hide(two.picture.id, MING, 9.0) is False
    assert await store.pictures.hide(two.picture.id, ANN, 9.0) is True
    assert await store.history.page(here, Step(two.picture.id)) is None
    one = await page(store, here, Step(two.picture.id, "older"))
    assert (one.picture.url, one.number, one.count) == ("https://pictures/1", 2, 2)
    assert await store.history.page(HistoryFilter(33)) is None


async def page(store: Store, filters: HistoryFilter, step: Step = NEWEST) -> Page:
    found = await store.history.page(filters, step)
    assert found
    return found


@pytest.mark.parametrize(
    ("words", "found"),
    [(("FOX",), 2), (("fox", "snow"), 1), (("狐狸",), 1), (("100%",), 1), (("_",), 0), (("owl",), 0)],
)
async def test_history_is_searched_by_words(store: Store, words: tuple[str, ...], found: int) -> None:
    for number, prompt in enumerate(["a red fox in the snow", "雪地里的狐狸", "Fox, 100% wool"], 1):
        await finished(store, number, prompt)
    shown = await store.history.page(HistoryFilter(ANN, words=words))
    assert (shown.count if shown else 0) == found


async def test_what_telegram_confirmed_is_remembered(store: Store) -> None:
    job = await finished(store, 1)
    (picture,) = await store.pictures.of_job(job.id)
    await store.pictures.keep(picture.id, b"bytes")
    await store.pictures.sent(picture.id, Sent("photo", 77, 2048, 1024, 999))
    await store.pictures.sent_as_file(picture.id, "document")
    known = await store.pictures.get(picture.id)
    assert known
    assert (known.photo_id, known.document_id, known.width, known.size) == ("photo", "document", 2048, 999)
    assert await store.pictures.data(picture.id) is None


async def test_albums_are_found_by_any_item(store: Store) -> None:
    for message in (9, 8, 9):
        await store.posted.add(-5, "album", NewReference(f"f{message}", message), 1.0)
    assert await store.posted.album(-5, "album") == (NewReference("f8", 8), NewReference("f9", 9))
    assert await store.posted.album(-5, "other") == ()
