"""Files that people sent, from Telegram or from the disk of an own Bot API server.

With `--local` such a server has no limit of 20 MB. It names a file by its absolute path, and serves none over HTTP:
https://github.com/tdlib/telegram-bot-api#usage. The path contains the token, as does a file's address: neither is told.
"""

import asyncio
import errno
import logging
import os
import stat
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest, TelegramRetryAfter
from aiohttp import ClientError, ClientResponseError
from yarl import URL

from bot.jobs.ports import InvalidReferenceError, NotYet
from bot.settings import CLOUD_API
from providers.errors import Sentence
from providers.proxies import ProxyFailedError

log = logging.getLogger(__name__)

DEFAULT_RETRY_SECONDS = 5.0
"""The wait if a server demands one without a number."""
IN_MEMORY_BYTES = 1 << 20
"""A larger file waits on disk."""
MOST_LOCAL_BYTES = 100_000_000
"""No picture that can be decoded is larger, in nearly all formats; of some formats the whole file is read."""
LOCAL_SECONDS = 300
"""The time limit of `getFile` at an own server, which fetches the whole file first."""
FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
"""A link is not followed and a pipe not waited for, whoever may write in that folder."""
TOO_LARGE = Sentence("This file is larger than 20 MB; bots can't fetch such files. Send a smaller one, or a photo.")
TOO_LARGE_HERE = Sentence("This file is larger than 100 MB. Send a smaller one, or a photo.")

open_file = os.open
"""A name of its own, so that tests refuse what root may always do."""


class UnreadableFileError(OSError):
    """A file of an own Bot API server can't be read here. The text tells the operator what to do."""


def has_own_server(bot: Bot) -> bool:
    """Whether the bot speaks to a Bot API server of the operator's, not to Telegram's."""
    return URL(bot.session.api.base).host != URL(CLOUD_API).host


class TelegramFiles:
    """Opens files by their ids."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._own = has_own_server(bot)

    async def open(self, file_id: str, stack: AsyncExitStack) -> BinaryIO:
        """A file, whole, which `stack` closes. Raises `InvalidReferenceError` if bots can't have it; if it can't be
        had now, `NotYet` or another `OSError`."""
        try:
            path = await self._path(file_id)
            if self._own and Path(path).is_absolute():
                return stack.enter_context(await asyncio.to_thread(open_local, path, self._bot.token))
            spooled = stack.enter_context(SpooledTemporaryFile(IN_MEMORY_BYTES))  # noqa: SIM115 - `stack` closes it
            file = cast("BinaryIO", spooled)
            await self._bot.download_file(path, file)
        except UnreadableFileError as error:
            log.error("%s", error)  # noqa: TRY400 - the trace tells nothing more
            raise
        except (TelegramAPIError, ClientError, TimeoutError) as error:
            # The errors of a transfer contain the file's address, and with it the bot's token.
            raise _meaning(error) from None
        return file

    async def _path(self, file_id: str) -> str:
        file = await self._bot.get_file(file_id, request_timeout=LOCAL_SECONDS if self._own else None)
        return file.file_path or ""


def open_local(path: str, token: str) -> BinaryIO:
    """Open a file at the path that the own server gave. Blocks. Raises `InvalidReferenceError` if it is too large, or
    `UnreadableFileError`."""
    try:
        descriptor = open_file(path, FLAGS)
    except OSError as error:
        raise UnreadableFileError(_advice(path, token, error)) from None
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_size <= MOST_LOCAL_BYTES:
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISREG(found.st_mode):
        raise InvalidReferenceError(TOO_LARGE_HERE)
    raise UnreadableFileError(f"{_shown(path, token)} of the Bot API server is no file")


def _advice(path: str, token: str, error: OSError) -> str:
    shown = _shown(path, token)
    if error.errno == errno.ENOENT:
        return (
            f"the Bot API server's file {shown} is not on this machine: mount the server's folder here at the same path"
        )
    if error.errno in {errno.EACCES, errno.EPERM}:
        user = f"the user of this process ({os.geteuid()}, group {os.getegid()})"
        return f"the Bot API server's file {shown} can't be read: let {user} read that server's folder and its files"
    return f"the Bot API server's file {shown} can't be opened: {error.strerror}"


def _shown(path: str, token: str) -> str:
    """A path without the token that names a folder in it, also as servers on Windows write it."""
    return path.replace(token, "<token>").replace(token.replace(":", "~"), "<token>")


def _meaning(error: Exception) -> Exception:
    """The error to raise for one of a call or a transfer."""
    if isinstance(error, TelegramBadRequest):
        too_big = "too big" in error.message
        return InvalidReferenceError(TOO_LARGE) if too_big else OSError(f"getFile: {error.message}")
    if isinstance(error, TelegramRetryAfter):
        return NotYet(error.retry_after)
    if isinstance(error, ClientResponseError):
        return NotYet(_retry_after(error)) if error.status == 429 else OSError(f"HTTP {error.status}")
    return OSError(error.words if isinstance(error, ProxyFailedError) else type(error).__name__)


def _retry_after(error: ClientResponseError) -> float:
    """The wait that the file server demands, in seconds."""
    demanded = (error.headers.get("Retry-After") if error.headers else None) or ""
    return (
        float(demanded) if demanded.isascii() and demanded.isdecimal() and len(demanded) < 10 else DEFAULT_RETRY_SECONDS
    )
