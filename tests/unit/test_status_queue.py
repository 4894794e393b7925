"""What of a chat's progress is news."""

import pytest

from bot.jobs.stage import Phase, Progress
from bot.telegram.status_queue import News, news, worth
from providers.errors import Sentence

WORKING, GOT_IT = Progress(Phase.WORKING), Progress(Phase.PREPARING)


def place(number: int) -> Progress:
    return Progress(Phase.WAITING, place=number)


@pytest.mark.parametrize(
    ("told", "now", "found"),
    [
        (None, WORKING, News.BEGINS),
        (place(1), WORKING, News.BEGINS),
        (place(1), Progress(Phase.PAUSED), News.BEGINS),
        (place(2), place(1), News.NEXT),
        (GOT_IT, place(1), News.NEXT),
        (Progress(Phase.PAUSED), place(1), News.NEXT),
        (GOT_IT, place(4), News.SOME),
        (place(1), place(2), News.SOME),
        (place(7), place(6), News.NONE),
        (place(1), place(1), News.NONE),
        (WORKING, Progress(Phase.WORKING, elapsed=5.0), News.NONE),
        (WORKING, Progress(Phase.WORKING, done=1, total=2), News.SOME),
        (WORKING, Progress(Phase.WORKING, is_late=True), News.SOME),
        (WORKING, Progress(Phase.DELIVERING), News.NONE),
        (WORKING, Progress(Phase.DELIVERING, why=Sentence("No.")), News.BEGINS),
    ],
)
def test_what_is_news(told: Progress | None, now: Progress, found: News) -> None:
    assert news(told, now) is found


def test_a_drawing_is_worth_more_than_a_place_and_that_more_than_a_time() -> None:
    assert worth(WORKING, WORKING) > worth(place(7), place(6)) > worth(place(6), place(6))
