"""The buttons that make another job of a result: again, variations, larger, another shape or style."""

from dataclasses import replace

from aiogram import F, Router
from aiogram.types import CallbackQuery
from aiogram.utils.i18n import gettext as _
from pydantic import ValidationError

from bot.handlers.callback_helpers import (
    answer,
    ask,
    message_of,
    others_job,
    others_picture,
    own_job,
    own_picture,
    owns,
    repeat_request,
    reply_to,
    restore_buttons,
)
from bot.handlers.own_words import own_words, words_above
from bot.handlers.prompt_flags import FlagError
from bot.handlers.request_context import RequestContext
from bot.handlers.request_reader import job_style
from bot.handlers.request_service import NO_OVERRIDES, Overrides, RequestService
from bot.handlers.style_catalog import built_in_styles, find
from bot.telegram.callback_data import ChangeCallback, JobCallback, PictureCallback
from bot.telegram.formatting import plain
from bot.telegram.keyboards import changes
from bot.telegram.message_input import as_references
from bot.telegram.provider_labels import ENLARGED, SHAPE, STYLE, enlarged, model_of_job, offer, redrawn
from storage.pictures import Picture
from storage.records import Job


def make_router() -> Router:
    """The buttons that make another job."""
    router = Router(name="variations")
    router.callback_query.register(again, JobCallback.filter(F.do == "again"))
    router.callback_query.register(again_one, PictureCallback.filter(F.do == "again-one"))
    router.callback_query.register(vary, PictureCallback.filter(F.do == "vary"))
    router.callback_query.register(enlarge, PictureCallback.filter(F.do == "enlarge"))
    router.callback_query.register(shapes, JobCallback.filter(F.do == "shapes"))
    router.callback_query.register(styles, JobCallback.filter(F.do == "styles"))
    router.callback_query.register(changed, ChangeCallback.filter())
    return router


async def again(query: CallbackQuery, callback_data: JobCallback, requests: RequestService, language: str) -> None:
    """Run the same request again; pressed by others, as a request of their own."""
    if job := await others_job(query, callback_data.job, requests):
        await _make_variation(query, job, requests, language, NO_OVERRIDES)


async def again_one(
    query: CallbackQuery, callback_data: PictureCallback, requests: RequestService, language: str
) -> None:
    """Run the request of one picture again, with its own words; pressed by others, as a request of their own."""
    if found := await others_picture(query, callback_data.picture, requests):
        picture, job = found
        overrides = Overrides(prompt=await own_words(picture, job, requests))
        await _make_variation(query, job, requests, language, overrides)


async def vary(query: CallbackQuery, callback_data: PictureCallback, requests: RequestService, language: str) -> None:
    """Run the same prompt again, with one of its pictures as the reference; pressed by others, as a request of their
    own."""
    found = await others_picture(query, callback_data.picture, requests)
    if found and await _has_file(query, found[0]):
        picture, job = found
        options = redrawn(model_of_job(requests.providers, job), job.options)
        words = await own_words(picture, job, requests)
        overrides = Overrides(as_references([picture], picture.chat_id), options, prompt=words)
        await _make_variation(query, job, requests, language, overrides, said=_("Variations are on their way."))


async def enlarge(
    query: CallbackQuery, callback_data: PictureCallback, requests: RequestService, language: str
) -> None:
    """Make one picture as large as the service can."""
    own = await own_picture(query, callback_data.picture, requests)
    if own is None or not await _has_file(query, own[0]):
        return
    picture, job = own
    options = enlarged(model_of_job(requests.providers, job), picture)
    if options is None:
        await answer(query, _("The service can't make it larger."), alert=True)
        return
    words = _("the same picture as the reference in every detail, only larger and sharper")
    style = {"name": ENLARGED, "words": words}
    if job.style:
        style = {key: _(", ").join([job.style[key], new]) for key, new in style.items()}
    prompt = await own_words(picture, job, requests)
    overrides = Overrides(as_references([picture], picture.chat_id), options, style, prompt)
    await _make_variation(query, job, requests, language, overrides, said=_("A larger one is on its way."))


async def _has_file(query: CallbackQuery, picture: Picture) -> bool:
    """Whether Telegram has the picture; the press is answered if not: a job without its reference would still be
    paid."""
    if picture.file_id is None:
        await answer(query, _("⚠️ This picture can't be fetched from the service any more."), alert=True)
    return picture.file_id is not None


async def shapes(query: CallbackQuery, callback_data: JobCallback, requests: RequestService) -> None:
    """Ask for the shape of the next picture."""
    if job := await own_job(query, callback_data.job, requests):
        await _ask_which(query, job, SHAPE, offer(model_of_job(requests.providers, job)).shapes)


async def styles(query: CallbackQuery, callback_data: JobCallback, requests: RequestService) -> None:
    """Ask for the style of the next picture: an own or a built-in one."""
    if job := await own_job(query, callback_data.job, requests):
        own = await requests.store.styles.of(query.from_user.id)
        await _ask_which(query, job, STYLE, [style.name for style in (*own, *built_in_styles())])


async def changed(query: CallbackQuery, callback_data: ChangeCallback, requests: RequestService, language: str) -> None:
    """Run the same request in another shape or style."""
    job = await own_job(query, callback_data.job, requests)
    if job is None:
        return
    try:
        overrides = await _overrides(query, callback_data, requests, job)
    except FlagError as error:
        await answer(query, plain(error.sentence), alert=True)
        return
    if message := await message_of(query):
        overrides = replace(overrides, prompt=await words_above(message, job, requests))
    said = _("As {value}: on its way.").format(value=callback_data.value)
    await _make_variation(query, job, requests, language, overrides, said=said)


async def _overrides(query: CallbackQuery, press: ChangeCallback, requests: RequestService, job: Job) -> Overrides:
    """The new style, or the options with the new shape. Raises `FlagError` for an unknown style."""
    if press.name == STYLE:
        style = job_style(find(press.value, await requests.store.styles.of(query.from_user.id)))
        return Overrides(options=redrawn(model_of_job(requests.providers, job), job.options), style=style)
    options = {**job.options, press.name: press.value}
    try:
        requests.providers[job.provider].Options.model_validate(options)
    except (KeyError, ValidationError):
        # A size in pixels conflicts with a shape.
        options.pop("size", None)
    return Overrides(options=options)


async def _ask_which(query: CallbackQuery, job: Job, name: str, values: list[str] | tuple[str, ...]) -> None:
    if message := await message_of(query):
        await ask(query, message, _("Which style?") if name == STYLE else _("Which shape?"), changes(job, name, values))


async def _make_variation(
    query: CallbackQuery, job: Job, requests: RequestService, language: str, overrides: Overrides, *, said: str = ""
) -> None:
    """Make another job of a job. `said`: the answer to the press."""
    if message := await message_of(query):
        # Others' results reply to the picture: its prompt is not theirs.
        above = reply_to(job, message) if await owns(query, job.user_id) else message.message_id
        context = RequestContext.of_press(query, message, above, language)
        try:
            await repeat_request(query, requests, context, job, overrides, said=said)
        finally:
            # Also where it is asked about first.
            if overrides != NO_OVERRIDES or job.choices:
                await restore_buttons(message, job, requests)
