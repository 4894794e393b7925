"""Tasks at the simulated service: their durations, their outcomes, and the account's limits."""

import heapq
import math
import random
import re
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from PIL import Image

from providers.jimeng.models import MOST_TOGETHER, JimengModel
from providers.jimeng.simulator.envelopes import SUCCESS, Refusal
from providers.jimeng.simulator.rules import RESOLUTIONS

Durations = Callable[[random.Random], float]
TASK_SECONDS = 12 * 3600.0
"""The time that the service knows a task."""
URL_SECONDS = 24 * 3600.0
"""The time that a picture's URL is valid."""

_QUEUED_SHARE = 0.1  # the share of its duration that a task is queued
_AT_SUBMIT = {"forbidden": 50412, "protected name": 50413}
_WITH_REFERENCES = {"unsafe reference": 50411, "protected reference": 50518}
_AT_RESULT = {"unsafe result": 50511, "protected result": 50519, "broken result": 50501}
_WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_CHINESE = {sign: number for number, sign in enumerate("一二三四五六七八九十", 1)} | {"两": 2}
_PICTURES = re.compile(
    rf"\b(\d+|{'|'.join(_WORDS)})\s+(?:\w+\s+)?(?:pictures|images|photos|variants)\b|(\d+|[{''.join(_CHINESE)}])\s*[张幅]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Task:
    """One accepted task; times on the simulator's clock. `code`: how it ends. `seed`: of its first picture."""

    id: str
    req_key: str
    prompt: str
    references: tuple[bytes, ...] = field(repr=False)
    width: int
    height: int
    count: int
    seed: int
    submitted: float
    started: float
    finished: float
    code: int
    callback_url: str | None
    is_upscaled: bool = False

    def status(self, now: float) -> str:
        """The value of `data.status`."""
        if now - self.submitted > TASK_SECONDS:
            return "not_found"
        return "in_queue" if now < self.started else "generating" if now < self.finished else "done"


@dataclass(slots=True)
class TaskQueue:
    """Accepts tasks within the account's limits. `qps`: calls a second; `concurrency`: tasks at once."""

    durations: Durations
    speed: float
    concurrency: int
    qps: int
    random: random.Random
    tasks: dict[str, Task] = field(default_factory=dict)
    finished_at: dict[str, float] = field(default_factory=dict)
    submits: Counter[str] = field(default_factory=Counter)
    _ends: list[float] = field(default_factory=list)
    _calls: deque[float] = field(default_factory=deque)

    def count_call(self, now: float) -> None:
        """Refuse a call beyond the limit of calls a second."""
        while self._calls and self._calls[0] <= now - 1:
            self._calls.popleft()
        if len(self._calls) >= self.qps:
            raise Refusal(50429)
        self._calls.append(now)

    def check_free(self, now: float) -> None:
        """Refuse a task beyond the limit of tasks at once."""
        while self._ends and self._ends[0] <= now:
            heapq.heappop(self._ends)
        if len(self._ends) >= self.concurrency:
            raise Refusal(50430)

    def take(self, payload: Mapping[str, Any], model: JimengModel, references: tuple[bytes, ...], now: float) -> Task:
        """Make a task from a checked submit. Raises `Refusal`: moderation, limits."""
        prompt = payload.get("prompt", "")
        moderate(prompt, has_references=bool(references))
        count = 1 if payload.get("force_single", not model.picks_shape) else asked_for(prompt)
        if count + len(references) > MOST_TOGETHER:
            raise Refusal(50200, f"{count} pictures and {len(references)} references, at most {MOST_TOGETHER} together")
        self.check_free(now)
        width, height = shape(payload, model, references)
        duration = self.durations(self.random) / self.speed
        task = Task(
            id=str(self.random.randrange(7 * 10**18, 8 * 10**18)),
            req_key=payload["req_key"],
            prompt=prompt,
            references=references,
            width=width,
            height=height,
            count=count,
            seed=self.random.randrange(2**31) if payload.get("seed", -1) == -1 else payload["seed"],
            submitted=now,
            started=now + _QUEUED_SHARE * duration,
            finished=now + duration,
            code=next((code for words, code in _AT_RESULT.items() if words in prompt.lower()), SUCCESS),
            callback_url=payload.get("callback_url"),
            is_upscaled=bool(model.resolution),
        )
        self._forget(now)
        self.tasks[task.id] = task
        self.finished_at[task.id] = task.finished
        self.submits[prompt] += 1
        heapq.heappush(self._ends, task.finished)
        return task

    def _forget(self, now: float) -> None:
        """Delete the tasks whose URLs have expired. Tasks are in the order of their submits."""
        for task in list(self.tasks.values()):
            if now - task.finished <= URL_SECONDS:
                return
            del self.tasks[task.id]


def moderate(prompt: str, *, has_references: bool) -> None:
    """Refuse a prompt that moderation refuses at the submit; see the package's table of words."""
    words = _AT_SUBMIT | (_WITH_REFERENCES if has_references else {})
    for trigger, code in words.items():
        if trigger in prompt.lower():
            raise Refusal(code)


def asked_for(prompt: str) -> int:
    """The number of pictures that a prompt asks for: "four pictures", "3 images", "两张"; 1 without a number."""
    match = _PICTURES.search(prompt)
    if match is None:
        return 1
    text = (match[1] or match[2]).lower()
    return max(1, int(text) if text.isdecimal() else _WORDS.get(text) or _CHINESE[text])


def shape(payload: Mapping[str, Any], model: JimengModel, references: tuple[bytes, ...]) -> tuple[int, int]:
    """Width and height: as given (the 3 series rounds them to 16), else the model's own."""
    if "width" in payload:
        width, height = payload["width"], payload["height"]
        return (width, height) if model.picks_shape else (round(width / 16) * 16, round(height / 16) * 16)
    if not model.picks_shape and not model.resolution:
        return model.sizes["1k"][0]
    ratio = _ratio(payload.get("prompt", ""), references)
    ratio = min(max(ratio, payload.get("min_ratio", 1 / 3)), payload.get("max_ratio", 3))
    area = RESOLUTIONS[payload.get("resolution", "4k")] if model.resolution else payload.get("size", 2048 * 2048)
    return round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))


def _ratio(prompt: str, references: tuple[bytes, ...]) -> float:
    match = re.search(r"\b(\d{1,2})\s*[:：]\s*(\d{1,2})\b", prompt)
    if match and int(match[1]) and int(match[2]):
        return int(match[1]) / int(match[2])
    if references:
        with Image.open(BytesIO(references[0])) as image:
            return image.width / image.height
    return 1
