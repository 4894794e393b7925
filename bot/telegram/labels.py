"""What stands under a result: its words, what a person should know of it, and its buttons."""

from collections.abc import Sequence

from aiogram.types import InlineKeyboardMarkup
from aiogram.utils.i18n import gettext as _

from bot.jobs.stage import sentence
from bot.telegram.buttons import under_result
from bot.telegram.services import Providers, maker, offer, title
from bot.telegram.uploads import Upload
from bot.telegram.wording import caption, pixels, plain, told
from storage.pictures import Picture
from storage.records import Job, TaskState
from storage.store import Store

# What was done to the references is told of so many; more would bury the result.
MOST_CHANGES = 3


class Labels:
    """The labels of results, in the language at hand."""

    def __init__(self, store: Store, providers: Providers) -> None:
        self._store = store
        self._providers = providers

    def caption(self, job: Job, upload: Upload | None = None, notes: Sequence[str] = ()) -> str:
        """The words that made it, by what, and in groups for whom; escaped. `upload`: how large it is; `notes`: lines
        below."""
        size = pixels(upload.width, upload.height) if upload else ""
        style = job.style["name"] if job.style else ""
        return caption(job.prompt, maker(self._providers, job), size, style, _whose(job), below=notes)

    def summary(self, job: Job, pictures: Sequence[Picture]) -> list[str]:
        """What stands below an album: how many pictures there are, in groups for whom, and what is not as it should
        be."""
        sent = [picture for picture in pictures if picture.message_id is not None]
        left = sum(picture.is_missing for picture in pictures)
        as_files = sum(picture.photo_id is None and picture.document_id is not None for picture in sent)
        count = _("✅ 1 picture") if len(sent) == 1 else _("✅ {count} pictures").format(count=len(sent))
        lines = [" · ".join(filter(None, [count, _whose(job)]))]
        if 0 < as_files < len(sent):
            words = _("Telegram couldn't show {count} of them as a photo, so it comes as a file.")
            lines.append(words.format(count=as_files))
        if left:
            lines.append(_("{count} could not be fetched from the service.").format(count=left))
        return lines

    async def notes(self, job: Job) -> list[str]:
        """What the person should know: what went wrong with a part, and what was done to the references."""
        trouble = [f"⚠️ {told(job.trouble)}"] if job.trouble else []
        sources = await self._store.sources.of_job(job.id)
        changes = [f"ℹ️ {plain(sentence(change))}" for source in sources for change in source.changes]
        other = [f"ℹ️ {self._instead(job.first_provider, job.provider)}"] if job.first_provider else []
        return [*trouble, *other, *list(dict.fromkeys(changes))[:MOST_CHANGES]]

    def _instead(self, first: str, second: str) -> str:
        words = _("{first} does not work at the moment, so {second} made this.")
        return words.format(first=title(self._providers, first), second=title(self._providers, second))

    async def buttons(self, job: Job) -> InlineKeyboardMarkup:
        """What stands under the pictures of a job; a picture that has not arrived can be fetched."""
        pictures = await self._store.pictures.of_job(job.id)
        shown = pictures if len(pictures) == 1 else [one for one in pictures if one.message_id]
        return under_result(job, offer(self._providers, job), shown, look=await is_incomplete(self._store, job))


def _whose(job: Job) -> str:
    """For whom it was made, where others see it too."""
    return _("for {name}").format(name=job.user_name) if job.chat_id < 0 and job.user_name else ""


async def is_incomplete(store: Store, job: Job) -> bool:
    """Whether a job may still have a picture that has not been shown: at the service, or of an album."""
    pictures = await store.pictures.of_job(job.id)
    missing = len(pictures) > 1 and any(picture.is_missing for picture in pictures)
    return missing or any(task.state is TaskState.OVERDUE for task in await store.tasks.of_job(job.id))
