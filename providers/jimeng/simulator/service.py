"""The simulated service without its HTTP: gateway, rules and tasks produce the answer to a call."""

from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from aiohttp import ClientSession

from providers.jimeng.simulator import references
from providers.jimeng.simulator.envelopes import MESSAGES, SUCCESS, Denied, Refusal, Reply, answer, denial
from providers.jimeng.simulator.gallery import Gallery
from providers.jimeng.simulator.gateway import Keys, Raw, verify
from providers.jimeng.simulator.rules import check_result, check_submit, read_body
from providers.jimeng.simulator.tasks import Task, TaskQueue

ACTIONS = {"CVSync2AsyncSubmitTask": "submit", "CVSync2AsyncGetResult": "result"}
VERSION = "2022-08-31"
# With these codes only the status distinguishes a failed task from a service that is down for a moment.
TOLD_BY_STATUS = (50501,)

EMPTY = {"late pictures": 2, "no pictures": 10**9}
"""Words in a prompt, and how many answers about the finished task have no pictures."""


class Addresses:
    """The temporary addresses of pictures; each answer of the service has new ones."""

    def __init__(self) -> None:
        self._given = 0
        self._over = 0

    def new(self) -> str:
        """The query of one more address."""
        self._given += 1
        return f"x-signature={self._given}"

    def expire(self) -> None:
        """Invalidate all addresses given so far."""
        self._over = self._given

    def is_good(self, query: Mapping[str, str]) -> bool:
        """Whether an address with this query is still valid."""
        number = query.get("x-signature", "")
        return number.isdecimal() and int(number) > self._over


class Service:
    """Gateway, rules and tasks. `clock`: seconds, for the tasks; `now`: the time in UTC, for signatures.

    `taken` is called with each task. `activated`: False makes every call fail with 50400. `calls` and `polls` count
    the calls that passed the gateway.
    """

    def __init__(
        self,
        keys: Keys,
        queue: TaskQueue,
        gallery: Gallery,
        *,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        taken: Callable[[Task], None],
    ) -> None:
        self.keys = keys
        self.queue = queue
        self.activated = True
        self.not_activated: set[str] = set()
        """The `req_key`s of the models that the account doesn't have."""
        self.calls: Counter[str] = Counter()
        self.polls: Counter[str] = Counter()
        self.addresses = Addresses()
        self.asked_when_done = Counter[str]()
        """Answers about finished tasks, by task id."""
        self._gallery = gallery
        self._clock, self._now, self._taken = clock, now, taken

    async def reply(self, raw: Raw, action: str, version: str, session: ClientSession, base: str) -> Reply:
        """Answer one call. `session` fetches references; `base` is the address of the pictures."""
        try:
            self._admit(raw, action, version)
            return await self._act(raw, ACTIONS[action], session, base)
        except Denied as error:
            return denial(error, action, version, self._now())
        except Refusal as error:
            return answer(error.code, None, self._now(), error.message)

    def _admit(self, raw: Raw, action: str, version: str) -> None:
        if not action or not version:
            raise Denied("MissingParameter", 400, "Action and Version are needed")
        verify(raw, self.keys, self._now())
        if action not in ACTIONS or version != VERSION or raw.method != "POST" or raw.path != "/":
            raise Denied("InvalidActionOrVersion", 404, f"no {raw.method} {raw.path} for {action} {version}")

    async def _act(self, raw: Raw, action: str, session: ClientSession, base: str) -> Reply:
        self.calls[action] += 1
        if not self.activated:
            raise Refusal(50400)
        self.queue.count_call(self._clock())
        payload = read_body(raw.body)
        if payload.get("req_key") in self.not_activated:
            raise Refusal(50400)
        return await (self._submit(payload, session) if action == "submit" else self._result(payload, base))

    async def _submit(self, payload: dict[str, Any], session: ClientSession) -> Reply:
        model = check_submit(payload)
        self.queue.check_free(self._clock())
        pictures = await references.take(payload, model, session)
        task = self.queue.take(payload, model, pictures, self._clock())
        self._taken(task)
        return answer(SUCCESS, {"task_id": task.id}, self._now())

    async def announcement(self, task: Task, base: str) -> dict[str, object]:
        """The body that the service posts to `callback_url` when a task has ended."""
        if task.code == SUCCESS:
            data: object = {**await self._pictures(task, {"return_url": True}, base), "status": "done"}
        else:
            data = {"resp_data": ""}
        message = MESSAGES.get(task.code, "Success")
        reply = answer(task.code, None, self._now(), message).payload
        return {**reply, "task_id": task.id, "data": data}

    async def _result(self, payload: dict[str, Any], base: str) -> Reply:
        extra = check_result(payload)
        self.polls[payload["task_id"]] += 1
        task = self.queue.tasks.get(payload["task_id"])
        status = task.status(self._clock()) if task else "not_found"
        if task and task.req_key != payload["req_key"]:
            raise Refusal(50215)
        if task and status == "done":
            if task.code in TOLD_BY_STATUS:
                return answer(task.code, {"status": "done"}, self._now(), MESSAGES[task.code])
            if task.code != SUCCESS:
                raise Refusal(task.code)
            return answer(SUCCESS, {**await self._pictures(task, extra, base), "status": status}, self._now())
        return answer(SUCCESS, {"image_urls": None, "binary_data_base64": None, "status": status}, self._now())

    def _is_empty(self, task: Task) -> bool:
        """Whether an answer about a finished task has no pictures yet."""
        self.asked_when_done[task.id] += 1
        return self.asked_when_done[task.id] <= next((most for words, most in EMPTY.items() if words in task.prompt), 0)

    async def _pictures(self, task: Task, extra: dict[str, Any], base: str) -> dict[str, object]:
        numbers = range(0 if self._is_empty(task) else task.count)
        if extra.get("return_url", False):
            urls = [f"{base}/picture/{task.id}/{number}?{self.addresses.new()}" for number in numbers]
            return {"image_urls": urls, "binary_data_base64": None}
        drawn = [b64encode(await self._gallery.picture(task, number)).decode() for number in numbers]
        return {"image_urls": None, "binary_data_base64": drawn}
