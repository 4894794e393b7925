"""The HTTP API for people (/demo), used by the chat page, the browser tests and the command line."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from aiohttp import ClientConnectionResetError, web
from pydantic import ValidationError

from bot.demo.bot_api.errors import PeopleError
from bot.demo.bot_api.methods.inline import ANSWER_SECONDS
from bot.demo.bot_api.methods.profile import commands_in, described, spoken
from bot.demo.bot_api.model import JSON, Chat, ChatMessage, Person
from bot.demo.bot_api.people_view import chat_view, draft_view, inline_view, message_view, person_view
from bot.demo.bot_api.world import World
from bot.demo.calls import CallLog
from bot.demo.chat.drafts import stop_draft
from bot.demo.chat.file_routes import FileRoutes
from bot.demo.chat.forms import answered, number, read_form, read_object
from bot.demo.chat.group_menu import MenuAction, act, named
from bot.demo.chat.groups import create_group
from bot.demo.chat.people import People

HEARTBEAT_SECONDS = 15.0
"""The stream of events sends a sign of life after so long without an event."""


class FaultPlayer(Protocol):
    """A service that plays faults on request."""

    def play(self, fault: Mapping[str, Any]) -> None:
        """Plan a fault. Raises `ValueError` for one it doesn't know."""

    def clear(self) -> None:
        """Forget all faults."""


