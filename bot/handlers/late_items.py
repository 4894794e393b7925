"""Items of an album that arrive after the others were handled: they join the job or draft while it waits."""

from aiogram.types import Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.request_context import key_of
from bot.handlers.request_service import RequestService
from bot.telegram.message_input import pictures_in
from bot.telegram.private_reply import reply_privately
from storage.records import Job


async def handle_late_item(main: Message, item: Message, requests: RequestService) -> bool:
    """Add an item that arrived after its album was handled. `main`: the message that the handler got. False: the album
    has made no job, and is not asked about, so a caption of the item is still to be handled."""
    if job := await requests.store.jobs.asked_in(main.chat.id, main.message_id):
        await _join_job(job, item, requests)
        return True
    key = key_of(main.chat.id, "message", main.message_id)
    is_asked_about = await requests.store.confirmations.join(key, pictures_in(item)) is not None
    if await requests.store.drafts.is_waiting(main.chat.id, [main.message_id]):
        await _join_draft(main, item, requests)
    return is_asked_about


async def join_earlier_album(message: Message, brought: list[Message], requests: RequestService) -> bool:
    """Whether the messages belong to an album that has a job from before this process started; then they join it."""
    if not message.media_group_id:
        return False
    new = {one.message_id for one in brought}
    album = await requests.store.posted.album(message.chat.id, message.media_group_id)
    before = [item.message_id for item in album if item.message_id and item.message_id not in new]
    job = await requests.store.edits.asked(message.chat.id, before) if before else None
    if job is None:
        return False
    for one in brought:
        await _join_job(job, one, requests)
    return True


async def _join_draft(main: Message, item: Message, requests: RequestService) -> None:
    for reference in pictures_in(item):
        if not await requests.store.drafts.join(main.chat.id, main.message_id, reference):
            await reply_privately(item, too_late())


async def _join_job(job: Job, item: Message, requests: RequestService) -> None:
    # Another process, which took over this one's work, may have had the whole album.
    known = {one.message_id for one in await requests.store.references.of_job(job.id)}
    for reference in pictures_in(item):
        if reference.message_id not in known and not await requests.engine.attach_reference(job, reference):
            await reply_privately(item, too_late())


def too_late() -> str:
    """The words for a picture that can no longer join its request."""
    return _("This picture arrived too late: I've already started with the others.")
