"""`TelegramSimulator`: a strict Telegram on loopback, with the Bot API for the bot and an API for people."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import web

from bot.background import Background
from bot.demo.bot_api.errors import PeopleError
from bot.demo.bot_api.faults import AnyFault, Delay, Drop, FaultPlan, Flood, GatewayPage, PartialAlbum, Refusal
from bot.demo.bot_api.files import MAX_UPLOAD_BYTES, Upload, upload
from bot.demo.bot_api.flood import FloodControl, Rates
from bot.demo.bot_api.model import BotStatus, Chat, ChatMessage, Clock, InlineQuery, InlineResult, Person, Press
from bot.demo.bot_api.routes import BotApi
from bot.demo.bot_api.webhook import Webhook
from bot.demo.bot_api.world import BotAccount, World, default_world
from bot.demo.calls import Call, CallLog
from bot.demo.chat import groups
from bot.demo.chat.attachments import Sendable
from bot.demo.chat.people import People
from bot.demo.chat.people_api import FaultPlayer, PeopleApi

__all__ = [
    "Chat",
    "ChatMessage",
    "Delay",
    "Drop",
    "Flood",
    "GatewayPage",
    "InlineQuery",
    "InlineResult",
    "PartialAlbum",
    "PeopleError",
    "Person",
    "Press",
    "Rates",
    "Refusal",
    "TelegramSimulator",
    "Upload",
    "upload",
]

T = TypeVar("T")
PAGE = Path(__file__).parent / "page"
TOKEN = "7200000003:demo-token-good-on-loopback-only"  # noqa: S105 - opens nothing


class TelegramSimulator:
    """The server of both APIs, with its accounts, chats and faults. An async context manager.

    `port` 0 takes a free one. `clock` gives unix seconds (dates, flood control, expiry); `sleep` waits (gaps within
    albums, delays, pauses between the webhook's tries). `strict` False switches flood control off, `rates` sets its
    numbers. `privacy`: whether the bot sees only what is meant for it in groups. `album_gap` (seconds) and `shuffle`
    say how the updates of an incoming album arrive. `calls`: a log shared with other simulators. `page`: the folder
    of the chat page.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str = TOKEN,
        clock: Clock = time.time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        strict: bool = True,
        rates: Rates | None = None,
        privacy: bool = True,
        album_gap: float = 0.0,
        shuffle: bool = False,
        calls: CallLog | None = None,
        page: Path = PAGE,
    ) -> None:
        self.token = token
        self.bot_user = BotAccount(
            id=int(token.partition(":")[0]), name="Imagine", username="imagine_demo_bot", privacy=privacy
        )
        self.world: World = default_world(self.bot_user, clock)
        self.faults = FaultPlan()
        self.calls = CallLog(clock=clock) if calls is None else calls
        self.calls.hide(token)
        self.calls.listen(self._show_call)
        self.services: dict[str, FaultPlayer] = {"telegram": self.faults}
        self._background = Background()
        self.acts = People(self.world, self._background, sleep)
        self.acts.gap, self.acts.shuffle, self.acts.is_unheard = album_gap, shuffle, self.faults.spent
        flood = FloodControl(clock, (rates or Rates()) if strict else None)
        self.bot_api = BotApi(self.world, token, log=self.calls, flood=flood, faults=self.faults, sleep=sleep)
        self.webhook = self.bot_api.webhook = Webhook(
            self.world.updates,
            self.bot_api.answer,
            background=self._background,
            clock=clock,
            sleep=sleep,
            changed=self.world.changed,
        )
        self._people_api = PeopleApi(self.world, self.acts, self.calls, self.services, page)
        self._host, self._port = host, port
        self._runner: web.AppRunner | None = None

    @property
    def people(self) -> list[Person]:
        """All people, Ann first."""
        return self.world.people

    @property
    def ann(self) -> Person:
        """Ann, English, owner of the group. Her private chat is `ann.chat`."""
        return self.world.people[0]

    @property
    def ming(self) -> Person:
        """小明, Chinese, with an id beyond 32 bits."""
        return self.world.people[1]

    @property
    def group(self) -> Chat:
        """The group of both, "Picture club"."""
        return next(chat for chat in self.world.chats.values() if chat.type != "private")

    @property
    def url(self) -> str:
        """The address it listens on, for `TelegramAPIServer.from_base` and for a browser."""
        return f"http://{self._host}:{self._port}"

    def add_service(self, name: str, player: FaultPlayer) -> None:
        """Let the page play faults of another simulator too."""
        self.services[name] = player

    async def start(self) -> None:
        """Open the port. Raises `OSError` when it is taken."""
        app = web.Application(client_max_size=MAX_UPLOAD_BYTES)
        app.add_routes([*self.bot_api.routes(), *self._people_api.routes()])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self._port = int(self._runner.addresses[0][1])

    async def aclose(self) -> None:
        """Close the port and stop all background tasks."""
        await self._background.aclose()
        self.world.updates.close()
        await self._people_api.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def send(
        self,
        person: Person,
        chat: Chat | None = None,
        *,
        text: str = "",
        files: Sequence[Sendable] = (),
        reply_to: ChatMessage | int | None = None,
        **how: Any,
    ) -> list[ChatMessage]:
        """Send a message of a person, in the private chat unless another is named. Returns one message for each file.

        `files`: bytes of a picture, a path, or an `Upload`; `how`: as in `People.send`. Raises `PeopleError`.
        """
        target = reply_to.id if isinstance(reply_to, ChatMessage) else reply_to
        return await self.acts.send(person, chat or person.chat, text=text, files=files, reply_to=target, **how)

    def send_thing(
        self, person: Person, kind: str, chat: Chat | None = None, *, reply_to: ChatMessage | None = None, **how: Any
    ) -> ChatMessage:
        """A person sends a "voice" message, a "sticker", a "video" or a "location". Raises `PeopleError`."""
        return self.acts.send_thing(
            person, chat or person.chat, kind, reply_to=reply_to.id if reply_to else None, **how
        )

    def forward(
        self, person: Person, *messages: ChatMessage, chat: Chat | None = None, comment: str = "", last: bool = False
    ) -> list[ChatMessage]:
        """A person forwards messages, with a comment before or (`last`) after them. Raises `PeopleError`."""
        return self.acts.forward(person, chat or person.chat, messages, comment=comment, comment_last=last)

    def press(self, person: Person, message: ChatMessage, label_or_data: str) -> Press:
        """A person presses a button. The bot's answer will be in `.answer`. Raises `PeopleError`."""
        return self.acts.press(person, message, label_or_data)

    def edit(self, person: Person, message: ChatMessage, text: str) -> None:
        """A person changes the words of a message. Raises `PeopleError`."""
        self.acts.edit(person, message, text)

    def delete(self, person: Person, message: ChatMessage) -> None:
        """A person deletes a message. Raises `PeopleError`."""
        self.acts.delete(person, message)

    def set_bot(self, chat: Chat, status: BotStatus, by: Person | None = None) -> None:
        """The bot is muted, promoted, removed, added or blocked (`kicked` in private). Raises `PeopleError`."""
        groups.set_bot_status(self.world, chat, status, by)

    def set_person(self, chat: Chat, person: Person, status: groups.PersonStatus) -> None:
        """A person joins a group, leaves it, is muted or promoted there."""
        groups.set_person_status(self.world, chat, person, status)

    def write_as_group(self, admin: Person, chat: Chat, *, on: bool = True) -> None:
        """An admin writes in the group's name from now on, or no longer. Raises `PeopleError`."""
        groups.write_as_group(self.world, chat, admin, on=on)

    def add_topic(self, chat: Chat, name: str) -> int:
        """Open a forum topic in a supergroup and give its id. Raises `PeopleError`."""
        return groups.add_topic(self.world, chat, name)

    def close_topic(self, chat: Chat, topic: int) -> None:
        """Close a topic: only admins write there. Raises `PeopleError`."""
        groups.close_topic(self.world, chat, topic)

    def reopen_topic(self, chat: Chat, topic: int) -> None:
        """Let all write in a topic again. Raises `PeopleError`."""
        groups.reopen_topic(self.world, chat, topic)

    def delete_topic(self, chat: Chat, topic: int) -> None:
        """Delete a topic and its messages. Raises `PeopleError`."""
        groups.delete_topic(self.world, chat, topic)

    def create_group(self, title: str, *people: Person) -> Chat:
        """Make a basic group with the bot in it; the first of these people is its owner."""
        return groups.create_group(self.world, title, *people)

    def migrate(self, group: Chat) -> Chat:
        """Turn a basic group into a supergroup and return that. Raises `PeopleError`."""
        return groups.migrate(self.world, group)

    def inline(self, person: Person, query: str, chat: Chat | None = None, *, offset: str = "") -> InlineQuery:
        """A person types after the bot's name, in the private chat unless another is named.

        The bot's results will be in `.results`. Raises `PeopleError`.
        """
        return self.acts.inline(person, chat or person.chat, query, offset)

    async def results(
        self, person: Person, query: str, chat: Chat | None = None, *, offset: str = ""
    ) -> tuple[InlineQuery, list[InlineResult]]:
        """A person types after the bot's name; returns the query and its results.

        Raises `TimeoutError` and `PeopleError`.
        """
        asked = self.inline(person, query, chat, offset=offset)
        await self.until(lambda: asked.answer)
        return asked, asked.results or []

    def choose(self, person: Person, query: InlineQuery, result: InlineResult | str) -> ChatMessage:
        """A person sends one of the results (or its id) into the chat they asked in. Raises `PeopleError`."""
        return self.acts.choose(person, query, result if isinstance(result, str) else result.id)

    def messages(self, chat: Chat, person: Person | None = None) -> list[ChatMessage]:
        """The messages of a chat, oldest first, that a person sees.

        None: all of them, with everybody's ephemeral messages (`only_for` is set).
        """
        return chat.seen_by(person)

    def play(self, fault: AnyFault | Mapping[str, Any]) -> None:
        """Plan a fault. Raises `pydantic.ValidationError`."""
        self.faults.play(fault)

    def redeliver(self, update_id: int | None = None) -> None:
        """Deliver an update (None: the latest) once more. Raises `KeyError` when there was none."""
        self.world.updates.redeliver(update_id)

    async def until(self, predicate: Callable[[], T | None], timeout: float = 20.0) -> T:
        """Wait until `predicate` gives something true and return that. It is called again after every change.

        Raises `TimeoutError` after `timeout` seconds, with the latest messages and calls in its text.
        """
        try:
            async with asyncio.timeout(timeout):
                while not (found := predicate()):
                    await self.world.changed.wait()
        except TimeoutError:
            raise TimeoutError(f"Nothing of the kind within {timeout} s. {self._summary()}") from None
        return found

    def _summary(self) -> str:
        chats = self.world.chats.values()
        latest = sorted((message for chat in chats for message in chat.seen_by()), key=lambda one: one.date)
        told = [f"{message.sender.name}: {message.text[:80]!r} {message.buttons}" for message in latest[-5:]]
        calls = [f"{call.name} {call.status}" for call in list(self.calls)[-10:]]
        return "\n".join(["Messages:", *told, "Calls:", *calls])

    def _show_call(self, call: Call) -> None:
        self.world.events.publish("call", call=call.as_json())
