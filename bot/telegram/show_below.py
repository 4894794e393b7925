"""The words and buttons below an album, which replace the status message above it."""

from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramNetworkError, TelegramServerError
from aiogram.types import InlineKeyboardMarkup

from bot.telegram.status_message import StatusMessages
from bot.telegram.telegram_errors import is_unanswered
from storage.records import Job


async def show_below(
    status: StatusMessages, job: Job, text: str, buttons: InlineKeyboardMarkup, album: int | None
) -> None:
    """Show the final text of a job below its album, in reply to the message `album`. Raises aiogram's errors."""
    try:
        await status.move_below(job, text, buttons, reply_to=album)
    except (TelegramForbiddenError, TelegramBadRequest):
        # A chat may take photos but no text: then edit the status message.
        if not await status.change(job, text, buttons):
            raise
    except (TelegramNetworkError, TelegramServerError) as error:
        # The new message may have arrived. An edit can be repeated safely.
        if not is_unanswered(error) or not await status.change(job, text, buttons):
            raise
