"""A paid job survives a crash and is never paid twice: the real bot as a process, killed at each step of a job's life.

One story with several jobs, each in its own chat: they are brought to different steps, the process is killed (SIGKILL)
with all of them there, and another one starts on the same database; later the same with a polite SIGTERM. The moments
are held by the simulators, not by time. Each test looks at one job of the story.
"""

import asyncio
import colorsys
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from aiohttp.web import HTTPServiceUnavailable

from bot.demo.calls import Call
from bot.demo.telegram import ChatMessage, Delay, TelegramSimulator
from bot.demo.telegram.errors import Dropped
from providers.jimeng.simulator import Call as JimengCall
from providers.jimeng.simulator import Fault, JimengSimulator
from storage.records import JobState
from storage.store import Store
from tests.support.gates import Gate, Gates
from tests.support.house import picture
from tests.support.process import BotProcess, database_url, write_config

QUICK, LONG = 0.05, 10_000.0
PLACES = 4
SUBMIT = "CVSync2AsyncSubmitTask"
UNKNOWN = "not known whether"
RETRY, AGAIN = "🔁 Try again", "🔁 Again"


@dataclass(frozen=True)
class Seen:
    """What has come of a job. `paid`: tasks the service took; `pictures` in the chat; `doubles`: how many too many;
    `words`: the bot's last message, with its buttons."""

    paid: int
    pictures: int
    doubles: int
    words: str


@dataclass(frozen=True)
class Wanted:
    """What should come of a job. `words`: of the bot's last message when nobody has pressed anything yet.

    `retried`: what is paid in the end when the person presses "Try again" once.
    """

    paid: int = 1
    pictures: int = 1
    words: str = AGAIN
    retried: int | None = None


TAKEN = "killed while submitting, after the service took it"
WANTED = {
    "killed while references are fetched": Wanted(),
    "killed while queued": Wanted(),
    "killed while submitting, before the service took it": Wanted(0, 0, UNKNOWN, retried=1),
    TAKEN: Wanted(1, 0, UNKNOWN, retried=2),
    "killed while running": Wanted(),
    "killed while running, cancelled before": Wanted(1, 0, "/history"),
    "killed while a picture is delivered": Wanted(),
    "killed while three pictures are delivered": Wanted(1, 3, "3 pictures"),
    "killed between two albums of 12 pictures": Wanted(1, 12, "12 pictures"),
    "killed when a forbidden prompt was refused": Wanted(0, 0, "refused the words"),
    "killed after everything": Wanted(),
    "heard nothing of a submit": Wanted(1, 0, UNKNOWN, retried=2),
    "heard nothing of a result": Wanted(),
    "stopped while running": Wanted(),
    "stopped while submitting": Wanted(),
    "stopped while three pictures are delivered": Wanted(1, 3, "3 pictures"),
    "stopped while the service is busy": Wanted(),
    "stopped while photos arrive": Wanted(),
}


def draw(prompt: str, references: Sequence[bytes], width: int, height: int, seed: int) -> bytes:
    """One colour for each picture, far enough from the others' to be another picture after JPEG."""
    digest = hashlib.sha256(f"{prompt} {seed}".encode()).digest()
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(digest[0] / 255, 1, 0.5 + digest[1] / 512))
    return picture(64, 64, colour=f"#{red:02x}{green:02x}{blue:02x}")


