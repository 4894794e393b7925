"""The plain frozen records that the store takes in and hands out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from storage.clock import LEEWAY, LONGEST_HOLD
from storage.job_states import JobState, TaskState

Delivery = Literal["album", "files", "both"]
OptionsSet = Mapping[str, Mapping[str, str]]
"""Options that were chosen for good, by provider and name."""
ErrorMessage = Mapping[str, Any]
"""A sentence for a person: `{"template": str, "values": {str: …}}`."""


NOBODY = 0
"""Whose the jobs and tasks are of people who had everything erased."""


@dataclass(frozen=True, slots=True)
class NewReference:
    """A reference as it arrives: Telegram's file id, the message of the chat that showed it (None: one elsewhere, or
    none), and which of our pictures it is."""

    file_id: str
    message_id: int | None
    picture_id: int | None = None


@dataclass(frozen=True, slots=True)
class Style:
    """Words with a name, added to a prompt by that name."""

    name: str
    words: str


@dataclass(frozen=True, slots=True)
class NewJob:
    """What is known when a person asks. `idempotency_key` names the update, so that a repeated one makes no second job;
    `message_id`: what the answer replies to; `asked_message_id`: the message whose words these are, or `button`: what
    was pressed; `user_name`: what they are called in a chat with others; `said`: a digest of the message as it was
    written."""

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


@dataclass(frozen=True, slots=True)
class Job:
    """One request's life. `idempotency_key`, `message_id`, `asked_message_id`, `button`: see `NewJob`; no message is
    named that stood in the group that the chat was before. `finished_at`: when all was done for it, the person's being
    told included; `worker_id`: who shows it, delivers it and tells its end; `first_provider`: what was asked for, where
    another one took over; `style`: the `name` and `words` of the style that was named; `said`: see `NewJob`;
    `edited_at`: when its words were changed, if they were."""

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

    def again(self) -> NewReference:
        """The same for another job."""
        return NewReference(self.file_id, self.message_id, self.picture_id)


@dataclass(frozen=True, slots=True)
class Draft:
    """What goes with a person's words, or waits for them: pictures, and perhaps a style."""

    references: tuple[NewReference, ...] = ()
    style: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class NewDraft:
    """A draft as it is kept. `idempotency_key` names the update that brought it; `message_id`: the message that brought
    its pictures; `question_id`: the bot's message that asks for the words; `words`: what a button of that one draws."""

    idempotency_key: str
    chat_id: int
    user_id: int
    question_id: int
    draft: Draft
    message_id: int | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What the bot's message that asks for the words of a draft is about: who is asked, and what its button draws."""

    user_id: int
    words: str


