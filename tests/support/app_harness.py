"""`AppHarness`: the whole real bot in the test's process, between the simulated Telegram and Jimeng, on fast time.

`async with open_app_harness(tmp_path) as harness:` gives a running bot. `harness.say` and `harness.press` act for
people; `harness.shown`, `harness.ended` and `harness.quiet` wait for the bot. Polling, signing, SQLite and uploads are
real; only the bot's waits (flood control, polls, albums, the progress ticker) are a hundred times as short, and the
pictures are plain and small.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal
from unittest.mock import patch

from bot.app import App
from bot.assistant.settings import AssistantSettings
from bot.demo.bot_api.bot_view import press_json
from bot.demo.bot_api.model import CallbackAnswer
from bot.demo.calls import Call
from bot.demo.chat.attachments import Sendable
from bot.demo.ports import free_port
from bot.demo.telegram import Chat, ChatMessage, Person, Press, TelegramSimulator
from bot.handlers import command_menu
from bot.settings import (
    AccessSettings,
    BucketSettings,
    BudgetsSettings,
    LimitsSettings,
    ProvidersSettings,
    Settings,
    StorageSettings,
    TelegramSettings,
    WebSettings,
)
from bot.wiring import assembled
from tests.support.blank_database import put_blank_database
from tests.support.fast_time import albums_of, on_its_way, speed_up
from tests.support.gates import Gates
from tests.support.jimeng_control import JimengControl
from tests.support.sample_pictures import picture, picture_info
from tests.support.startup_cache import cached_startup

__all__ = ["AppHarness", "open_app_harness", "picture", "picture_info", "speed_up"]

HOST = "127.0.0.1"


class AppHarness(JimengControl):
    """Both simulators and the bot. Made by `open_app_harness`.

    `updates`: how the next `start` gets them. `gates`: hold calls to both simulators at an exact moment. `bob` is a
    third person, who speaks English, in the group. For the tasks at Jimeng see `JimengControl`.
    """

    app: App
    updates: Literal["polling", "webhook"] = "polling"

    def __init__(self, settings: Callable[["AppHarness"], Settings], *, strict: bool) -> None:
        self.gates = Gates()
        self.telegram = TelegramSimulator(strict=strict, sleep=self.gates.sleep)
        super().__init__(self.gates, self.telegram.calls)
        self.bob = self.telegram.world.add_person(510_000_003, "Bob", "bob_draws", "en")
        self.telegram.group.members.append(self.bob)
        self._settings = settings
        self._running = AsyncExitStack()
        self._work: asyncio.Task[None] | None = None

    # the bot

    async def start(self) -> None:
        """Start the bot, on the database it had before."""
        self.app = await self._running.enter_async_context(assembled(self._settings(self)))
        speed_up(self.app, self.telegram)
        polls, since = self.telegram.world.updates.polls, self.now
        self._work = asyncio.create_task(self.app.run(handle_signals=False))
        # Telegram keeps the webhook of the bot that ran before.
        await self.telegram.until(
            lambda: self.telegram.world.updates.polls > polls or self.called("setWebhook", since=since)
        )

    async def stop(self) -> None:
        """Stop the bot as SIGTERM does."""
        if self._work:
            self.app.stop()
            self._work.cancel()
            await asyncio.wait({self._work})
            self._work = None
        await self._running.aclose()

    async def restart(self) -> None:
        """Stop the bot and start another one on the same database."""
        await self.stop()
        await self.start()

    # the people

    @property
    def ann(self) -> Person:
        """Ann, English, owner of the group."""
        return self.telegram.ann

    @property
    def ming(self) -> Person:
        """小明, Chinese."""
        return self.telegram.ming

    @property
    def group(self) -> Chat:
        """The group of Ann and 小明."""
        return self.telegram.group

    async def say(
        self, text: str = "", *files: Sendable, who: Person | None = None, chat: Chat | None = None, **how: Any
    ) -> ChatMessage:
        """A person (Ann) writes, in private unless `chat` says otherwise. Returns the first message of it."""
        return (await self.telegram.send(who or self.ann, chat, text=text, files=files, **how))[0]

    async def press(self, message: ChatMessage, label: str, who: Person | None = None) -> CallbackAnswer:
        """A person (Ann) presses the button whose label ends so; returns the answer once the update is processed."""
        full = next((one for one in message.buttons if one.endswith(label)), label)
        press: Press = self.telegram.press(who or self.ann, message, full)
        answer = await self.telegram.until(lambda: press.answer)
        await self.taken_in()
        return answer

    async def forge(
        self, message: ChatMessage, data: str, who: Person | None = None, *, there: bool = True
    ) -> CallbackAnswer:
        """A person (Ann) sends forged button data, as a client can. `there`: the message once had such a button."""
        world = self.telegram.world
        id_ = str(len(world.presses))
        press = Press(id=id_, person=who or self.ann, message=message, data=data, at=world.clock())
        world.presses[press.id] = press
        buttons = message.keyboard
        if there:
            message.keyboard = [[{"text": data, "callback_data": data}]]
        world.updates.push("callback_query", press_json(press))
        message.keyboard = buttons
        answer = await self.telegram.until(lambda: press.answer)
        await self.taken_in()
        return answer

    # what the bot does

    def answers(self, chat: Chat | None = None) -> list[ChatMessage]:
        """The bot's messages in a chat (Ann's), oldest first."""
        return [message for message in self.telegram.messages(chat or self.ann.chat) if message.by_bot]

    def album(self, chat: Chat | None = None) -> list[ChatMessage]:
        """The bot's pictures in a chat (Ann's)."""
        return [message for message in self.answers(chat) if message.photo]

    async def shown(self, words: str, chat: Chat | None = None, timeout: float = 20) -> ChatMessage:
        """Wait for a message of the bot that has these words or such a button, and return the latest one."""

        def found() -> ChatMessage | None:
            return next((one for one in reversed(self.answers(chat)) if words in _all_words(one)), None)

        return await self.telegram.until(found, timeout)

    async def answer_to(self, asked: ChatMessage) -> ChatMessage:
        """Wait for the bot's answer to a message, and return it."""
        answers = self.answers
        return await self.telegram.until(
            lambda: next((one for one in answers(asked.chat) if one.reply_to == asked.id), None)
        )

    async def ended(self, words: str = "Again", chat: Chat | None = None, timeout: float = 20) -> ChatMessage:
        """Wait for a job to end: its buttons are shown and the bot is idle."""
        found = await self.shown(words, chat, timeout)
        await self.quiet()
        return found

    async def made(self, prompt: str, *files: Sendable, **how: Any) -> ChatMessage:
        """Send a prompt and wait for its end; returns the message with the buttons."""
        asked = await self.say(prompt, *files, **how)
        await self.quiet()
        return self.answers(asked.chat)[-1]

    async def quiet(self, timeout: float = 30) -> None:
        """Wait until the bot has processed all updates and has no running work."""
        async with asyncio.timeout(timeout):
            calm = 0
            while calm < 3:
                calm = 0 if any(self._busy()) else calm + 1
                await asyncio.sleep(0.005)

    async def taken_in(self, timeout: float = 20) -> None:
        """Wait until the bot has processed all updates; jobs may still run."""
        async with asyncio.timeout(timeout):
            while any(self._taking_in()):  # noqa: ASYNC110 - the bot has no events for this
                await asyncio.sleep(0.005)

    def called(self, *methods: str, since: int = 0) -> list[Call]:
        """The bot's calls of these methods of the Bot API; `since`: a call's number (`harness.now`)."""
        return [
            call for call in self.telegram.calls.since(since) if call.service == "telegram" and call.name in methods
        ]

    @property
    def now(self) -> int:
        """The number of the latest call."""
        return max((call.n for call in self.telegram.calls), default=0)

    async def all_submitted(self, count: int) -> None:
        """Wait until Jimeng has accepted so many tasks and the bot has stored their tickets."""
        await self.telegram.until(lambda: len(self.tasks) >= count)
        async with asyncio.timeout(20):
            for flight in list(self.app.parts.progress.runs.values()):
                await flight.safe.wait()

    def learn(self, *durations: float) -> None:
        """Teach the bot how long tasks took, in seconds."""
        for seconds in durations:
            self.app.parts.progress.durations["jimeng"].add(seconds, {})

    def _taking_in(self) -> Iterator[object]:
        gatherer = albums_of(self.app).gatherer
        yield on_its_way(self.telegram)
        yield self.app.inbox.work.running or self.app.inbox.notes.running
        if gatherer:
            yield not gatherer.is_idle

    def _busy(self) -> Iterator[object]:
        engine = self.app.engine
        yield from self._taking_in()
        yield not engine.is_idle
        help_calls = self.app.help_calls
        yield help_calls is not None and help_calls.work.running


