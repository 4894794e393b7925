"""Whom a request depicts: the people whom a prompt names, whether they allow it, and that they hear of it.

A username is believed only after Telegram has said whose it is now: usernames change hands, and the worst that could
happen is somebody's face under another's name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest
from aiogram.types import ChatMemberBanned, ChatMemberLeft, ChatMemberRestricted
from aiogram.types.chat_member_union import ChatMemberUnion

from bot.access import Access
from bot.handlers.chat_policy import ChatNotAllowedError
from bot.handlers.people_named import Name, names_in
from bot.handlers.prompt_flags import FlagError
from bot.handlers.request_context import RequestContext
from bot.handlers.use_notices import UseNotices
from bot.jobs.likeness_references import TAKEN_BACK
from bot.jobs.ports import error_message
from bot.telegram.formatting import plain
from providers.errors import Sentence
from storage.likeness_records import NamedPerson
from storage.records import NewReference
from storage.store import Store

NOT_ALLOWED = Sentence(
    "{name} hasn't allowed me to use their photo here. They can, with /me. If {name} is just a word, leave out the @."
)
# Without a name: who shows the picture to a stranger must not learn here whom it shows.
NOT_ALLOWED_AGAIN = Sentence("Someone in this picture hasn't allowed me to use their photo in this chat.")
NO_PHOTO = Sentence("I don't have a photo of you yet. Reply to a photo of yourself with /me.")
OWN_NOT_HERE = Sentence("You haven't allowed me to use your photo here. Send /me to allow it.")
ONLY_OWN = Sentence("In our private chat I can only use your own photo, with @me.")
HAS_LEFT = Sentence("{name} isn't in this group any more, so I won't use their photo.")
UNSURE = Sentence("I can't check who {name} is right now, so I won't use their photo. Please try again in a while.")
STOPPED = Sentence("Cancelled: someone in it no longer lets me use their photo. Nothing was charged.")
STOPPED_PAID = Sentence(
    "Cancelled: someone in it no longer lets me use their photo. What was already being drawn is charged anyway; "
    "you'll find it in /history when it's ready."
)


class PersonNotAllowedError(FlagError):
    """Somebody whom a prompt names does not allow it. `sentences` say who; other words may be right."""


class PictureNotAllowedError(ChatNotAllowedError):
    """Somebody in the pictures of a request does not allow it, or not here: no other words help."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(plain(sentence))

    @property
    def text(self) -> str:
        """The reason as HTML."""
        return escape(self.why, quote=False)


@dataclass(frozen=True, slots=True)
class _Standing:
    """What Telegram says of a person now: their username in lower case, and whether they are in the chat."""

    username: str | None
    is_here: bool


@dataclass(frozen=True, slots=True)
class _Found:
    """What a name means: a likeness, or why it can't be used; neither: mere words."""

    name: Name
    likeness_id: int | None = None
    why: Sentence | None = None


