"""Whether Telegram's updates arrive: one log line when a trouble begins, one when it is over, and `/ready`."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramNotFound,
    TelegramUnauthorizedError,
)

from bot.telegram.session import said
from storage.database import StoreError

log = logging.getLogger(__name__)

SILENCE_SECONDS = 90.0
"""An answer to `getUpdates` takes 30 s at most: after so long without one something is wrong."""
CALM_SECONDS = 60.0
"""Of two that poll each gets an answer now and then: it is over when there was no conflict for so long."""
QUICK, SLOW = (0.5, 1.0, 2.0, 5.0), (5.0, 10.0, 20.0, 40.0, 60.0)
"""Seconds before the next attempts. The slow ones are for what only a person can mend."""
_OF_WEBHOOKS = ("webhook is active", "terminated by setWebhook")
"""In the text of a 409, as in Client.cpp of the official server; the other 409 is about a second poller."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why no updates arrive. `says`: what is wrong and what to do; `delays`: seconds before the next attempts; `calm`:
    seconds without it after which it is over."""

    name: str
    says: str
    delays: Sequence[float] = SLOW
    calm: float = 0.0


REFUSED = Trouble(
    "Telegram refuses the token",
    "it was revoked or replaced; get the present one from @BotFather (/token), set telegram.token and start again",
)
OTHER_POLLER = Trouble(
    "another process polls with this token",
    "it uses another database, and each gets only some of the updates; stop one of the two",
    calm=CALM_SECONDS,
)
FOREIGN_WEBHOOK = Trouble(
    "somebody has set a webhook for this token",
    "Telegram sends the updates there; stop that program, then start this one again, which removes the webhook",
)
OTHER_ADDRESS = Trouble(
    "somebody has set another webhook for this token",
    "Telegram sends the updates there; stop that program, then start this one again, which sets its own",
)
NO_WEBHOOK = Trouble(
    "somebody has removed the webhook",
    "another program may poll with this token; stop it, then start this one again, which sets the webhook",
)


class UpdateHealth:
    """What is known of Telegram's updates in this process. `clock`: monotonic seconds.

    `leads`: whether this process polls; None: that is not known, or the updates come by webhook (`by_webhook`).
    """

    def __init__(self, *, by_webhook: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self.by_webhook = by_webhook
        self.clock = clock
        self.leads: bool | None = None
        self._trouble: Trouble | None = None
        self._since = self._last_at = 0.0
        self._attempts = 0
        self._answered_at: float | None = None

    @property
    def is_cut_off(self) -> bool:
        """Whether the next answer, however short, tells that a trouble is over."""
        return self._trouble is not None and not self._trouble.calm

    def failed(self, error: BaseException) -> float:
        """An attempt has failed; returns the seconds before the next one."""
        return self.suffers(trouble_of(error))

    def suffers(self, trouble: Trouble) -> float:
        """This is wrong now, or still; returns the seconds before the next attempt."""
        self._last_at = self.clock()
        if self._trouble is None or self._trouble.name != trouble.name:
            self._since, self._attempts = self._last_at, 0
            level = logging.ERROR if trouble.delays is SLOW else logging.WARNING
            log.log(level, "%s: %s; trying again every %g to %g s", trouble.name, trouble.says, *_range(trouble))
        self._trouble = trouble
        seconds = trouble.delays[min(self._attempts, len(trouble.delays) - 1)]
        self._attempts += 1
        return seconds

    def begins(self) -> None:
        """This process begins to poll: the first answer may take as long as any."""
        self._answered_at = self.clock()

    def answered(self) -> None:
        """Telegram has answered as it should."""
        self._answered_at = now = self.clock()
        if self._trouble and now - self._last_at >= self._trouble.calm:
            log.info("%s: over after %.0f s", self._trouble.name, now - self._since)
            self._trouble = None

    def parts(self) -> Mapping[str, tuple[bool, str]]:
        """For `/ready`: whether the updates arrive and whether the leader is known, each in a sentence."""
        return {"updates": self._updates(), "leader": self._leader()}

    def _updates(self) -> tuple[bool, str]:
        if self.leads is False:
            return True, "another process polls Telegram"
        if self._trouble:
            return False, f"{self._trouble.name}: {self._trouble.says}"
        if self._answered_at is None:
            return False, "Telegram has not answered yet"
        silent = self.clock() - self._answered_at
        if self.by_webhook:
            return True, "Telegram has the address of the webhook"
        return silent < SILENCE_SECONDS, f"Telegram answered {silent:.0f} s ago"

    def _leader(self) -> tuple[bool, str]:
        if self.by_webhook:
            return True, "none is needed: updates come by webhook"
        if self.leads is None:
            return False, "not known: the database has not said which process polls"
        return True, "this process polls" if self.leads else "another process polls"


def trouble_of(error: BaseException) -> Trouble:
    """The trouble that an error of `getUpdates`, or of storing what it gave, is a sign of."""
    match error:
        case TelegramUnauthorizedError() | TelegramNotFound():
            return REFUSED
        case TelegramConflictError():
            return FOREIGN_WEBHOOK if any(words in error.message for words in _OF_WEBHOOKS) else OTHER_POLLER
        case TelegramBadRequest() | TelegramForbiddenError():
            return Trouble("Telegram refuses to give updates", f"it says: {error.message}")
        case StoreError():
            return Trouble("updates can't be stored", f"Telegram keeps them ({error})", QUICK)
    return Trouble("Telegram gives no updates", said(error), QUICK)


def _range(trouble: Trouble) -> tuple[float, float]:
    return trouble.delays[0], trouble.delays[-1]