@asynccontextmanager
async def open_app_harness(
    folder: Path,
    *,
    public: bool = True,
    updates: Literal["polling", "webhook"] = "polling",
    access: AccessSettings | None = None,
    limits: LimitsSettings | None = None,
    budgets: Mapping[str, Any] = MappingProxyType({}),
    concurrency: int = 8,
    strict: bool = False,
    bucket: BucketSettings | None = None,
    providers: Mapping[str, Any] = MappingProxyType({}),
    tells: bool = False,
    database: str = "",
    telegram: Mapping[str, Any] = MappingProxyType({}),
    assistant: AssistantSettings | None = None,
    prepare: Callable[["AppHarness"], None] = lambda _: None,
) -> AsyncIterator[AppHarness]:
    """Run a bot. `folder`: for its database, unless `database` is a URL; `public`: whether `web.public_url` is set;
    `strict`: whether Telegram's flood control is on; `concurrency`: the provider's tasks at once; `providers`:
    further tables, and additions to Jimeng's; `tells`: whether it registers its commands at Telegram, which takes two
    dozen calls; `telegram`: further settings of that section; `assistant`: that section; `prepare`: called when both
    simulators run and the bot does not yet."""
    port = free_port() if public or updates == "webhook" else 0

    def settings(harness: AppHarness) -> Settings:
        keys = harness.jimeng.keys
        jimeng = {
            "access_key": keys.access,
            "secret_key": keys.secret,
            "endpoint": harness.jimeng.url,
            "concurrency": concurrency,
        }
        at = {"token": harness.telegram.token, "api_url": harness.telegram.url, "updates": harness.updates}
        tables = {"default": "jimeng", **providers, "jimeng": {**jimeng, **providers.get("jimeng", {})}}
        return Settings(
            telegram=TelegramSettings.model_validate({**at, **telegram}),
            web=WebSettings(host=HOST, port=port, public_url=f"http://{HOST}:{port}" if port else ""),
            bucket=bucket or BucketSettings(),
            storage=StorageSettings(url=database or f"sqlite:///{folder}/bot.db"),
            access=access or AccessSettings(open=True),
            limits=limits or LimitsSettings(),
            assistant=assistant or AssistantSettings(),
            budgets=BudgetsSettings.model_validate(dict(budgets)),
            providers=ProvidersSettings.model_validate(tables),
        )

    harness = AppHarness(settings, strict=strict)
    harness.updates = updates
    if not database and not await asyncio.to_thread((folder / "bot.db").exists):
        await asyncio.to_thread(put_blank_database, folder / "bot.db")
    with cached_startup(), nullcontext() if tells else patch.object(command_menu, "publish", _tell_nothing):
        await harness.jimeng.start()
        async with harness.telegram:
            try:
                prepare(harness)
                await harness.start()
                yield harness
            finally:
                await harness.stop()
                await harness.jimeng.aclose()


async def _tell_nothing(*_: object, **_how: object) -> None:
    pass


def _all_words(message: ChatMessage) -> str:
    return "\n".join([message.text, *message.buttons])