class DepictedPeople:
    """Finds the people whom requests depict, and checks that they allow it."""

    def __init__(self, bot: Bot, store: Store, access: Access, notices: UseNotices) -> None:
        self._bot = bot
        self._store = store
        self.access = access
        self.notices = notices

    async def references_of(
        self, context: RequestContext, prompt: str, pictures: Sequence[NewReference]
    ) -> tuple[tuple[NewReference, ...], bool]:
        """The references of a request with this prompt and these pictures, the people whom it names first, and whether
        they depict people. Raises `PersonNotAllowedError` or `PictureNotAllowedError`."""
        people = await self.named(context, prompt)
        # An edited prompt says anew who is meant.
        own = tuple(one for one in pictures if one.likeness_id is None)
        return (*people, *own), await self.check(context.chat_id, own) or bool(people)

    async def named(self, context: RequestContext, prompt: str) -> tuple[NewReference, ...]:
        """The likenesses of the people whom a prompt names, in its order. Raises `PersonNotAllowedError`.

        A name that means nobody known stays words; beside people who are known it may have been meant, so it is asked
        about before anything is charged.
        """
        names = names_in(prompt, context.user_id, context.mentions)
        if not names:
            return ()
        known = await self._store.likenesses.named([name.who for name in names], context.chat_id)
        found = [await self._find(name, known.get(name.who), context) for name in names]
        if not any(one.likeness_id or one.why for one in found):
            return ()
        beside = ONLY_OWN if context.chat_id > 0 else NOT_ALLOWED
        if wrong := [_why(one, beside) for one in found if one.likeness_id is None]:
            raise PersonNotAllowedError(*{str(one): one for one in wrong}.values())
        return _references(found)

    async def check(self, chat_id: int, references: Sequence[NewReference]) -> bool:
        """Whether these references depict people. Raises `PictureNotAllowedError` where one of them does not allow it
        in this chat any more."""
        if not any(one.likeness_id or one.picture_id for one in references):
            return False
        people = await self._store.likenesses.in_references(references, chat_id)
        for person in people:
            if why := await self._refusal(person, chat_id):
                raise PictureNotAllowedError(why)
        return bool(people)

    async def stop(self, user_id: int, chat_id: int | None = None) -> list[int] | None:
        """Take a person's likeness back, for good or (`chat_id`) from one group. Returns the ids of the jobs that are
        cancelled, which have to be woken; None: there was none."""
        words, now = (error_message(STOPPED), error_message(STOPPED_PAID)), self._store.clock()
        if chat_id is None:
            return await self._store.taking_back.everywhere(user_id, now, *words)
        return await self._store.taking_back.here(user_id, chat_id, now, *words)

    async def _find(self, name: Name, person: NamedPerson | None, context: RequestContext) -> _Found:
        is_own = name.who == context.user_id or (person is not None and person.user_id == context.user_id)
        if person is None or person.user_id is None:
            return _Found(name, why=NO_PHOTO if is_own and context.user_id > 0 else None)
        if context.chat_id > 0 and not is_own:
            return _Found(name)
        standing = await self._standing(context.chat_id, person.user_id)
        if standing is None:
            return _Found(name, why=_of(UNSURE, name.words))
        if isinstance(name.who, str) and standing.username != name.who:
            # The name is another person's by now, or nobody's.
            await self._store.likenesses.rename(person.user_id, standing.username)
            return _Found(name)
        return await self._judge(name, person, standing, context, is_own=is_own)

    async def _judge(
        self, name: Name, person: NamedPerson, standing: _Standing, context: RequestContext, *, is_own: bool
    ) -> _Found:
        """A person who is certainly the one that is meant."""
        if not standing.is_here:
            return _Found(name, why=await self._gone(person, context.chat_id, name.words))
        if self.access.is_banned(person.user_id):
            return _Found(name, why=_of(NOT_ALLOWED, name.words))
        if not person.is_allowed:
            return _Found(name, why=OWN_NOT_HERE if is_own else _of(NOT_ALLOWED, name.words))
        return _Found(name, likeness_id=person.likeness_id)

    async def _refusal(self, person: NamedPerson, chat_id: int) -> Sentence | None:
        if person.user_id is None or self.access.is_banned(person.user_id):
            return TAKEN_BACK
        if not person.is_allowed:
            return NOT_ALLOWED_AGAIN
        if chat_id > 0:
            return None
        shown = f"@{person.username}" if person.username else person.name
        standing = await self._standing(chat_id, person.user_id)
        if standing is None:
            return _of(UNSURE, shown)
        return None if standing.is_here else await self._gone(person, chat_id, shown)

    async def _gone(self, person: NamedPerson, chat_id: int, shown: str) -> Sentence | None:
        """A person who has left a group allows it nothing any more."""
        if not person.is_allowed or person.user_id is None:
            return None
        await self.stop(person.user_id, chat_id)
        return _of(HAS_LEFT, shown)

    async def _standing(self, chat_id: int, user_id: int) -> _Standing | None:
        """None: Telegram does not say."""
        try:
            if chat_id > 0:
                return _Standing(_lower((await self._bot.get_chat(user_id)).username), is_here=True)
            member = await self._bot.get_chat_member(chat_id, user_id)
        except TelegramBadRequest as error:
            # "user not found", "PARTICIPANT_ID_INVALID": never a member, or one no longer.
            is_unknown = "not found" in error.message or "PARTICIPANT" in error.message
            return _Standing(None, is_here=False) if is_unknown else None
        except TelegramAPIError:
            return None
        return _Standing(_lower(member.user.username), is_here=not is_out(member))


def is_out(member: ChatMemberUnion) -> bool:
    """Whether a person is not, or no longer, in a chat."""
    if isinstance(member, ChatMemberRestricted):
        return not member.is_member
    return isinstance(member, ChatMemberLeft | ChatMemberBanned)


def _why(found: _Found, beside: Sentence) -> Sentence:
    return found.why or _of(beside, found.name.words)


def _references(found: Iterable[_Found]) -> tuple[NewReference, ...]:
    """One for each person, however often they are named."""
    names: dict[int, list[str]] = {}
    for one in found:
        if one.likeness_id is not None:
            names.setdefault(one.likeness_id, []).append(one.name.words)
    return tuple(
        NewReference(f"likeness {likeness_id}", None, likeness_id=likeness_id, named="\n".join(words))
        for likeness_id, words in names.items()
    )


def _of(sentence: Sentence, name: str) -> Sentence:
    return Sentence(sentence.template, {"name": name})


def _lower(username: str | None) -> str | None:
    return username.lower() if username else None
