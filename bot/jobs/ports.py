"""The ports of the engine: where references come from, and where progress and results are shown."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from providers.base import ReferenceLimits
from providers.errors import ContentRefusedError, GenerationFailedError, InvalidRequestError, ProviderError, Sentence
from storage.duel_records import Duel, DuelStanding
from storage.provider_health import Problem
from storage.records import CheckedReference, ErrorMessage, Job, StoredReference


class Phase(Enum):
    """The step that a person is waiting for."""

    PREPARING = "preparing"
    WAITING = "waiting"
    PAUSED = "paused"
    WORKING = "working"
    DELIVERING = "delivering"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is. `place`: 1 is next; `left`: seconds, None while nothing is known; `done` of `total` tasks;
    `is_late`: it takes longer than tasks usually do, so that the time left is not known; `why`: what it is paused for,
    or what keeps its pictures from being sent, and `retry_in`: after how many seconds that is tried again; `preview`: a
    picture that is not finished yet, as bytes."""

    phase: Phase
    place: int | None = None
    left: float | None = None
    fraction: float | None = None
    elapsed: float = 0.0
    done: int = 0
    total: int = 1
    is_late: bool = False
    why: Sentence | None = None
    retry_in: float | None = None
    preview: bytes | None = field(default=None, repr=False)


class InvalidReferenceError(Exception):
    """A reference can't be used; the sentence says why."""

    def __init__(self, sentence: Sentence) -> None:
        self.sentence = sentence
        super().__init__(str(sentence))


class NotYet(OSError):
    """Telegram demands a wait of so many seconds before a reference can be fetched."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"in {seconds:.0f} s")


class Unreachable(Exception):
    """The chat takes no messages from the bot any more: blocked, removed or muted. Trying again is no use."""


class Undelivered(Exception):
    """Some or all of an album did not arrive for now. `why` is said while it is tried again, `at_last` when the bot
    gives up; None: nothing in particular.

    `is_final`: trying again by itself is no use, a person may do so later. `unfetched`: the service does not hand the
    pictures over; that is tried for half a minute only.
    """

    def __init__(
        self,
        detail: str,
        why: Sentence | None = None,
        *,
        at_last: Sentence | None = None,
        unfetched: bool = False,
        is_final: bool = False,
    ) -> None:
        self.why = why
        self.at_last = at_last
        self.unfetched = unfetched
        self.is_final = is_final
        super().__init__(detail)


class TakenOver(Exception):
    """Another process has this job now: this one hung, and was taken for dead. Nothing more is done here."""


class JobNotifier(Protocol):
    """Where progress and results are shown. Implemented with Telegram in `bot.telegram.notifier`."""

    async def fetch(self, file_id: str, limits: ReferenceLimits, person: int) -> CheckedReference:
        """A reference's checked bytes, in the turn of `person`. Raises `InvalidReferenceError`, `NotYet`, or another
        `OSError` when it can't be fetched now."""

    async def fit(self, data: bytes, limits: ReferenceLimits, person: int) -> CheckedReference:
        """A picture that the bot keeps, made to fit these limits, in the turn of `person`. Raises
        `InvalidReferenceError`."""

    def show(self, job: Job, progress: Progress) -> None:
        """Show progress soon, or not at all when there is no room for it."""

    async def deliver(self, job: Job) -> None:
        """Send the pictures that have not been sent. Raises `Unreachable`, `Undelivered` or `TakenOver`."""

    async def keep(self, job: Job) -> None:
        """Fetch the pictures that were not sent, for their owner's history. Raises `Undelivered`: not all for now."""

    async def unsent(self, job: Job, *, only_here: bool = False) -> None:
        """Say that pictures of a job are kept and could not be sent to its chat. Raises `Undelivered`.

        Where the chat can't be told, whoever asked is told elsewhere, unless it shall be said `only_here`.
        """

    def show_duel(self, standing: DuelStanding) -> None:
        """A duel has changed: what is shown of it follows."""

    async def tell_result(self, duel: Duel) -> None:
        """Name the services of a closed duel in its chat. Saying it twice must look like once. Raises `Undelivered`."""

    async def ended(self, job: Job, *, only_here: bool = False) -> None:
        """Say how a job ended that has no album: failed, cancelled or interrupted. Raises `Undelivered`.

        It may be said once more after a crash; saying it twice must look like once. `only_here`: see `unsent`.
        """


class Publisher(Protocol):
    """Where services fetch references."""

    async def publish(
        self, job_id: int, reference: StoredReference, read: Callable[[], Awaitable[bytes]]
    ) -> str | None:
        """The address of a reference for an hour; None when there is no way: it goes along with its request."""

    async def withdraw(self, job_id: int) -> None:
        """The references of this job are not needed any more."""


class Unpublished:
    """Every reference goes along with its request."""

    async def publish(
        self, job_id: int, reference: StoredReference, read: Callable[[], Awaitable[bytes]]
    ) -> str | None:
        """See `Publisher`."""
        return None

    async def withdraw(self, job_id: int) -> None:
        """See `Publisher`."""


class Companions(Protocol):
    """The messages that may still join a request, as a forwarded post joins the words that were sent with it."""

    async def gathered(self, job: Job) -> None:
        """Wait until nothing can join the message that asked for this job any more."""


class Alone:
    """Nothing joins a request."""

    async def gathered(self, job: Job) -> None:
        """See `Companions`."""


class ServiceEvent(Enum):
    """What became of a service, besides a `Problem`."""

    # It works again after a problem.
    WORKS = "works"
    # An admin has paused it, or has ended that pause.
    PAUSED = "paused"
    RESUMED = "resumed"


@dataclass(frozen=True, slots=True)
class ServiceNews:
    """News of a service for the admins. A `Problem`: it is paused by itself; `advice`: what the operator can do; `by`:
    the admin who did it, and who is not told."""

    provider: str
    event: ServiceEvent | Problem
    advice: str = ""
    by: int | None = None


class AdminNotifier(Protocol):
    """Where the admins are told how the services do."""

    def tell(self, news: ServiceNews) -> None:
        """Tell them in the background. Each call is sent once at most."""


class Untold:
    """Nobody is told."""

    def tell(self, news: ServiceNews) -> None:
        """See `AdminNotifier`."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the world finds things: references, and (`callback`, by its id) a task's announcement; None: nowhere."""

    references: Publisher
    callback: Callable[[int], str | None]


NOWHERE = Addresses(Unpublished(), lambda _id: None)


def error_message(sentence: Sentence) -> ErrorMessage:
    """A sentence as the store keeps it."""
    return {"template": sentence.template, "values": {key: _plain(value) for key, value in sentence.values.items()}}


def error_message_of(error: ProviderError) -> ErrorMessage:
    """A provider's error as a person is told of it: its sentence; where content was refused, which; and, where a task
    was taken or turned away, whether it was paid."""
    kept = error_message(error.sentence)
    if isinstance(error, ContentRefusedError):
        kept = {**kept, "refused": error.what}
    was_taken = isinstance(error, InvalidRequestError) and error.paid is not False
    is_told = was_taken or isinstance(error, (ContentRefusedError, GenerationFailedError))
    return {**kept, "paid": error.paid} if is_told else kept


def sentence(stored: ErrorMessage) -> Sentence:
    """A sentence from the store."""
    template, values = stored["template"], stored["values"]
    return Sentence(template, values)


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | None) else str(value)
