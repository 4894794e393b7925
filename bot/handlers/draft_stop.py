"""The Stop button of a draft: the job whose progress the draft shows is cancelled.

https://core.telegram.org/bots/api#messagegenerationstopped
"""

from aiogram import Router
from aiogram.types import MessageGenerationStopped

from bot.handlers.request_service import RequestService


def make_router() -> Router:
    """The Stop button of drafts. Telegram sends its updates because a handler takes them (`allowed_updates`)."""
    router = Router(name="drafts")
    router.stopped_message_generation.register(stop)
    return router


async def stop(stopped: MessageGenerationStopped, requests: RequestService) -> None:
    """Cancel the job, as its Cancel button does; how it ended is told in a message, since the draft is gone.

    A draft has the number of its job, and is shown in the private chat of the person who asked. It is too late for a
    job that has ended: its pictures are there, or come.
    """
    job = await requests.store.jobs.get(stopped.draft_id)
    if job and job.user_id == stopped.chat.id == job.chat_id:
        await requests.engine.cancel_request(job)
