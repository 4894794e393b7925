"""`/export`: all of one's own data as a file."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from aiogram import Bot, F, Router
from aiogram.filters import Command, CommandStart
from aiogram.types import BufferedInputFile, Message, User
from aiogram.utils.i18n import gettext as _

from bot.handlers.export_archive import archive
from bot.handlers.imagine import PRIVATE
from bot.handlers.request_service import RequestService
from bot.telegram.keyboards import into_private, keyboard
from bot.telegram.private_reply import reply_privately

START = "export"
"""What the button in a group starts the private chat with."""
SECONDS = 120
"""How long a large file may take to get to Telegram."""


class Export:
    """Makes the files, one at a time for each person."""

    def __init__(self) -> None:
        self._under_way: set[int] = set()

    def register(self, router: Router) -> None:
        """Answer `/export`."""
        router.message.register(self.export, Command("export"), PRIVATE)
        router.message.register(self.export, CommandStart(deep_link=True, magic=F.args == START), PRIVATE)
        router.message.register(elsewhere, Command("export"))

    async def export(self, message: Message, requests: RequestService, bot: Bot) -> None:
        """Send the file."""
        user = message.from_user
        if user is None:
            return
        with self._turn(user.id) as free:
            if not free:
                await message.reply(_("I'm already putting your file together; it'll be here in a moment."))
                return
            words = _("Everything I've stored about your pictures, and your settings.")
            sending = message.reply_document(await _file(requests, user), caption=words)
            await bot(sending, request_timeout=SECONDS)

    @contextmanager
    def _turn(self, user_id: int) -> Iterator[bool]:
        """Whether nothing is being made for this person yet; inside, something is."""
        free = user_id not in self._under_way
        self._under_way.add(user_id)
        try:
            yield free
        finally:
            if free:
                self._under_way.discard(user_id)


def make_router() -> Router:
    """One's own data."""
    router = Router(name="export")
    Export().register(router)
    return router


async def elsewhere(message: Message, bot: Bot) -> None:
    """In a group: the way to one's own."""
    link = await into_private(bot, _("📦 My data"), START)
    await reply_privately(message, _("Let's do this in private:"), keyboard([link]))


async def _file(requests: RequestService, user: User) -> BufferedInputFile:
    store = requests.store
    own = [picture async for page in store.exports.pictures(user.id) for picture in page]
    preferences, styles = await store.users.preferences(user.id), await store.styles.of(user.id)
    # Thousands of rows take a while to pack: meanwhile others are served.
    data = await asyncio.to_thread(archive, own, user.id, requests.providers, preferences, styles)
    return BufferedInputFile(data, f"imagine-{datetime.now(UTC):%Y-%m-%d}.zip")