class PeopleApi:
    """The routes under /demo. `players`: play faults, by the name of the service."""

    def __init__(
        self, world: World, people: People, log: CallLog, players: Mapping[str, FaultPlayer], page: Path
    ) -> None:
        self._world = world
        self._people = people
        self._log = log
        self._players = players
        self._files = FileRoutes(world, page)
        self._closed = False

    def routes(self) -> list[web.AbstractRouteDef]:
        """The HTTP routes for people."""
        api = "/demo/api"
        return [
            web.get(f"{api}/world", answered(self.world)),
            web.get(f"{api}/messages", answered(self.messages)),
            web.get(f"{api}/events", answered(self.events)),
            web.post(f"{api}/send", answered(self.send)),
            web.post(f"{api}/press", answered(self.press)),
            web.post(f"{api}/vote", answered(self.vote)),
            web.post(f"{api}/edit", answered(self.edit)),
            web.post(f"{api}/delete", answered(self.delete)),
            web.post(f"{api}/stop", answered(self.stop)),
            web.post(f"{api}/inline", answered(self.inline)),
            web.post(f"{api}/choose", answered(self.choose)),
            web.post(f"{api}/group", answered(self.group)),
            web.post(f"{api}/groups", answered(self.create_group)),
            web.get(f"{api}/calls", answered(self.calls)),
            web.post(f"{api}/faults", answered(self.play_fault)),
            web.delete(f"{api}/faults", answered(self.clear_faults)),
            *self._files.routes(),
        ]

    async def close(self) -> None:
        """End the streams: the server stops."""
        self._closed = True
        self._world.changed.notify()

    async def world(self, request: web.Request) -> web.StreamResponse:
        """The bot, the people, the chats and their commands."""
        bot, people = self._world.bot, self._world.people
        chats = self._world.chats.values()
        menus = {
            str(chat.id): {str(person.id): commands_in(bot, chat, person) for person in chat.members} for chat in chats
        }
        profiles = {
            str(person.id): {kind: described(bot, kind, spoken(person)) for kind in ("name", "description")}
            for person in people
        }
        return web.json_response(
            {
                "bot": {"id": bot.id, "name": bot.name, "username": bot.username},
                "people": [person_view(person) for person in people],
                "chats": [chat_view(chat) for chat in chats],
                "commands": menus,
                "profiles": profiles,
                "services": list(self._players),
            }
        )

    async def messages(self, request: web.Request) -> web.StreamResponse:
        """The messages of a chat that a `person` sees (without one: all of them), and the bot's draft."""
        chat = self._chat(request.query.get("chat"))
        person = self._person(request.query["person"]) if "person" in request.query else None
        views = [message_view(message) for message in chat.seen_by(person)]
        return web.json_response({"messages": views, "draft": draft_view(chat.draft)})

    async def events(self, request: web.Request) -> web.StreamResponse:
        """The stream of events, from `since` (or where a broken stream ended), else from now.

        With a `person`, without those of messages that only others see.
        """
        events = self._world.events
        since = request.headers.get("Last-Event-ID") or request.query.get("since")
        last = min(number(since, "since"), events.last) if since else events.last
        person = self._person(request.query["person"]) if "person" in request.query else None
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
        await stream.prepare(request)
        try:
            await stream.write(b": hello\n\n")
            while not self._closed:
                news = events.since(last)
                for n, event in news:
                    if person is None or only_for(event) in {None, person.id}:
                        await stream.write(f"id: {n}\ndata: {json.dumps(event)}\n\n".encode())
                    last = n
                if not news:
                    await events.changed.wait(HEARTBEAT_SECONDS)
                    if not events.since(last):
                        await stream.write(b": still here\n\n")
        except ClientConnectionResetError:
            return stream
        return stream

    async def send(self, request: web.Request) -> web.StreamResponse:
        """A person writes, or sends the `thing` that is named."""
        fields, files = await read_form(request)
        person, chat = self._person(fields.get("person")), self._chat(fields.get("chat"))
        place: JSON = {name: number(fields[name], name) for name in ("reply_to", "topic") if fields.get(name)}
        if kind := fields.get("thing"):
            place["said"] = fields.get("said", "")
            return shown([self._people.send_thing(person, chat, kind, **place)])
        as_document = fields.get("as_document") == "1"
        words = fields.get("text", "")
        posted = await self._people.send(person, chat, text=words, files=files, as_document=as_document, **place)
        return shown(posted)

    async def press(self, request: web.Request) -> web.StreamResponse:
        """A person presses a button."""
        asked = await read_object(request)
        message = self._message(asked)
        data = str(asked.get("data"))
        if data not in [button.get("callback_data") for row in message.keyboard or [] for button in row]:
            raise PeopleError("There is no such button.")
        self._people.press(self._person(asked.get("person")), message, data)
        return web.json_response({})

    async def vote(self, request: web.Request) -> web.StreamResponse:
        """A person votes in a poll; without an `option` the vote is taken back."""
        asked = await read_object(request)
        self._people.vote(self._person(asked.get("person")), self._message(asked), asked.get("option"))
        return web.json_response({})

    async def edit(self, request: web.Request) -> web.StreamResponse:
        """A person changes a message."""
        asked = await read_object(request)
        self._people.edit(self._person(asked.get("person")), self._message(asked), str(asked.get("text") or "").strip())
        return web.json_response({})

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """A person deletes a message."""
        asked = await read_object(request)
        self._people.delete(self._person(asked.get("person")), self._message(asked))
        return web.json_response({})

    async def stop(self, request: web.Request) -> web.StreamResponse:
        """A person stops a draft."""
        asked = await read_object(request)
        chat, draft = self._chat(asked.get("chat")), number(asked.get("draft"), "draft")
        stop_draft(self._world, self._person(asked.get("person")), chat, draft)
        return web.json_response({})

    async def inline(self, request: web.Request) -> web.StreamResponse:
        """A person types after the bot's name; the response waits for the bot's answer until its time limit."""
        asked = await read_object(request)
        words, offset = str(asked.get("query", "")), str(asked.get("offset", ""))
        query = self._people.inline(self._person(asked.get("person")), self._chat(asked.get("chat")), words, offset)
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                while query.answer is None and not self._closed:
                    await self._world.changed.wait()
        return web.json_response(inline_view(query))

    async def choose(self, request: web.Request) -> web.StreamResponse:
        """A person sends one of the results."""
        asked = await read_object(request)
        query = self._world.inline_queries.get(str(asked.get("query")))
        if query is None:
            raise PeopleError("There is no such result.")
        place = {name: number(asked[name], name) for name in ("reply_to", "topic") if asked.get(name) is not None}
        return shown([self._people.choose(self._person(asked.get("person")), query, str(asked.get("result")), **place)])

    async def group(self, request: web.Request) -> web.StreamResponse:
        """A person chooses from a chat's menu."""
        asked = await read_object(request)
        topic = number(asked.get("topic") or 0, "topic")
        chat, admin = self._chat(asked.get("chat")), self._person(asked.get("person"))
        act(MenuAction(self._world, admin, chat, str(asked.get("name") or ""), topic), str(asked.get("act")))
        return web.json_response({})

    async def create_group(self, request: web.Request) -> web.StreamResponse:
        """A person makes a group of everybody."""
        asked = await read_object(request)
        owner = self._person(asked.get("person"))
        others = [person for person in self._world.people if person is not owner]
        return web.json_response(
            chat_view(create_group(self._world, named(str(asked.get("title") or "")), owner, *others))
        )

    async def calls(self, request: web.Request) -> web.StreamResponse:
        """The calls in the log."""
        since = number(request.query.get("since", "0"), "since")
        return web.json_response({"calls": [call.as_json() for call in self._log.since(since)]})

    async def play_fault(self, request: web.Request) -> web.StreamResponse:
        """Plan a fault."""
        asked = await read_object(request)
        player = self._players.get(str(asked.get("service")))
        if player is None or not isinstance(asked.get("fault"), dict):
            raise PeopleError("Name a service and a fault.")
        try:
            player.play(asked["fault"])
        except (ValidationError, ValueError) as error:
            raise PeopleError(f"This fault is not known: {error}") from error
        return web.json_response({})

    async def clear_faults(self, request: web.Request) -> web.StreamResponse:
        """Forget all faults."""
        for player in self._players.values():
            player.clear()
        return web.json_response({})

    def _person(self, id_: object) -> Person:
        person = self._world.person(number(id_, "person"))
        if person is None:
            raise PeopleError("There is no such person.")
        return person

    def _chat(self, id_: object) -> Chat:
        chat = self._world.chats.get(number(id_, "chat"))
        if chat is None:
            raise PeopleError("There is no such chat.")
        return chat

    def _message(self, asked: JSON) -> ChatMessage:
        message = self._chat(asked.get("chat")).find(number(asked.get("message"), "message"))
        if message is None:
            raise PeopleError("There is no such message.")
        return message


def only_for(event: JSON) -> object:
    """The id of the only person who may see an event, None for everybody."""
    message = event.get("message")
    return event.get("only_for") or (message.get("only_for") if isinstance(message, dict) else None)


def shown(messages: list[ChatMessage]) -> web.Response:
    """Messages as JSON."""
    return web.json_response({"messages": [message_view(message) for message in messages]})
