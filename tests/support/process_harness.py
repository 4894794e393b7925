"""`ProcessHarness`: the bot as a real process between both simulators, which hold calls at exact moments."""

import asyncio
import colorsys
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bot.demo.calls import Call
from bot.demo.telegram import ChatMessage, Delay, TelegramSimulator
from providers.jimeng.simulator import Call as JimengCall
from providers.jimeng.simulator import Fault, JimengSimulator
from tests.support.app_harness import picture
from tests.support.bot_process import READY, BotProcess, write_config
from tests.support.gates import Gate, Gates

QUICK, LONG = 0.05, 10_000.0
SUBMIT = "CVSync2AsyncSubmitTask"


@dataclass(frozen=True)
class Outcome:
    """The outcome of a job. `paid`: tasks the service accepted; `pictures` in the chat; `doubles`: those too many;
    `words`: the bot's last message, with its buttons."""

    paid: int
    pictures: int
    doubles: int
    words: str


def draw(prompt: str, references: Sequence[bytes], width: int, height: int, seed: int) -> bytes:
    """One colour for each picture, so far from the others' that JPEG keeps them apart."""
    digest = hashlib.sha256(f"{prompt} {seed}".encode()).digest()
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(digest[0] / 255, 1, 0.5 + digest[1] / 512))
    return picture(64, 64, colour=f"#{red:02x}{green:02x}{blue:02x}")


class ProcessHarness:
    """Both simulators, and the bot's processes one after another on one `database` (a URL; by default
    SQLite in `folder`).

    `names`: of the jobs, which are also their prompts; each has a person with a chat. `places`: slots for tasks.

    `seconds`: duration of tasks submitted from now on; `on_submit`: called with each submit's prompt and HTTP status;
    `codes` and `logs`: of the processes that have ended; `port`: for the services' calls to the bot (0: none);
    `twin`: the name of a second service, the same as the first.
    """

    bot: BotProcess

    def __init__(self, folder: Path, names: Iterable[str], places: int, database: str = "") -> None:
        self.folder = folder
        self.database = database or f"sqlite:///{folder}/bot.db"
        self.places = places
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
            for number, name in enumerate(names)
        }
        self.on_submit: Callable[[str, int], None] = nothing
        self.codes: list[int] = []
        self.logs: list[str] = []
        self.port = 0
        self.twin = ""

    # the bot

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Run the simulators and the bot within; stop all of it afterwards."""
        async with AsyncExitStack() as stack:
            await self.jimeng.start()
            stack.push_async_callback(self.jimeng.aclose)
            await stack.enter_async_context(self.telegram)
            await self.start()
            try:
                yield
            finally:
                await self.bot.aclose()

    async def start(self) -> None:
        """Start the bot's next process."""
        self.bot = await self.new_process()

    async def new_process(self, ready: str = READY) -> BotProcess:
        """Start one more process and wait until its log says `ready`."""
        config = write_config(self.folder, self.telegram, self.jimeng, self.places, self.database, self.port, self.twin)
        return await BotProcess.start(config, ready)

    async def end(self) -> None:
        """Wait for the end of the process and keep its exit code and log."""
        self.codes.append(await self.bot.gone())
        self.logs.append(self.bot.log)

    # the people

    async def say(self, name: str, flags: str = "", *files: bytes) -> None:
        """The job's person sends its prompt."""
        await self.telegram.send(self.people[name], text=f"{name} {flags}", files=files)

    async def write(self, name: str, text: str) -> None:
        """The job's person sends another text."""
        await self.telegram.send(self.people[name], text=text)

    async def all_taken_in(self) -> None:
        """Wait until the bot has confirmed all updates to Telegram."""
        await self.telegram.until(lambda: not len(self.telegram.world.updates), 20)

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
        await self.telegram.until(lambda: press.answer, 20)

    def see(self, *names: str) -> dict[str, Outcome]:
        """The present outcome of each of these jobs (by default all)."""
        return {name: self._seen(name) for name in names or self.people}

    def _seen(self, name: str) -> Outcome:
        answers = self.answers(name)
        shown = Counter(one.photo.largest.unique_id for one in answers if one.photo)
        words = _all_words(answers[-1]) if answers else ""
        return Outcome(self.jimeng.submits[name], len(shown), shown.total() - len(shown), words)

    @property
    def told(self) -> str:
        """All texts of the bot in any chat, progress included."""
        calls = [call.request for call in self.telegram.calls if call.service == "telegram"]
        return "\n".join(str(request.get("text") or request.get("caption")) for request in calls)

    # the services

    def hold(self, method: str, name: str | None = None) -> Gate:
        """Hold the next call of this method (in this job's chat)."""
        gate = self.gates.new()
        chat = self.people[name].chat.id if name else None
        self.telegram.play(Delay(method=method, chat=chat, seconds=gate.seconds))
        return gate

    def hold_second_album(self, name: str) -> Gate:
        """Hold the second album in this job's chat."""
        gate, chat = self.gates.new(), self.people[name].chat.id
        albums: list[Call] = []

        def listen(call: Call) -> None:
            if call.name == "sendMediaGroup" and call.request["chat_id"] == str(chat) and not albums:
                albums.append(call)
                self.telegram.play(Delay(method="sendMediaGroup", chat=chat, seconds=gate.seconds))

        self.telegram.calls.listen(listen)
        return gate

    def hold_submit(self) -> Gate:
        """Hold the next submit before the service accepts it."""
        return self.hold_service("submit")

    def hold_service(self, action: Literal["submit", "result", "picture"]) -> Gate:
        """Hold the next call of this action at the service before it takes effect."""
        gate = self.gates.new()
        self.jimeng.faults.append(Fault(kind="delay", action=action, seconds=gate.seconds))
        return gate

    def play(self, kind: Literal["code", "lost"], action: Literal["submit", "result"], times: int = 1) -> None:
        """Refuse the next calls of this action as too many (code 50429), or lose their answers."""
        self.jimeng.faults.append(Fault(kind=kind, action=action, code=50429, times=times))

    async def taken(self, *names: str) -> None:
        """Wait until the service has accepted these tasks."""
        await self.telegram.until(lambda: all(self.jimeng.submits[name] for name in names), 20)

    async def asked_for(self, name: str) -> None:
        """Wait until the bot has asked for the result of this job: then its ticket is stored."""
        tasks, polls = self.jimeng.tasks, self.jimeng.polls
        await self.telegram.until(lambda: any(polls[task.id] for task in tasks.values() if task.prompt == name), 20)

    def all_done(self) -> None:
        """Finish all tasks at the service."""
        self.passed += LONG
        self.seconds = QUICK

    def _called(self, call: JimengCall) -> None:
        prompt = call.request.get("prompt") if isinstance(call.request, dict) else None
        if call.name == SUBMIT:
            self.on_submit(str(prompt), call.status)
        # A test that waits for a change of the chats also checks the service.
        self.telegram.world.changed.notify()


def nothing(prompt: str, status: int) -> None:
    """The default `on_submit`."""


def _all_words(message: ChatMessage) -> str:
    return "\n".join([message.text, *message.buttons])
