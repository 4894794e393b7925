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
from storage.pictures import Shelf
from storage.records import Job
from storage.store import Store
from tests.support.gates import Gate, Gates
from tests.support.house import look, picture
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

    `before`: what was there when nobody had pressed "Try again" yet; `after`: in the end; `codes` and `logs`: of the
    processes; `unfinished` and `kept` (the picture of a cancelled job): what the bot remembers; `told`: all it wrote.
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
        self.held: Sequence[Gate] = ()
        self.applied: Gate
        self.before: dict[str, Seen] = {}
        self.after: dict[str, Seen] = {}
        self.unfinished: list[Job] = []
        self.kept: bytes | None = None
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
        await self.telegram.until(lambda: press.answer, 20)

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
            if call.name == "sendMediaGroup" and call.request["chat_id"] == str(chat) and not albums:
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
        await self.telegram.until(lambda: any(polls[task.id] for task in tasks.values() if task.prompt == name), 20)

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
            stack.push_async_callback(self._end_bot)
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

    async def _end_bot(self) -> None:
        await self.bot.aclose()

    async def end(self) -> None:
        """The process ends."""
        self.codes.append(await self.bot.gone())
        self.logs.append(self.bot.log)

    async def bring_to_every_step(self) -> None:
        """Two tasks that take long, a job that is done, three that are being delivered, one that waits for a photo."""
        single = self.hold("editMessageMedia", "killed while a picture is delivered")
        three = self.hold("sendMediaGroup", "killed while three pictures are delivered")
        twelve = self.hold_second_album("killed between two albums of 12 pictures")
        cancelled = "killed while running, cancelled before"
        self.seconds = LONG
        await self.say("killed while running")
        await self.say(cancelled)
        await self.taken("killed while running", cancelled)
        self.seconds = QUICK
        await self.say("killed between two albums of 12 pictures", "--n auto")
        await self.say("killed after everything")
        await self.taken("killed between two albums of 12 pictures", "killed after everything")
        # These find places when those are done; one more delivery could not begin beside the three held ones.
        await self.say("killed while three pictures are delivered", "--n auto")
        await self.say("killed while a picture is delivered")
        fetch = self.hold("getFile")
        await self.say("killed while references are fetched", "", picture())
        for gate in (single, three, twelve, fetch):
            await gate.reached()
        await self.shown("killed after everything", AGAIN)
        for name in ("killed while running", cancelled):
            await self.asked_for(name)
        await self.press(cancelled, "Cancel")
        await self.shown(cancelled, "/history")
        self.held = (three, twelve, fetch)
        self.applied = single

    async def fill_all_places_and_kill(self) -> None:
        """The last thing that happens in this process's life is that the service takes a task."""
        before, refused = self.hold_submit(), self.hold_submit()
        await self.say("killed while submitting, before the service took it")
        await before.reached()
        await self.say("killed when a forbidden prompt was refused")
        await refused.reached()
        for name in (TAKEN, "killed while queued"):
            await self.say(name)
            await self.shown(name, "⏳")
        self.on_submit = lambda prompt, status: self.bot.kill() if (prompt, status) == (TAKEN, 200) else None
        refused.open()
        await self.end()
        self.on_submit = nothing
        before.shut(HTTPServiceUnavailable())
        for gate in self.held:
            gate.shut(Dropped())
        # Telegram does this one all the same, and nobody hears of it.
        self.applied.open()
        self.all_done()

    async def everybody_has_an_answer(self, how: str) -> None:
        """Wait until every job of this kind has come to its end."""
        names = [name for name in WANTED if name.startswith(how)]
        for name in names:
            await self.shown(name, WANTED[name].words)
        self.before |= self.see(names)

    async def hear_nothing_and_try_again(self) -> None:
        """Lost answers, presses of "Try again", and a service that asks to slow down."""
        self.play("lost", "submit")
        await self.say("heard nothing of a submit")
        await self.shown("heard nothing of a submit", UNKNOWN)
        self.before |= self.see(["heard nothing of a submit"])
        self.play("code", "submit")
        self.play("lost", "result", times=PLACES)
        again = [name for name, wanted in WANTED.items() if wanted.retried]
        for name in again:
            await self.press(name, RETRY)
        await self.say("heard nothing of a result")
        for name in (*again, "heard nothing of a result"):
            await self.shown(name, AGAIN)
        self.before |= self.see(["heard nothing of a result"])

    async def bring_to_some_steps_and_stop(self) -> None:
        """SIGTERM: what is in the middle of something comes to a good end, the rest waits for the next process."""
        album = self.hold("sendMediaGroup")
        self.seconds = LONG
        await self.say("stopped while running")
        await self.taken("stopped while running")
        self.seconds = QUICK
        await self.say("stopped while three pictures are delivered", "--n auto")
        await album.reached()
        await self.asked_for("stopped while running")
        submit = self.hold_submit()
        await self.say("stopped while submitting")
        await submit.reached()
        await self._meet_a_busy_service("stopped while the service is busy")
        await self.say("stopped while photos arrive", "", picture(), picture(colour="red"))
        await self.telegram.until(lambda: not len(self.telegram.world.updates), 20)
        self.bot.terminate()
        await self.bot.logged("SIGTERM")
        album.open()
        submit.open()
        await self.end()
        self.all_done()

    async def _meet_a_busy_service(self, name: str) -> None:
        refused = asyncio.Event()
        self.on_submit = lambda _prompt, status: refused.set() if status == 429 else None
        self.jimeng.faults.append(Fault(kind="code", action="submit", code=50430))
        await self.say(name)
        async with asyncio.timeout(20):
            await refused.wait()

    async def look_into_the_store(self) -> None:
        """What the bot remembers in the end."""
        store = await Store.open(database_url(self.folder))
        self.unfinished = await store.jobs.unfinished()
        cancelled = self.people["killed while running, cancelled before"]
        newest = await store.pictures.newest(Shelf(cancelled.id))
        self.kept = await store.pictures.data(newest.id) if newest else None
        await store.aclose()


