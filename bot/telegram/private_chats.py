"""Whether the bot can write to a person in private. Telegram tells only when it is tried: a chat action is the try that
leaves nothing behind."""

import logging
from collections import OrderedDict
from collections.abc import Callable

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest, TelegramForbiddenError

log = logging.getLogger(__name__)

OPEN_SECONDS = 3600.0
"""A chat that was open lately is not tried again for every query; it is before something is paid."""
MOST_REMEMBERED = 10_000


class PrivateChats:
    """The private chats with people. `clock`: seconds."""

    def __init__(self, bot: Bot, clock: Callable[[], float]) -> None:
        self._bot = bot
        self._clock = clock
        # When each was last found to be open, the latest at the end.
        self._open: OrderedDict[int, float] = OrderedDict()

    async def is_open(self, user_id: int, *, surely: bool = False) -> bool:
        """Whether this person has started the bot and has not blocked it; `surely`: as Telegram says now. Where it does
        not answer, the chat counts as open."""
        now = self._clock()
        if not surely and now - self._open.get(user_id, now - OPEN_SECONDS) < OPEN_SECONDS:
            return True
        self._open.pop(user_id, None)
        try:
            await self._bot.send_chat_action(user_id, "typing")
        except (TelegramBadRequest, TelegramForbiddenError) as error:
            log.debug("person %d can't be written to: %s", user_id, error.message)
            return False
        except TelegramAPIError as error:
            log.info("asking whether a private chat is open failed (%s); it counts as open", error.message)
            return True
        self._open[user_id] = now
        if len(self._open) > MOST_REMEMBERED:
            self._open.popitem(last=False)
        return True
