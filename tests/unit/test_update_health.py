"""How the state of Telegram's updates is judged: the kinds of trouble, the pauses, what is said and when it is over."""

import logging
from typing import Any, cast

import pytest
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramUnauthorizedError,
)
from aiogram.methods import GetUpdates, TelegramMethod

from bot.demo.bot_api.methods.updating import WEBHOOK_ACTIVE
from bot.demo.bot_api.updates import OTHER_POLL, SET_WEBHOOK
from bot.telegram.update_health import CALM_SECONDS, SILENCE_SECONDS, UpdateHealth
from storage.database import StoreError
from tests.support.clock import Clock


def of(kind: type[TelegramAPIError], words: str) -> TelegramAPIError:
    return kind(cast("TelegramMethod[Any]", GetUpdates()), words)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health(clock: Clock, caplog: pytest.LogCaptureFixture) -> UpdateHealth:
    """Of a process that polls."""
    caplog.set_level(logging.INFO)
    health = UpdateHealth(clock=clock)
    health.leads = True
    health.begins()
    return health


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (of(TelegramUnauthorizedError, "Unauthorized"), "refuses the token"),
        (of(TelegramNotFound, "Not Found"), "refuses the token"),
        (of(TelegramBadRequest, "Logged out"), "Logged out"),
        (of(TelegramConflictError, f"Conflict: {OTHER_POLL}"), "another process polls with this token"),
        (of(TelegramConflictError, f"Conflict: {WEBHOOK_ACTIVE}"), "somebody has set a webhook"),
        (of(TelegramConflictError, f"Conflict: {SET_WEBHOOK}"), "somebody has set a webhook"),
    ],
)
def test_what_a_person_must_mend_is_asked_for_seldom_and_said_once(
    health: UpdateHealth, caplog: pytest.LogCaptureFixture, error: Exception, words: str
) -> None:
    assert [health.failed(error) for _ in range(7)] == [5, 10, 20, 40, 60, 60, 60]
    (line,) = caplog.messages
    assert words in line
    assert line.endswith("trying again every 5 to 60 s")
    is_well, says = health.parts()["updates"]
    assert not is_well
    assert words in says


def test_the_network_is_tried_again_soon(health: UpdateHealth, caplog: pytest.LogCaptureFixture, clock: Clock) -> None:
    error = of(TelegramNetworkError, "no answer from https://api.telegram.org/bot123:secret")
    assert [health.failed(error) for _ in range(5)] == [0.5, 1, 2, 5, 5]
    clock.now += 13.5
    health.answered()
    assert health.failed(StoreError("disk is full")) == 0.5
    assert [line.partition(";")[0] for line in caplog.messages] == [
        "Telegram gives no updates: TelegramNetworkError",
        "Telegram gives no updates: over after 14 s",
        "updates can't be stored: Telegram keeps them (disk is full)",
    ]


def test_of_two_pollers_each_gets_an_answer_now_and_then(
    health: UpdateHealth, caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    error = of(TelegramConflictError, f"Conflict: {OTHER_POLL}")
    pauses = []
    for _ in range(4):
        pauses.append(health.failed(error))
        clock.now += 20
        health.answered()
    assert pauses == [5, 10, 20, 40]
    assert len(caplog.messages) == 1
    assert not health.is_cut_off
    clock.now += CALM_SECONDS
    health.answered()
    assert "over after" in caplog.messages[1]
    assert health.parts()["updates"][0]


def test_a_process_that_does_not_poll_is_well(health: UpdateHealth) -> None:
    health.failed(of(TelegramConflictError, f"Conflict: {OTHER_POLL}"))
    health.leads = False
    assert all(is_well for is_well, _ in health.parts().values())
    health.leads = None
    assert not health.parts()["leader"][0]


def test_silence_is_told(health: UpdateHealth, clock: Clock) -> None:
    clock.now += SILENCE_SECONDS
    assert health.parts()["updates"] == (False, f"Telegram answered {SILENCE_SECONDS:.0f} s ago")
    health.answered()
    assert health.parts()["updates"][0]
    assert not UpdateHealth().parts()["updates"][0]
