"""The words of one picture of a job whose prompt has choices: its buttons are about these."""

from collections.abc import Sequence

from aiogram.types import Message

from bot.handlers.callback_helpers import pictures_above
from bot.handlers.request_service import RequestService
from bot.telegram.choice_lines import words_on_button
from bot.telegram.formatting import cut
from storage.pictures import Picture
from storage.records import Job

BUTTON_LENGTH = 40
"""The longest words on a button, in UTF-16 units."""


async def own_words(picture: Picture, job: Job, requests: RequestService) -> str | None:
    """The words of this picture; None: they are its job's."""
    return (await requests.store.pictures.details(picture)).prompt if job.choices else None


async def words_above(message: Message, job: Job, requests: RequestService) -> str | None:
    """The words of the only picture that a message's buttons are about; None: it is about all, or has the job's
    words."""
    if not job.choices:
        return None
    pictures = await pictures_above(message, job, requests)
    return await own_words(pictures[0], job, requests) if len(pictures) == 1 else None


async def labels(pictures: Sequence[Picture], job: Job, requests: RequestService) -> list[str]:
    """The number and the words of each picture, for its button; none where all have the job's words."""
    result = await requests.store.results.of_job(job.id) if job.choices else None
    if result is None:
        return []
    words = [words_on_button(result.words_of(one)) for one in pictures]
    return [cut(f"{number}. {one}", BUTTON_LENGTH) for number, one in enumerate(words, 1)]
