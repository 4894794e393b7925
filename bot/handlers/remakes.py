"""The buttons that make another picture of a result: again, variations, larger, in another shape or style."""

from aiogram import F, Router
from aiogram.types import CallbackQuery
from aiogram.utils.i18n import gettext as _
from pydantic import ValidationError

from bot.handlers.desk import NOTHING_ELSE, STYLE, Change, Desk, Place, used
from bot.handlers.flags import FlagError
from bot.handlers.presses import answer, change_buttons, first_buttons, message_of, once_more, own_job, reply_to
from bot.handlers.stylebook import everybodys, find
from bot.telegram.buttons import ChangePress, JobPress, PicturePress, changes
from bot.telegram.incoming import as_sources
from bot.telegram.services import SHAPE, offer
from bot.telegram.wording import plain
from providers.options import Options
from storage.pictures import Picture
from storage.records import Job


def make_router() -> Router:
    """The buttons that cost something."""
    router = Router(name="remakes")
    router.callback_query.register(again, JobPress.filter(F.do == "again"))
    router.callback_query.register(vary, PicturePress.filter(F.do == "vary"))
    router.callback_query.register(enlarge, PicturePress.filter(F.do == "enlarge"))
    router.callback_query.register(shapes, JobPress.filter(F.do == "shapes"))
    router.callback_query.register(styles, JobPress.filter(F.do == "styles"))
    router.callback_query.register(changed, ChangePress.filter())
    return router


async def again(query: CallbackQuery, callback_data: JobPress, desk: Desk, language: str) -> None:
    """The same request once more."""
    await _remake(query, callback_data.job, desk, language, NOTHING_ELSE)


async def vary(query: CallbackQuery, callback_data: PicturePress, desk: Desk, language: str) -> None:
    """The same words again, with one of their pictures as reference."""
    picture = await desk.store.pictures.get(callback_data.picture)
    if picture and picture.file_id is None:
        await answer(query, _("⚠️ This picture can't be fetched from the service any more."), alert=True)
        return
    change = Change(sources=as_sources([picture], picture.chat_id) if picture else ())
    await _remake(
        query, picture.job_id if picture else 0, desk, language, change, said=_("Variations are on their way.")
    )


async def enlarge(query: CallbackQuery, callback_data: PicturePress, desk: Desk, language: str) -> None:
    """One picture as large as the service can make it."""
    picture = await desk.store.pictures.get(callback_data.picture)
    job = await own_job(query, picture.job_id if picture else 0, desk)
    if not (picture and job):
        return
    if picture.file_id is None:
        await answer(query, _("⚠️ This picture can't be fetched from the service any more."), alert=True)
        return
    larger = _larger(desk, job, picture)
    if larger is None:
        await answer(query, _("The service can't make it larger."), alert=True)
        return
    words = _("the same picture as the reference in every detail, only larger and sharper")
    before = job.style or {"name": "", "words": ""}
    style = {key: ", ".join(filter(None, [before[key], new])) for key, new in (("name", "🔍"), ("words", words))}
    options = larger.model_dump(mode="json", exclude_unset=True)
    change = Change(as_sources([picture], picture.chat_id), options, style)
    await _remake(query, job.id, desk, language, change, said=_("A larger one is on its way."))


def _larger(desk: Desk, job: Job, picture: Picture) -> Options | None:
    """The options for making a picture larger; None where its service can't."""
    if not offer(desk.providers, job).enlarges:
        return None
    provider = desk.providers[job.provider]
    try:
        return provider.enlarged(
            provider.Options.model_validate(job.options), (picture.width or 1, picture.height or 1)
        )
    except ValidationError:
        # It is thinner than what the service draws.
        return None


async def shapes(query: CallbackQuery, callback_data: JobPress, desk: Desk) -> None:
    """Which shape the next one is to have."""
    if job := await own_job(query, callback_data.job, desk):
        await _ask_which(query, job, SHAPE, offer(desk.providers, job).shapes)


async def styles(query: CallbackQuery, callback_data: JobPress, desk: Desk) -> None:
    """Which style the next one is to have: one's own, or one of everybody's."""
    if job := await own_job(query, callback_data.job, desk):
        own = await desk.store.styles.of(query.from_user.id)
        await _ask_which(query, job, STYLE, [style.name for style in (*own, *everybodys())])


async def changed(query: CallbackQuery, callback_data: ChangePress, desk: Desk, language: str) -> None:
    """The same request in another shape or style."""
    job = await own_job(query, callback_data.job, desk)
    if job is None:
        return
    try:
        change = await _change(query, callback_data, desk, job)
    except FlagError as error:
        await answer(query, plain(error.sentence), alert=True)
        return
    await _remake(
        query, job.id, desk, language, change, said=_("As {value}: on its way.").format(value=callback_data.value)
    )


async def _change(query: CallbackQuery, press: ChangePress, desk: Desk, job: Job) -> Change:
    """Raises `FlagError`."""
    if press.name == STYLE:
        return Change(style=used(find(press.value, await desk.store.styles.of(query.from_user.id))))
    options = {**job.options, press.name: press.value}
    try:
        desk.providers[job.provider].Options.model_validate(options)
    except (KeyError, ValidationError):
        # A size in pixels is a shape too.
        options.pop("size", None)
    return Change(options=options)


async def _ask_which(query: CallbackQuery, job: Job, name: str, values: list[str] | tuple[str, ...]) -> None:
    if message := await message_of(query):
        await change_buttons(message, changes(job, name, values))
        await answer(query, _("Which style?") if name == STYLE else _("Which shape?"))


async def _remake(
    query: CallbackQuery, job_id: int, desk: Desk, language: str, change: Change, *, said: str = ""
) -> None:
    """Make another picture of a job, for whoever asked for it. `said`: to tell them."""
    job = await own_job(query, job_id, desk)
    message = await message_of(query) if job else None
    if job and message:
        place = Place.of_press(query, message, reply_to(job, message), language)
        await once_more(query, desk, place, job, change, said=said)
        if change != NOTHING_ELSE:
            await first_buttons(message, job, desk)