def nothing(prompt: str, status: int) -> None:
    """A submit that nobody waits for."""


def _all_words(message: ChatMessage) -> str:
    return "\n".join([message.text, *message.buttons])


def _table(story: Story) -> str:
    head = f"{'':56}{'paid':>5}{'+ by press':>11}{'pictures':>9}{'doubles':>8}  last words"
    rows = [
        f"{name:56}{story.before[name].paid:>5}{after.paid - story.before[name].paid:>11}{after.pictures:>9}"
        f"{after.doubles:>8}  {story.before[name].words.splitlines()[0][:50]}"
        for name, after in story.after.items()
    ]
    return "\n".join(["", head, *rows])


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    async def play() -> Story:
        story = Story(tmp_path_factory.mktemp("story"))
        await story.play_all()
        return story

    played = asyncio.run(play())
    yield played
    print(_table(played))


@pytest.mark.parametrize("name", WANTED)
def test_nothing_is_lost_and_nothing_is_paid_twice(story: Story, name: str) -> None:
    wanted, before, after = WANTED[name], story.before[name], story.after[name]
    assert wanted.words in before.words
    assert (before.paid, before.pictures) == (wanted.paid, wanted.pictures)
    if wanted.retried:
        assert (after.paid, after.pictures) == (wanted.retried, 1), "one press, one new task, one picture"
    else:
        assert after == before, "nothing happens later"
    assert after.doubles == 0, "every picture came once"


def test_what_was_paid_for_a_cancelled_job_is_kept(story: Story) -> None:
    assert story.kept
    assert look(story.kept) == ("JPEG", 64, 64)


def test_nothing_is_left_to_do(story: Story) -> None:
    assert story.unfinished == []


def test_a_busy_service_is_nobodys_business(story: Story) -> None:
    assert not any(words in story.told for words in ("busy", "slow down", "already working", "can't be reached"))


def test_processes_end_as_told(story: Story) -> None:
    assert story.codes == [-9, 0, 0]


def test_no_process_stumbles(story: Story) -> None:
    lines = [line for log in story.logs for line in log.splitlines()]
    assert [line for line in lines if "Traceback" in line or " ERROR " in line] == []
