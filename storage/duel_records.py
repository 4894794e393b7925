"""The frozen records of duels: one prompt that several services draw, and on which a chat votes."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from storage.job_states import NOT_READY, JobState
from storage.records import Cost, Job, NewJob

LETTERS = "ABCD"
"""One for each picture of a duel: at most so many services take part."""
UNSETTLED = (JobState.DELIVERING, JobState.FAILING, JobState.CANCELLING, JobState.INTERRUPTING)
"""The states of jobs that have ended, and of whose end nobody is told yet."""


class DuelState(StrEnum):
    """The states of a duel."""

    # Its person has not agreed to the price yet.
    ASKED = "asked"
    # Its jobs are under way, or their album is being sent.
    RUNNING = "running"
    # Its chat votes.
    VOTING = "voting"
    # The vote is over: the services may be named.
    CLOSED = "closed"
    # Fewer than two of its services made a picture, or it could not be shown: there is nothing to vote on.
    VOID = "void"


HIDDEN = (DuelState.ASKED, DuelState.RUNNING, DuelState.VOTING)
"""The services are not named."""


@dataclass(frozen=True, slots=True)
class NewDuel:
    """A duel to ask about. `idempotency_key` names the update; `requests`: one for each service, none of them stored
    yet; `prices`: the most that each can cost, None where the operator has set none."""

    idempotency_key: str
    chat_id: int
    user_id: int
    requests: tuple[NewJob, ...]
    prices: tuple[Cost | None, ...]


@dataclass(frozen=True, slots=True)
class Duel:
    """A stored duel. `question_id`: the message that asks for consent; `poll_id`: of its poll, empty where sending one
    was tried; `closes_at`: when the vote ends by itself; `told_at`: when the chat was told
    the result."""

    id: int
    state: DuelState
    chat_id: int
    user_id: int
    question_id: int | None
    poll_id: str | None
    poll_message_id: int | None
    created_at: float
    closes_at: float | None
    closed_at: float | None
    told_at: float | None

    @property
    def is_hidden(self) -> bool:
        """Whether the services are not to be named."""
        return self.state in HIDDEN


@dataclass(frozen=True, slots=True)
class AskedDuel:
    """A duel whose person is asked to agree to its prices."""

    duel: Duel
    requests: tuple[NewJob, ...]
    prices: tuple[Cost | None, ...]


@dataclass(frozen=True, slots=True)
class DuelStanding:
    """A duel with its jobs, in the order of their ids. One of them holds the status message of all."""

    duel: Duel
    jobs: Sequence[Job]

    @property
    def first(self) -> Job:
        """The job whose status message is the duel's; as long as there is none, the first."""
        return next((job for job in self.jobs if job.status_id is not None), self.jobs[0])

    @property
    def waiting(self) -> list[Job]:
        """The jobs whose pictures are being made."""
        return [job for job in self.jobs if job.state in NOT_READY]

    @property
    def unsettled(self) -> list[Job]:
        """The jobs that have ended, and of whose end nobody is told yet."""
        return [job for job in self.jobs if job.state in UNSETTLED]

    @property
    def ready(self) -> list[Job]:
        """The jobs with pictures."""
        return [job for job in self.jobs if job.state in {JobState.DELIVERING, JobState.DELIVERED}]

    @property
    def lettered(self) -> list[Job]:
        """The jobs whose pictures take part in the vote, by letter."""
        return sorted((job for job in self.jobs if job.duel_letter), key=lambda job: job.duel_letter or "")

    @property
    def leader(self) -> Job | None:
        """The job that is delivered, or whose end is told, next: its worker does it, for all. None: not all have ended,
        or nothing is left to do."""
        return None if self.waiting else next(iter(self.unsettled), None)


@dataclass(frozen=True, slots=True)
class Vote:
    """A vote that was stored. `voters`: how many people have voted; `is_new`: this one had not."""

    voters: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class DuelResult:
    """The outcome of a duel for one service. `won`: it alone has the most votes; `seconds`: how long it took."""

    letter: str
    provider: str
    votes: int
    won: bool
    cost: Cost | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """A service in the duels of one chat: in how many it took part, how many it won, and its costs by currency."""

    provider: str
    duels: int
    wins: int
    votes: int
    costs: tuple[Cost, ...]
