"""Whether a chat accepts requests, as its admins have set it."""

from collections.abc import Awaitable, Callable

from aiogram.utils.i18n import gettext as _

from storage.chats import Chats
from storage.settings_records import ChatRules
from storage.topics import GENERAL_TOPIC


class ChatNotAllowedError(Exception):
    """The chat accepts no requests now. `why`: the answer to the person, empty where nobody can be told; `link`: where
    to ask instead."""

    def __init__(self, why: str = "", link: str = "") -> None:
        self.why = why
        self.link = link
        super().__init__(why)

    @property
    def text(self) -> str:
        """The reason as HTML, with the link."""
        there = _("Go to that topic")
        return f'{self.why}\n<a href="{self.link}">{there}</a>' if self.link else self.why


class ChatPolicy:
    """Checks requests against the rules of their chat. `is_admin(chat_id, user_id)`: whether a person administers a
    group; `may_write(chat_id)`: whether the bot may write there."""

    def __init__(
        self,
        chats: Chats,
        is_admin: Callable[[int, int], Awaitable[bool]],
        may_write: Callable[[int], Awaitable[bool]],
    ) -> None:
        self._chats = chats
        self._is_admin = is_admin
        self._may_write = may_write

    async def rules(self, chat_id: int, thread_id: int | None, user_id: int, *, by_press: bool) -> ChatRules:
        """The rules for a request in this chat, with the defaults of its topic. Raises `ChatNotAllowedError`."""
        if chat_id > 0 and not by_press:
            # A person who writes in private has not blocked the bot, whatever Telegram reported before.
            return ChatRules()
        rules = await self._chats.rules(chat_id, thread_id or GENERAL_TOPIC)
        if rules.muted:
            # The update about a change may not have arrived.
            if not await self._may_write(chat_id):
                raise ChatNotAllowedError
            await self._chats.set(chat_id, muted=None)
        if rules.paused:
            raise ChatNotAllowedError(_("The admins have paused me here."))
        if rules.thread_id is not None and rules.thread_id != (thread_id or GENERAL_TOPIC):
            raise ChatNotAllowedError(
                _("In this group I only work in one topic."), _topic_link(chat_id, rules.thread_id)
            )
        # Only admins write in the group's own name.
        if rules.admins_only and user_id != chat_id and not await self._is_admin(chat_id, user_id):
            raise ChatNotAllowedError(_("In this group only admins can ask me for pictures."))
        return rules


def _topic_link(chat_id: int, thread_id: int) -> str:
    """Only supergroups have topics; their ids are -100… ."""
    return f"https://t.me/c/{str(chat_id).removeprefix('-100')}/{thread_id}"
