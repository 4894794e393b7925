"""The buttons that make another picture of a result: again, variations, larger, in another shape or style."""

from aiogram import F, Router
from aiogram.types import CallbackQuery
from aiogram.utils.i18n import gettext as _
from pydantic import ValidationError

from bot.handlers.callback_helpers import (
    answer,
    change_buttons,
    first_buttons,
    message_of,
    once_more,
    own_job,
    own_picture,
    reply_to,
)
from bot.handlers.prompt_flags import FlagError
from bot.handlers.request_context import RequestContext
from bot.handlers.request_service import NOTHING_ELSE, Change, RequestService, used
from bot.handlers.style_catalog import everybodys, find
from bot.telegram.callback_data import ChangeCallback, JobCallback, PictureCallback
from bot.telegram.formatting import plain
from bot.telegram.keyboards import changes
from bot.telegram.message_input import as_references
from bot.telegram.provider_labels import ENLARGED, SHAPE, STYLE, enlarged, offer
from storage.pictures import Picture
from storage.records import Job


def make_router() -> Router:
    """The buttons that cost something."""
    router = Router(name="remakes")
    router.callback_query.register(again, JobCallback.filter(F.do == "again"))
    router.callback_query.register(vary, PictureCallback.filter(F.do == "vary"))
    router.callback_query.register(enlarge, PictureCallback.filter(F.do == "enlarge"))
    router.callback_query.register(shapes, JobCallback.filter(F.do == "shapes"))
    router.callback_query.register(styles, JobCallback.filter(F.do == "styles"))
    router.callback_query.register(changed, ChangeCallback.filter())
    return router


async def again(query: CallbackQuery, callback_data: JobCallback, requests: RequestService, language: str) -> None:
    """The same request once more."""
    if job := await own_job(query, callback_data.job, requests):
        await _remake(query, job, requests, language, NOTHING_ELSE)


async def vary(query: CallbackQuery, callback_data: PictureCallback, requests: RequestService, language: str) -> None:
    """The same words again, with one of their pictures as reference."""
    if own := await _own_file(query, callback_data, requests):
        picture, job = own
        change = Change(references=as_references([picture], picture.chat_id))
        await _remake(query, job, requests, language, change, said=_("Variations are on their way."))


async def enlarge(
    query: CallbackQuery, callback_data: PictureCallback, requests: RequestService, language: str
) -> None:
    """One picture as large as the service can make it."""
    if not (own := await _own_file(query, callback_data, requests)):
        return
    picture, job = own
    options = enlarged(requests.providers, job, picture)
    if options is None:
        await answer(query, _("The service can't make it larger."), alert=True)
        return
    words = _("the same picture as the reference in every detail, only larger and sharper")
    style = {"name": ENLARGED, "words": words}
    if job.style:
        style = {key: f"{job.style[key]}, {new}" for key, new in style.items()}
    change = Change(as_references([picture], picture.chat_id), options, style)
    await _remake(query, job, requests, language, change, said=_("A larger one is on its way."))


async def _own_file(
    query: CallbackQuery, press: PictureCallback, requests: RequestService
) -> tuple[Picture, Job] | None:
    """See `own_picture`; one that Telegram doesn't have would be left out as a reference, and paid all the same."""
    own = await own_picture(query, press.picture, requests)
    if own and own[0].file_id is None:
        await answer(query, _("⚠️ This picture can't be fetched from the service any more."), alert=True)
        return None
    return own


async def shapes(query: CallbackQuery, callback_data: JobCallback, requests: RequestService) -> None:
    """Which shape the next one is to have."""
    if job := await own_job(query, callback_data.job, requests):
        await _ask_which(query, job, SHAPE, offer(requests.providers, job).shapes)


async def styles(query: CallbackQuery, callback_data: JobCallback, requests: RequestService) -> None:
    """Which style the next one is to have: one's own, or one of everybody's."""
    if job := await own_job(query, callback_data.job, requests):
        own = await requests.store.styles.of(query.from_user.id)
        await _ask_which(query, job, STYLE, [style.name for style in (*own, *everybodys())])


async def changed(query: CallbackQuery, callback_data: ChangeCallback, requests: RequestService, language: str) -> None:
    """The same request in another shape or style."""
    job = await own_job(query, callback_data.job, requests)
    if job is None:
        return
    try:
        change = await _change(query, callback_data, requests, job)
    except FlagError as error:
        await answer(query, plain(error.sentence), alert=True)
        return
    said = _("As {value}: on its way.").format(value=callback_data.value)
    await _remake(query, job, requests, language, change, said=said)


async def _change(query: CallbackQuery, press: ChangeCallback, requests: RequestService, job: Job) -> Change:
    """Raises `FlagError`."""
    if press.name == STYLE:
        return Change(style=used(find(press.value, await requests.store.styles.of(query.from_user.id))))
    options = {**job.options, press.name: press.value}
    try:
        requests.providers[job.provider].Options.model_validate(options)
    except (KeyError, ValidationError):
        # A size in pixels is a shape too.
        options.pop("size", None)
    return Change(options=options)


async def _ask_which(query: CallbackQuery, job: Job, name: str, values: list[str] | tuple[str, ...]) -> None:
    if message := await message_of(query):
        await answer(query, _("Which style?") if name == STYLE else _("Which shape?"))
        await change_buttons(message, changes(job, name, values))


async def _remake(
    query: CallbackQuery, job: Job, requests: RequestService, language: str, change: Change, *, said: str = ""
) -> None:
    """Make another picture of a job, for whoever asked for it. `said`: to tell them."""
    if message := await message_of(query):
        context = RequestContext.of_press(query, message, reply_to(job, message), language)
        await once_more(query, requests, context, job, change, said=said)
        if change != NOTHING_ELSE:
            await first_buttons(message, job, requests)
