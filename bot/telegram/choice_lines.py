"""Lines about a job whose prompt has choices: the words of each picture, and which words were refused."""

from collections.abc import Sequence

from aiogram.utils.i18n import gettext as _

from bot.telegram.formatting import cut, error_text
from storage.job_states import TaskState
from storage.pictures import Picture
from storage.records import Job, Task
from storage.results import Result

LISTED_LENGTH = 100
"""The longest listing of one picture's words, in UTF-16 units."""


def listed_words(result: Result, sent: Sequence[Picture]) -> list[str]:
    """The words of each picture, numbered, where each has its own. In an album a caption is seen only with its picture
    opened."""
    if not result.job.choices or len(sent) < 2:
        return []
    return [f"{number}. {words_on_button(result.words_of(one))}" for number, one in enumerate(sent, 1)]


def words_on_button(words: str) -> str:
    """The words of one picture, short."""
    return cut(" ".join(words.split()), LISTED_LENGTH)


def failures(job: Job, tasks: Sequence[Task]) -> list[str]:
    """What went wrong, as people read it: for each of the words where they are several; not escaped."""
    told = [(task, error_text(task.error_message)) for task in tasks if task.prompt is not None and task.error_message]
    others = (
        [job.error_message] if job.error_message not in [None, *(task.error_message for task, _why in told)] else []
    )
    lines = [error_text(message) for message in others if message]
    texts = {why for _task, why in told}
    if len(told) == len(tasks) and len(texts) == 1 and all(task.state is not TaskState.DONE for task in tasks):
        # The same for all words.
        return [*lines, *texts]
    line = _("“{words}”: {why}")
    lines += [line.format(words=words_on_button(task.prompt or ""), why=why) for task, why in told]
    return list(dict.fromkeys(lines))
