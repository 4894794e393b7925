"""The frozen records of jobs, references, drafts, tasks, pictures, workers and updates, as the store takes and returns
them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from storage.job_states import JobState, TaskState

if TYPE_CHECKING:
    from storage.money import RefusedTask

ErrorMessage = Mapping[str, Any]
"""A sentence for a person: `{"template": str, "values": {str: …}}`. `"refused"`: the content that the service refused
("prompt", "reference", "input" or "result"); `"paid"`: whether the attempt was charged (None: unknown)."""


ERASED_USER_ID = 0
"""The owner of the jobs and tasks of people whose data was erased."""


@dataclass(frozen=True, slots=True)
class NewReference:
    """A reference as it arrives: Telegram's file id, the message of the chat that showed it (None: it was in another
    chat, or in no message), and the bot's own picture that it is. `likeness_id`: the likeness that it is, then without
    a file id of Telegram's; `named`: the names in the prompt that mean it, a line each."""

    file_id: str
    message_id: int | None
    picture_id: int | None = None
    likeness_id: int | None = None
    named: str | None = None


@dataclass(frozen=True, slots=True)
class NewJob:
    """A request to store. `idempotency_key` names the update, so that a repeated one makes no second job;
    `message_id`: the message that the answer replies to; `asked_message_id`: the message that holds the prompt, or
    `button`: the button that was pressed; `user_name`: the person's name in a chat with others; `said`: a digest of the
    message as it was written; `choices`: the words of each picture, where the prompt has choices; `inline_message_id`:
    the message of inline mode that shows the job; `duel_id`: the duel in which it is one of several."""

    idempotency_key: str
    chat_id: int
    message_id: int | None
    user_id: int
    language: str
    provider: str
    prompt: str
    options: Mapping[str, Any]
    thread_id: int | None = None
    style: Mapping[str, str] | None = None
    user_name: str | None = None
    references: tuple[NewReference, ...] = ()
    said: str | None = None
    asked_message_id: int | None = None
    button: str | None = None
    choices: list[str] | None = None
    inline_message_id: str | None = None
    duel_id: int | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One request's life. `idempotency_key`, `message_id`, `asked_message_id`, `button`, `said`, `choices`,
    `inline_message_id`: see `NewJob`; messages of the group that the chat was before are left out. `finished_at`: when
    nothing was left to do, the person's being told included; `worker_id`: the worker that shows it, delivers it and
    tells its end; `first_provider`: the one that was asked for, where another one took over; `style`: the `name` and
    `words` of the style that was named; `edited_at`: when its message was edited, if it was; `precedence`: see
    `storage.own_queue`; `duel_id`, `duel_letter`: the duel in which it is one of several, and the letter of its picture
    there."""

    id: int
    state: JobState
    chat_id: int
    thread_id: int | None
    idempotency_key: str | None
    message_id: int | None
    status_id: int | None
    user_id: int
    language: str
    provider: str
    prompt: str
    options: dict[str, Any]
    error_message: dict[str, Any] | None
    created_at: float
    finished_at: float | None
    worker_id: int | None
    first_provider: str | None = None
    style: dict[str, str] | None = None
    user_name: str | None = None
    said: str | None = None
    edited_at: float | None = None
    asked_message_id: int | None = None
    button: str | None = None
    precedence: int | None = None
    choices: list[str] | None = None
    inline_message_id: str | None = None
    duel_id: int | None = None
    duel_letter: str | None = None


@dataclass(frozen=True, slots=True)
class StoredReference:
    """A reference of a job; `media_type`, `width` and `height` are None until it is fetched and checked."""

    id: int
    job_id: int
    file_id: str
    message_id: int | None
    media_type: str | None
    width: int | None
    height: int | None
    size: int | None
    changes: list[dict[str, Any]]
    picture_id: int | None = None
    likeness_id: int | None = None
    named: str | None = None

    def again(self) -> NewReference:
        """The same reference for another job."""
        return NewReference(self.file_id, self.message_id, self.picture_id, self.likeness_id, self.named)


@dataclass(frozen=True, slots=True)
class Draft:
    """Pictures, and perhaps a style, that wait for a prompt or go with one. `provider`, `options`: those of a request
    that waits for other words; None: by the settings."""

    references: tuple[NewReference, ...] = ()
    style: Mapping[str, str] | None = None
    provider: str | None = None
    options: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class NewDraft:
    """A draft to store. `idempotency_key` names the update that brought it; `message_id`: the message that brought its
    pictures; `question_id`: the bot's message that asks for the prompt, once it is sent; `words`: the prompt that its
    button submits."""

    idempotency_key: str
    chat_id: int
    user_id: int
    question_id: int | None
    draft: Draft
    message_id: int | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """The bot's message that asks for the prompt of a draft: the person asked, and the prompt that its button
    submits."""

    user_id: int
    words: str


@dataclass(frozen=True, slots=True)
class CheckedReference:
    """A reference as the provider will get it. `changes`: sentences on the changes made to it."""

    data: bytes
    media_type: str
    width: int
    height: int
    changes: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Task:
    """One submission; it belongs to the worker of its job. `begun_at`: when it was claimed; `submitted_at`: when its
    ticket was stored; `cost`: see `Cost`; `pictures`: how many it gave; `seconds`: how long the service took, if known;
    `price`: the most that it can cost, and `counted` of it against the budgets since `reserved_at`, both like `cost`;
    `prompt`: its own words, where its job has choices.
    """

    id: int
    job_id: int
    user_id: int
    provider: str
    state: TaskState
    ticket: str | None
    options: dict[str, Any]
    error_message: dict[str, Any] | None
    queued_at: float
    not_before: float
    begun_at: float | None
    submitted_at: float | None
    finished_at: float | None
    cost: int | None = None
    currency: str | None = None
    pictures: int | None = None
    seconds: float | None = None
    price: int | None = None
    counted: int | None = None
    reserved_at: float | None = None
    prompt: str | None = None


@dataclass(frozen=True, slots=True)
class TicketKept:
    """The job of a task as its ticket was stored. `is_wanted`: False where it was cancelled meanwhile; `worker_id`: its
    owner, which goes on with the task."""

    is_wanted: bool
    worker_id: int | None


@dataclass(frozen=True, slots=True)
class OpenInChat:
    """A job of a chat that is not ready yet. `begun`: one of its tasks has been claimed, so it may be paid."""

    job_id: int
    user_id: int
    prompt: str
    begun: bool


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a task: `amount` in ten-thousandths of the `currency`."""

    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class NewPicture:
    """A result as the provider gives it: at `url`, or its bytes. `seed`: its random seed."""

    url: str | None = None
    data: bytes | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class WaitingTask:
    """A task that waits or is under way, with the fields that the fair order and the forecast need. `last_turn`: when a
    task of the same person was last claimed; `begun_at`: when this one was claimed; `precedence`: of the person's own
    tasks, those with a higher one go first."""

    task_id: int
    job_id: int
    user_id: int
    state: TaskState
    queued_at: float
    submitted_at: float | None
    last_turn: float
    begun_at: float | None = None
    precedence: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one provider's account: tasks at once, and tasks started in a minute (None: no limit)."""

    at_once: int
    per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class ClaimedTasks:
    """Tasks that were claimed. `has_more`: more may be claimed at once; `due`: when to claim again, where time alone
    frees the next slot; `refused`: those for which a budget has no room, which still wait."""

    tasks: tuple[Task, ...]
    due: float | None
    has_more: bool = False
    refused: "tuple[RefusedTask, ...]" = ()


@dataclass(frozen=True, slots=True)
class EndedTask:
    """A task that has ended. `job`: its job, where that has moved on in the same step; `is_provider_failing`: the
    provider had failed before."""

    job: Job | None
    is_provider_failing: bool = False


@dataclass(frozen=True, slots=True)
class Worker:
    """A process of the bot. `present`: whether its connection to the database is up; `session`: the name of its
    sessions there."""

    id: int
    heartbeat: int
    present: bool
    session: str | None = None
