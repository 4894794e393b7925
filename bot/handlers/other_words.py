"""The button under a request whose words the service refused: it asks for other words. Photos and options stay."""

from aiogram import F, Router
from aiogram.types import CallbackQuery
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import answer, is_channel, message_of, own_job, reply_to
from bot.handlers.imagine import ask_for_words
from bot.handlers.request_context import RequestContext, keep_chat_as_author
from bot.handlers.request_service import RequestService
from bot.telegram.callback_data import JobCallback
from storage.records import Draft


def make_router() -> Router:
    """The button that asks for other words."""
    router = Router(name="other words")
    router.callback_query.register(rewrite, JobCallback.filter(F.do == "rewrite"))
    return router


async def rewrite(query: CallbackQuery, callback_data: JobCallback, requests: RequestService, language: str) -> None:
    """Ask for other words for a request; the answer has its references, style, service and options."""
    job = await own_job(query, callback_data.job, requests)
    message = await message_of(query) if job else None
    if job is None or message is None:
        return
    context = keep_chat_as_author(RequestContext.of_press(query, message, reply_to(job, message), language), job)
    draft = Draft(await requests.references_again(context, job), job.style, job.provider, job.options)
    text = _("What should I draw instead? Reply to this message and tell me; your photos and options stay.")
    if not job.options and not draft.references:
        text = _("What should I draw instead? Reply to this message and tell me.")
    await ask_for_words(message, context, requests, draft, None if is_channel(message) else text)
    await answer(query)
