"""References that can't be fetched: which words say so, and when they are sent once more; sentences on missing ones."""

from dataclasses import replace

import pytest

from providers.base import ImageRequest
from providers.missing import missing
from providers.options import Options
from providers.unfetched import UnfetchedReferenceError, is_unfetched, with_bytes
from tests.support.jimeng import reference

BY_URL = ImageRequest("a fox", Options(), (reference(b"12345", "https://bot.example/a.jpg"), reference(b"123")))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Timeout while downloading url=https://bot.example/a.jpg", True),
        ("Post failed: Download Url Error", True),
        ("Failed to fetch the image.", True),
        ("Unable to retrieve media: timed out", True),
        ("The parameter `image` is not valid: its ratio is out of range", False),
        ("The request timed out", False),
        ("the size must not be larger than 4096", False),
        ("", False),
    ],
)
def test_words(words: str, *, expected: bool) -> None:
    assert is_unfetched(words) is expected


def test_all_references_lose_their_addresses() -> None:
    again = with_bytes(BY_URL, UnfetchedReferenceError(), most=8)
    assert [one.url for one in again.references] == [None, None]
    assert again == replace(BY_URL, references=again.references)


def test_what_may_be_paid_is_not_sent_again() -> None:
    error = UnfetchedReferenceError()
    error.paid = None
    with pytest.raises(UnfetchedReferenceError):
        with_bytes(BY_URL, error)


def test_more_than_fits_is_not_sent_again() -> None:
    with pytest.raises(UnfetchedReferenceError):
        with_bytes(BY_URL, UnfetchedReferenceError(), most=7)


def test_bytes_are_not_sent_again() -> None:
    with pytest.raises(UnfetchedReferenceError):
        with_bytes(with_bytes(BY_URL, UnfetchedReferenceError()), UnfetchedReferenceError())


@pytest.mark.parametrize(
    ("held_back", "failed", "words"),
    [
        (1, 0, "The service's safety check held back one of the pictures."),
        (3, 0, "The service's safety check held back 3 of the pictures."),
        (0, 1, "The service couldn't make one of the pictures."),
        (2, 1, "The service couldn't make 3 of the pictures."),
    ],
)
def test_missing_pictures(held_back: int, failed: int, words: str) -> None:
    assert str(missing(held_back=held_back, failed=failed)) == words


def test_nothing_is_missing() -> None:
    assert missing() is None
