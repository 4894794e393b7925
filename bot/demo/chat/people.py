"""`People`: actions of people, such as writing, sending pictures, editing, pressing buttons and deleting."""

import random
import secrets
from collections.abc import Awaitable, Callable, Sequence

from bot.background import Background
from bot.demo.bot_api import polls
from bot.demo.bot_api.bot_view import (
    external_reply,
    inline_json,
    live_photo,
    message_json,
    origin_json,
    press_json,
    update_kind,
)
from bot.demo.bot_api.channels import copied_fields, forward_to_discussion, publish_edit
from bot.demo.bot_api.entities import find_entities, mention_entities, merge_entities
from bot.demo.bot_api.errors import PeopleError
from bot.demo.bot_api.files import upload
from bot.demo.bot_api.inline_cache import cached
from bot.demo.bot_api.inline_messages import chosen_json, register
from bot.demo.bot_api.model import JSON, Chat, ChatMessage, Document, InlineQuery, Person, Photo, Press
from bot.demo.bot_api.privacy import bot_sees
from bot.demo.bot_api.things import thing
from bot.demo.bot_api.voice import UNSAID, voice_file
from bot.demo.bot_api.world import ANONYMOUS, World
from bot.demo.chat.attachments import Sendable, stored
from bot.demo.chat.permissions import check_member, check_sees, check_words, topic_for

MAX_QUERY_LENGTH = 256
"""In an inline query, after the bot's name."""