class Story:
    """The simulators, the chats and the bot's processes, one after another.

    `before`: what was there when nobody had pressed a button yet; `after`: in the end; `codes` and `logs`: of the
    processes; `told`: all that the bot has written.
    """

    bot: BotProcess

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.gates = Gates()
        self.seconds = QUICK
        self.passed = 0.0
        self.telegram = TelegramSimulator(strict=False, sleep=self.gates.sleep)
        self.jimeng = JimengSimulator(
            durations=lambda _: self.seconds,
            concurrency=50,
            qps=100_000,
            draw=draw,
            draw_scale=0.1,
            clock=lambda: asyncio.get_running_loop().time() + self.passed,
            sleep=self.gates.sleep,
            on_call=self._called,
        )
        world = self.telegram.world
        self.people = {
            name: world.add_person(600_000_000 + number, f"Person {number}", f"person_{number}", "en")
            for number, name in enumerate(WANTED)
        }
        self.on_submit: Callable[[str, int], None] = nothing
        self.before: dict[str, Seen] = {}
        self.after: dict[str, Seen] = {}
        self.kept: list[bytes | None] = []
        self.codes: list[int] = []
        self.logs: list[str] = []

    # the people

    async def say(self, name: str, flags: str = "", *files: bytes) -> None:
        """The person of this job asks for it."""
        await self.telegram.send(self.people[name], text=f"{name} {flags}", files=files)

    def answers(self, name: str) -> list[ChatMessage]:
        """The bot's messages in the chat of this job."""
        return [message for message in self.telegram.messages(self.people[name].chat) if message.by_bot]

    async def shown(self, name: str, words: str) -> ChatMessage:
        """Wait until the bot's last message has these words or such a button."""

        def found() -> ChatMessage | None:
            return next((one for one in self.answers(name)[-1:] if words in _all_words(one)), None)

        try:
            return await self.telegram.until(found, 20)
        except TimeoutError as error:
            raise AssertionError(f"{name}: {words!r} is not shown. {error}\n{self.bot.log}") from None

    async def press(self, name: str, button: str) -> None:
        """The person presses a button under the bot's last message."""
        press = self.telegram.press(self.people[name], self.answers(name)[-1], button)
        await self.telegram.until(lambda: press.answer)

    def see(self, names: Iterable[str] = WANTED) -> dict[str, Seen]:
        """What there is of each job now."""
        return {name: self._seen(name) for name in names}

    def _seen(self, name: str) -> Seen:
        answers = self.answers(name)
        shown = Counter(one.photo.largest.unique_id for one in answers if one.photo)
        words = _all_words(answers[-1]) if answers else ""
        return Seen(self.jimeng.submits[name], len(shown), shown.total() - len(shown), words)

    @property
    def told(self) -> str:
        """All that the bot has written in any chat, progress included."""
        calls = [call.request for call in self.telegram.calls if call.service == "telegram"]
        return "\n".join(str(request.get("text") or request.get("caption")) for request in calls)

    # the services

    def hold(self, method: str, name: str | None = None) -> Gate:
        """The next call of this method (in this job's chat) is held."""
        gate = self.gates.new()
        chat = self.people[name].chat.id if name else None
        self.telegram.play(Delay(method=method, chat=chat, seconds=gate.seconds))
        return gate

    def hold_second_album(self, name: str) -> Gate:
        """In this job's chat the second album is held."""
        gate, chat = self.gates.new(), self.people[name].chat.id
        albums: list[Call] = []

        def listen(call: Call) -> None:
            if call.name == "sendMediaGroup" and call.request["chat_id"] == chat and not albums:
                albums.append(call)
                self.telegram.play(Delay(method="sendMediaGroup", chat=chat, seconds=gate.seconds))

        self.telegram.calls.listen(listen)
        return gate

    def hold_submit(self) -> Gate:
        """The next submit is held before the service takes it."""
        gate = self.gates.new()
        self.jimeng.faults.append(Fault(kind="delay", action="submit", seconds=gate.seconds))
        return gate

    def play(self, kind: Literal["code", "lost"], action: Literal["submit", "result"], times: int = 1) -> None:
        """The next calls of this action are refused as too many (code 50429), or their answers are lost."""
        self.jimeng.faults.append(Fault(kind=kind, action=action, code=50429, times=times))

    async def taken(self, *names: str) -> None:
        """Wait until the service has taken these tasks."""
        await self.telegram.until(lambda: all(self.jimeng.submits[name] for name in names), 20)

    async def asked_for(self, name: str) -> None:
        """Wait until the bot has asked for the result of this job: then its ticket is stored."""
        tasks, polls = self.jimeng._desk.tasks, self.jimeng.polls
        await self.telegram.until(lambda: any(polls[task.id] for task in tasks.values() if task.prompt == name))

    def all_done(self) -> None:
        """What the service has under way is ready now."""
        self.passed += LONG
        self.seconds = QUICK

    def _called(self, call: JimengCall) -> None:
        prompt = call.request.get("prompt") if isinstance(call.request, dict) else None
        if call.name == SUBMIT:
            self.on_submit(str(prompt), call.status)
        # Who waits for the chats to change looks at the service, too.
        self.telegram.world.changed.ring()

    # the acts

    async def play_all(self) -> None:
        """The whole story, on one database."""
        async with AsyncExitStack() as stack:
            await self.jimeng.start()
            stack.push_async_callback(self.jimeng.aclose)
            await stack.enter_async_context(self.telegram)
            await self.start()
            stack.push_async_callback(lambda: self.bot.aclose())
            await self.bring_to_every_step()
            await self.fill_all_places_and_kill()
            await self.start()
            await self.everybody_has_an_answer("killed")
            await self.hear_nothing_and_try_again()
            await self.bring_to_some_steps_and_stop()
            await self.start()
            await self.everybody_has_an_answer("stopped")
            self.bot.terminate()
            await self.end()
            self.after = self.see()
            await self.look_into_the_store()

    async def start(self) -> None:
        """The bot's next process."""
        self.bot = await BotProcess.start(write_config(self.folder, self.telegram, self.jimeng, PLACES))

    async def end(self) -> None:
        """The process ends."""
        self.codes.append(await self.bot.gone())
        self.logs.append(self.bot.log)

    async def bring_to_every_step(self) -> None:
        """Two tasks that take long, one job that is done, three whose delivery is held."""
        self.seconds = LONG
        for name in ("killed while running", "killed while running, cancelled before"):
            await self.say(name)
            await self.taken(name)
        self.seconds = QUICK
        twelve, three, one = (name for name in WANTED if name.startswith("killed") and "deliver" in name or "12" in name)
