"""How important a change of progress is, and which job of a chat is shown next."""

import pytest

from bot.jobs.ports import Phase, Progress
from bot.telegram.status_queue import Importance, importance, weight
from providers.errors import Sentence

WORKING, GOT_IT = Progress(Phase.WORKING), Progress(Phase.PREPARING)


def place(number: int) -> Progress:
    return Progress(Phase.WAITING, place=number)


@pytest.mark.parametrize(
    ("told", "now", "found"),
    [
        (None, WORKING, Importance.BEGINS),
        (place(1), WORKING, Importance.BEGINS),
        (place(1), Progress(Phase.PAUSED), Importance.BEGINS),
        (place(2), place(1), Importance.NEXT),
        (GOT_IT, place(1), Importance.NEXT),
        (Progress(Phase.PAUSED), place(1), Importance.NEXT),
        (GOT_IT, place(4), Importance.SOME),
        (place(1), place(2), Importance.SOME),
        (place(7), place(6), Importance.NONE),
        (place(1), place(1), Importance.NONE),
        (WORKING, Progress(Phase.WORKING, elapsed=5.0), Importance.NONE),
        (WORKING, Progress(Phase.WORKING, done=1, total=2), Importance.SOME),
        (WORKING, Progress(Phase.WORKING, is_late=True), Importance.SOME),
        (WORKING, Progress(Phase.DELIVERING), Importance.NONE),
        (WORKING, Progress(Phase.DELIVERING, why=Sentence("No.")), Importance.BEGINS),
    ],
)
def test_importance(told: Progress | None, now: Progress, found: Importance) -> None:
    assert importance(told, now) is found


def test_a_drawing_is_worth_more_than_a_place_and_that_more_than_a_time() -> None:
    assert weight(WORKING, WORKING) > weight(place(7), place(6)) > weight(place(6), place(6))