class People:
    """Acts for the people of a world.

    `gap`: seconds between the updates of one album; `shuffle`: whether they come in another order; `is_unheard`:
    whether the bot hears nothing of the next inline choice. `sleep` waits.
    """

    def __init__(self, world: World, background: Background, sleep: Callable[[float], Awaitable[object]]) -> None:
        self.gap = 0.0
        self.shuffle = False
        self.is_unheard: Callable[[], bool] = lambda: False
        self._world = world
        self.background = background
        self._sleep = sleep
        self._random = random.Random(7)

    async def send(
        self,
        person: Person,
        chat: Chat,
        *,
        text: str = "",
        files: Sequence[Sendable] = (),
        reply_to: int | None = None,
        topic: int | None = None,
        as_document: bool = False,
        anonymous: bool = False,
        captions: Sequence[str] = (),
        live: bool = False,
        external: ChatMessage | None = None,
        quote: str = "",
        mentioned: Sequence[Person] = (),
    ) -> list[ChatMessage]:
        """Write a message, or one for each file (several are an album; the words stand on the first).

        In a channel, and for an `anonymous` admin, in the name of the chat.
        Pictures go as photos unless `as_document`, as `live` ones if asked. `captions`: the words of the further
        files; `external`: the message of another chat that this replies to, `quote` a part of its words;
        `mentioned`: people whom the words name without a username, as an app's list of members does. Raises
        `PeopleError`.
        """
        text = text.strip()
        check_words(text, files)
        topic = topic_for(person, chat, reply_to=reply_to, topic=topic, anonymous=anonymous)
        media = [await stored(self._world.files, file, as_document=as_document) for file in files]
        messages: list[JSON] = []
        for kind in (Photo, Document):
            batch = [item for item in media if isinstance(item, kind)]
            album = self._world.album_id() if len(batch) > 1 else None
            for item in batch:
                media_field = {"photo" if isinstance(item, Photo) else "document": item}
                messages.append({**media_field, "album": album})
        extra = external_reply(external, quote) if external else {}
        words = [text, *captions, *[""] * len(messages)]
        said = [
            {
                **fields,
                "text": spoken,
                "entities": merge_entities(mention_entities(spoken, mentioned), find_entities(spoken)),
                "reply_to": reply_to,
                "topic": topic,
                "extra": extra | (live_photo(fields["photo"]) if live else {}),
            }
            for fields, spoken in zip(messages or [{}], words, strict=False)
        ]
        return self.post(person, chat, said, anonymous=anonymous)

    def forward(
        self,
        person: Person,
        chat: Chat,
        messages: Sequence[ChatMessage],
        *,
        comment: str = "",
        comment_last: bool = False,
    ) -> list[ChatMessage]:
        """Forward messages, with a comment, which apps send as a message of its own. Returns all. Raises `PeopleError`.

        Those of one album stay one.
        """
        topic_for(person, chat, reply_to=None, topic=None, anonymous=False)
        albums = {message.album: self._world.album_id() for message in messages if message.album}
        sent: list[JSON] = [
            {
                **copied_fields(self._world, message),
                "album": albums[message.album] if message.album else None,
                "extra": {"forward_origin": origin_json(message), **message.extra},
            }
            for message in messages
        ]
        said: list[JSON] = [{"text": comment, "entities": find_entities(comment)}] if comment else []
        return self.post(person, chat, [*sent, *said] if comment_last else [*said, *sent])

    def send_thing(
        self,
        person: Person,
        chat: Chat,
        kind: str,
        *,
        reply_to: int | None = None,
        topic: int | None = None,
        anonymous: bool = False,
        text: str = "",
        said: str = "",
        seconds: int = 3,
    ) -> ChatMessage:
        """Send a voice message, a sticker, a video or a place: the `kind` as in `things`; `text` is its caption, `said`
        the words of a voice message of so many `seconds`.

        Raises `PeopleError`.
        """
        topic = topic_for(person, chat, reply_to=reply_to, topic=topic, anonymous=anonymous)
        words = {"text": text, "entities": find_entities(text)}
        about = thing(kind)
        if kind == "voice":
            said = said or UNSAID.get((person.language_code or "")[:2], "")
            file = upload(voice_file(said, seconds), "voice.ogg", "audio/ogg")
            about = {kind: {**about[kind], "duration": seconds, **self._world.files.add_voice(file)}}
        fields = {"thing": about, "reply_to": reply_to, "topic": topic, **words}
        (sent,) = self.post(person, chat, [fields], anonymous=anonymous)
        return sent

    def edit(self, person: Person, message: ChatMessage, text: str) -> None:
        """Change the words of one's own message; the bot gets `edited_message`. Raises `PeopleError`."""
        if person not in {message.sender, message.author}:
            raise PeopleError("People can edit only what they wrote themselves.")
        check_words(text, [message.photo or message.document] if message.photo or message.document else [])
        message.text, message.entities = text, find_entities(text)
        publish_edit(self._world, message)
        if bot_sees(self._world.bot, message):
            self._world.updates.push(f"edited_{update_kind(message)}", message_json(message))

    def touch(self, message: ChatMessage) -> None:
        """Telegram itself changes a message, for example a link's preview; the bot gets `edited_message` for it, too
        (https://core.telegram.org/bots/api#update)."""
        if bot_sees(self._world.bot, message):
            self._world.updates.push(f"edited_{update_kind(message)}", message_json(message))

    def press(self, person: Person, message: ChatMessage, label_or_data: str) -> Press:
        """Press an inline button, found by its data or its label. Raises `PeopleError`."""
        check_member(person, message.chat)
        if message.chat.find(message.id) is not message:
            raise PeopleError("This message was deleted.")
        check_sees(person, message)
        buttons = [button for row in message.keyboard or [] for button in row]
        found = [button for button in buttons if button.get("callback_data") == label_or_data]
        found = found or [button for button in buttons if button["text"] == label_or_data]
        if not found:
            raise PeopleError("There is no such button.")
        if found[0].get("disabled") is not None:
            raise PeopleError("This button is disabled.")
        if "callback_data" not in found[0]:
            raise PeopleError("This button does not send anything to the bot.")
        id_ = str(secrets.randbits(62))
        data = str(found[0]["callback_data"])
        press = Press(id=id_, person=person, message=message, data=data, at=self._world.clock())
        self._world.presses[id_] = press
        self._world.updates.push("callback_query", press_json(press))
        self._world.changed.notify()
        return press

    def vote(self, person: Person, message: ChatMessage, option: object) -> None:
        """Vote in a poll; None takes the vote back. Raises `PeopleError`."""
        check_member(person, message.chat)
        polls.vote(self._world, person, message, option)

    def delete(self, person: Person, message: ChatMessage) -> None:
        """Delete a message: one's own, any in a private chat, any as an admin of a group. Raises `PeopleError`."""
        chat = message.chat
        check_member(person, chat)
        if message.only_for:
            check_sees(person, message)
            self._world.remove_ephemeral(message)
            return
        own = person in {message.sender, message.author}
        if not own and chat.type != "private" and person not in chat.admins:
            raise PeopleError("People can delete only what they wrote themselves.")
        self._world.remove(chat, [message.id])

    def inline(self, person: Person, chat: Chat, query: str, offset: str = "") -> InlineQuery:
        """Type words after the bot's name in a chat. An answer in Telegram's cache is used without asking the bot.

        Raises `PeopleError`.
        """
        check_member(person, chat)
        world = self._world
        if not world.bot.inline:
            raise PeopleError("Inline mode is off: @BotFather switches it on.")
        words = query.strip()[:MAX_QUERY_LENGTH]
        id_ = str(secrets.randbits(62))
        asked = InlineQuery(id=id_, person=person, chat=chat, query=words, offset=offset, at=world.clock())
        world.inline_queries[asked.id] = asked
        asked.answer = cached(world, asked)
        if asked.answer is None:
            world.updates.push("inline_query", inline_json(asked))
        return asked

    def choose(
        self,
        person: Person,
        query: InlineQuery,
        result_id: str,
        *,
        reply_to: int | None = None,
        topic: int | None = None,
    ) -> ChatMessage:
        """Send one of the results into the chat in which it was asked for. Raises `PeopleError`."""
        topic = topic_for(person, query.chat, reply_to=reply_to, topic=topic, anonymous=False)
        result = next((result for result in query.results or [] if result.id == result_id), None)
        if query.person is not person or result is None:
            raise PeopleError("There is no such result.")
        fields = {
            "via": self._world.bot,
            "text": result.text,
            "entities": result.entities,
            "photo": result.photo and self._world.files.photo(result.photo.largest.file_id),
            "keyboard": result.keyboard,
            "caption_above": result.caption_above,
            "reply_to": reply_to,
            "topic": topic,
        }
        (sent,) = self.post(person, query.chat, [fields])
        if self._world.bot.feedback and not self.is_unheard():
            self._world.updates.push("chosen_inline_result", chosen_json(query, result.id, sent))
        return sent

    def post(
        self, person: Person, chat: Chat, messages: Sequence[JSON], *, anonymous: bool = False
    ) -> list[ChatMessage]:
        """Post messages of a person with these fields, in the name of the chat where that applies."""
        channel = chat.type == "channel"
        masked = anonymous or channel or person in chat.anonymous
        sender = ANONYMOUS if masked and not channel else person
        mask = {"sender_chat": chat, "author": person} if masked else {}
        if chat.type == "private" and chat.bot == "left":
            chat.bot = "member"
        posted = [self._world.post(chat, sender, **mask, **fields) for fields in messages]
        for message in posted:
            if message.via:
                register(self._world, message)
        self._deliver([message for message in posted if bot_sees(self._world.bot, message)])
        for message in posted:
            forward_to_discussion(self._world, message)
        return posted

    def _deliver(self, messages: list[ChatMessage]) -> None:
        updates = [(update_kind(message), message_json(message)) for message in messages]
        if self.shuffle:
            self._random.shuffle(updates)
        if self.gap > 0 and len(updates) > 1:
            self.background.spawn(self._trickle(updates, self.gap), "deliver an album")
            return
        for kind, update in updates:
            self._world.updates.push(kind, update)

    async def _trickle(self, updates: list[tuple[str, JSON]], gap: float) -> None:
        for number, (kind, update) in enumerate(updates):
            if number:
                await self._sleep(gap)
            self._world.updates.push(kind, update)
