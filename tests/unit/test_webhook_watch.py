"""The webhook is watched: another address, none at all, and what Telegram says of its deliveries."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramNetworkError, TelegramUnauthorizedError
from aiogram.methods import GetWebhookInfo
from aiogram.types import WebhookInfo

from bot.telegram.update_health import UpdateHealth
from bot.telegram.webhook_watch import AGAIN_SECONDS, WATCH_SECONDS, WebhookWatch
from tests.support.clock import Clock

ADDRESS = "https://bot.example.org/telegram"


class Telegram:
    """Gives one answer after the other."""

    def __init__(self, *answers: WebhookInfo | Exception) -> None:
        self.answers = list(answers)

    async def get_webhook_info(self) -> WebhookInfo:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def info(url: str = ADDRESS, waiting: int = 0, failed_at: float | None = None, **more: Any) -> WebhookInfo:
    date = None if failed_at is None else datetime.fromtimestamp(failed_at, UTC)
    return WebhookInfo(
        url=url, has_custom_certificate=False, pending_update_count=waiting, last_error_date=date, **more
    )


async def watched(health: UpdateHealth, clock: Callable[[], float], *answers: WebhookInfo | Exception) -> list[float]:
    """Watch until there are no answers left; returns the pauses."""
    telegram, pauses = Telegram(*answers), []

    class EndError(Exception):
        pass

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if not telegram.answers:
            raise EndError

    with pytest.raises(EndError):
        await WebhookWatch(cast("Bot", telegram), ADDRESS, health, clock, sleep).run()
    return pauses


@pytest.fixture
def health(caplog: pytest.LogCaptureFixture) -> UpdateHealth:
    caplog.set_level(logging.INFO)
    return UpdateHealth(by_webhook=True)


async def test_a_webhook_that_is_well_is_looked_at_seldom(health: UpdateHealth) -> None:
    clock = Clock()
    assert not health.parts()["updates"][0]
    old = info(waiting=1, failed_at=clock() - 3600, last_error_message="Connection refused")
    assert await watched(health, clock, info(), old) == [WATCH_SECONDS] * 2
    assert all(is_well for is_well, _ in health.parts().values())


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (info("https://elsewhere.example.org/"), "another webhook"),
        (info(""), "removed the webhook"),
        (
            info(waiting=3, failed_at=Clock.now - 5, last_error_message="Wrong response from the webhook: 502"),
            "Wrong response from the webhook: 502",
        ),
        (TelegramUnauthorizedError(GetWebhookInfo(), "Unauthorized"), "refuses the token"),
        (TelegramNetworkError(GetWebhookInfo(), "no answer to bot123:secret"), "TelegramNetworkError"),
    ],
)
async def test_a_trouble_is_said_once_and_its_end(
    health: UpdateHealth, caplog: pytest.LogCaptureFixture, answer: WebhookInfo | Exception, words: str
) -> None:
    assert await watched(health, Clock(), info(), answer, answer, answer) == [WATCH_SECONDS, *[AGAIN_SECONDS] * 3]
    is_well, says = health.parts()["updates"]
    assert not is_well
    assert words in says
    await watched(health, Clock(), info())
    assert health.parts()["updates"][0]
    begins, ends = caplog.messages
    assert words in begins
    assert "over after" in ends
    assert "secret" not in caplog.text