@dataclass(frozen=True, slots=True)
class CheckedReference:
    """A reference as the provider will get it. `changes`: sentences on what was done to it."""

    data: bytes
    media_type: str
    width: int
    height: int
    changes: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Task:
    """One submission. `begun_at`: when it got its turn; `submitted_at`: when its ticket was stored; `worker_id`: who
    watches it; `cost`: see `Cost`; `pictures`: how many it gave; `seconds`: how long the service took, if known."""

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
    worker_id: int | None
    cost: int | None = None
    currency: str | None = None
    pictures: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a person has set. `options`: by provider and name, what holds where the person types nothing; `delivery`:
    how results come; `spoiler`: covered until touched; `drafts`: progress as a draft in the private chat."""

    provider: str | None = None
    language: str | None = None
    options: OptionsSet = field(default_factory=dict)
    delivery: Delivery = "album"
    spoiler: bool = False
    drafts: bool = False


Replies = Literal["own", "all", "none"]


@dataclass(frozen=True, slots=True)
class ChatRules:
    """What the admins of a group have set. `provider`, `options`: what holds where a person has set and typed nothing;
    `quiet`: no sound and no progress; `paused`: nothing is taken; `muted`: the bot may not write there; `thread_id`:
    the only topic in which the bot works (1: a forum's general one); `replies`: whose replies to a picture ask for
    another one: those of whoever asked for it, everybody's, or nobody's, so that only commands count."""

    admins_only: bool = False
    provider: str | None = None
    options: OptionsSet = field(default_factory=dict)
    quiet: bool = False
    paused: bool = False
    muted: bool = False
    thread_id: int | None = None
    replies: Replies = "own"


def with_option(known: OptionsSet, provider: str, name: str, value: str | None) -> OptionsSet:
    """The options with this one set for this provider; None: as if it had never been set."""
    others = {key: kept for key, kept in known.get(provider, {}).items() if key != name}
    return {**known, provider: others if value is None else {**others, name: value}}


@dataclass(frozen=True, slots=True)
class OpenInChat:
    """A job of a chat that is not ready yet. `begun`: something of it is being drawn, or may be."""

    job_id: int
    user_id: int
    prompt: str
    begun: bool


@dataclass(frozen=True, slots=True)
class Cost:
    """What a task cost: `amount` in ten-thousandths of the `currency`."""

    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Used:
    """What one person (`NOBODY`: those who had it erased) has made by one provider: `pictures`, and what they cost, by
    currency where it is known."""

    user_id: int
    provider: str
    pictures: int
    costs: tuple[Cost, ...]


@dataclass(frozen=True, slots=True)
class NewPicture:
    """A result as the provider gives it: at `url`, or its bytes. `seed`: the number it was drawn from."""

    url: str | None = None
    data: bytes | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class WaitingTask:
    """A task that waits or is under way, as fairness and the look ahead see it. `last_turn`: its person's; `begun_at`:
    when it got its turn."""

    task_id: int
    job_id: int
    user_id: int
    state: TaskState
    queued_at: float
    submitted_at: float | None
    last_turn: float
    begun_at: float | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What one provider's account may do: tasks at once, and tasks begun in a minute (None: as many as it takes)."""

    at_once: int
    per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class Turns:
    """Tasks whose turn it is now. `due`: when to look again, where time alone makes room for the next one."""

    tasks: tuple[Task, ...]
    due: float | None


@dataclass(frozen=True, slots=True)
class Service:
    """How a provider does. Nothing is submitted `not_before`; `failures` in a row; `error_message`: why it is paused;
    `calls_at`: the public address at which its calls have been arriving."""

    name: str
    not_before: float = 0.0
    failures: int = 0
    error_message: ErrorMessage | None = None
    calls_at: str | None = None

    def is_held(self, now: float) -> bool:
        """Whether nothing is submitted now. A time further ahead than anything is held for was stored by a wrong
        clock, and holds nothing."""
        return now < self.not_before <= now + LONGEST_HOLD + LEEWAY

    def tried_since(self, now: float) -> float:
        """Since when a task that was begun tries whether a paused one works again."""
        return self.not_before if self.not_before <= now else now - LONGEST_HOLD


@dataclass(frozen=True, slots=True)
class Worker:
    """A process of the bot. `present`: whether its line to the database is up; `session`: what its sessions there are
    called by."""

    id: int
    heartbeat: int
    present: bool
    session: str | None = None


@dataclass(frozen=True, slots=True)
class NewUpdate:
    """An update as Telegram sent it. `album` is what the items of one album have in common."""

    id: int
    payload: dict[str, Any]
    album: str | None = None


@dataclass(frozen=True, slots=True)
class Quota:
    """What one person may ask for (None: as much as they like): jobs not ready yet, and jobs a day.

    `apart`: seconds within which the same wish by a button, twice, is one wish.
    """

    waiting: int | None = None
    daily: int | None = None
    apart: float = 0.0


class QuotaExceededError(Exception):
    """A person has asked for as much as one person may. `waiting`: jobs that have not come to their end; else a day's.

    `most`: how many are allowed.
    """

    def __init__(self, most: int, *, waiting: bool) -> None:
        self.most = most
        self.waiting = waiting
        super().__init__(f"at most {most} {'waiting' if waiting else 'a day'}")
