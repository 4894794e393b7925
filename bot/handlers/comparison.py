"""⇆ under an album: two of its pictures side by side in one, and what differs between them. It costs nothing, so
everybody who sees the album may use it."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiogram import F, Router
from aiogram.types import BufferedInputFile, CallbackQuery, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import (
    answer,
    ask,
    forgotten_text,
    pictures_above,
    restore_buttons,
    visible_job,
)
from bot.handlers.own_words import labels
from bot.handlers.request_service import RequestService
from bot.telegram.callback_data import JobCallback, PairCallback, PictureCallback
from bot.telegram.comparison import Comparisons, NoPictureError
from bot.telegram.flag_names import shown
from bot.telegram.formatting import caption, cut, pixels
from bot.telegram.keyboards import which_other, which_picture
from bot.telegram.provider_labels import model_name, read_model
from storage.pictures import Picture
from storage.records import Job
from storage.results import Result

WORDS_LENGTH = 200
"""The longest words of one picture in the caption, in UTF-16 units."""
FILE_NAME = "comparison.jpg"


def make_router() -> Router:
    """The button and its questions."""
    router = Router(name="comparison")
    router.callback_query.register(compare, JobCallback.filter(F.do == "compare"))
    router.callback_query.register(first_chosen, PictureCallback.filter(F.do == "compare"))
    router.callback_query.register(both_chosen, PairCallback.filter())
    return router


async def compare(
    query: CallbackQuery, callback_data: JobCallback, requests: RequestService, comparisons: Comparisons
) -> None:
    """Compare the two pictures of an album; of more, ask which two."""
    found = await visible_job(query, callback_data.job, requests)
    if found is None:
        return
    job, message = found
    pictures = await pictures_above(message, job, requests)
    if len(pictures) > 2:
        words = await labels(pictures, job, requests)
        buttons = which_picture(job, "compare", pictures, words)
        await ask(query, message, _("Which two? Tap the first one."), buttons)
    elif len(pictures) == 2:
        await _show(query, message, job, pictures, requests, comparisons)
    else:
        await answer(query, _("There is only one picture here."), alert=True)


async def first_chosen(query: CallbackQuery, callback_data: PictureCallback, requests: RequestService) -> None:
    """One is chosen; ask for the other."""
    picture = await requests.store.pictures.get(callback_data.picture)
    found = await visible_job(query, picture.job_id if picture else 0, requests)
    if picture and found:
        job, message = found
        pictures = await pictures_above(message, job, requests)
        words = await labels(pictures, job, requests)
        buttons = which_other(job, picture, pictures, words)
        await ask(query, message, _("And the second one?"), buttons)


async def both_chosen(
    query: CallbackQuery, callback_data: PairCallback, requests: RequestService, comparisons: Comparisons
) -> None:
    """Two are chosen."""
    chosen = [await requests.store.pictures.get(one) for one in (callback_data.first, callback_data.second)]
    job_ids = {one.job_id for one in chosen if one}
    # Callback data can be forged: both are of the album that the person sees.
    found = await visible_job(query, job_ids.pop() if len(job_ids) == 1 else 0, requests)
    if found is None:
        return
    job, message = found
    pictures = [one for one in chosen if one and one.hidden_at is None]
    if len({one.id for one in pictures}) == 2:
        await _show(query, message, job, pictures, requests, comparisons)
    else:
        await answer(query, forgotten_text(), alert=True)
    await restore_buttons(message, job, requests)


async def _show(
    query: CallbackQuery,
    message: Message,
    job: Job,
    pictures: Sequence[Picture],
    requests: RequestService,
    comparisons: Comparisons,
) -> None:
    if not comparisons.may(query.from_user.id):
        await answer(query, _("You've compared a lot just now. Try again in a minute."), alert=True)
        return
    await answer(query, _("Putting them side by side…"))
    left, right = pictures
    try:
        drawn = await comparisons.draw(left, right, query.from_user.id)
    except NoPictureError:
        await message.reply(_("⚠️ One of the two pictures can't be fetched any more."))
        return
    result = await requests.store.results.of_job(job.id)
    text = comparison_text(result, left, right, requests.providers) if result else ""
    await message.reply_photo(BufferedInputFile(drawn, FILE_NAME), caption=text)


def comparison_text(result: Result, left: Picture, right: Picture, providers: Mapping[str, Any]) -> str:
    """The words that both have, and for each what differs: words, service, style, options, seed, size; escaped."""
    both = [_parts(result, one, providers) for one in (left, right)]
    differs = [name for name in {**both[0], **both[1]} if both[0].get(name) != both[1].get(name)]
    numbers = [one.id for one in result.pictures if one.hidden_at is None and one.file_id]
    places = [numbers.index(one.id) + 1 if one.id in numbers else "?" for one in (left, right)]
    if not differs:
        below = [f"⬅️ {places[0]} · {places[1]} ➡️", _("Same words and options; only the random seed differs.")]
        return caption(both[0]["words"], below=below)
    below = [
        " · ".join([f"{arrow} {place}", *(parts[name] for name in differs if parts.get(name))])
        for arrow, place, parts in zip(("⬅️", "➡️"), places, both, strict=True)
    ]
    return caption("" if "words" in differs else both[0]["words"], below=below)


def _parts(result: Result, picture: Picture, providers: Mapping[str, Any]) -> dict[str, str]:
    """What made a picture, by name, as people read it; what is not known is left out."""
    job = result.job
    task = next((one for one in result.tasks if one.id == picture.task_id), None)
    options = {**job.options, **(task.options if task else {})}
    seed = picture.seed if picture.seed is not None else options.get("seed")
    flags = {name: value for name, value in options.items() if name not in {"seed", "n"}}
    parts = {
        "words": cut(result.words_of(picture), WORDS_LENGTH),
        "service": model_name(read_model(providers, task.provider if task else job.provider, options)),
        "style": job.style["name"] if job.style else "",
        **{f"--{name}": f"{shown(f'--{name}')} {value}" for name, value in flags.items()},
        "seed": _("Seed: {number}").format(number=seed) if seed is not None else "",
        "size": pixels(picture.width, picture.height),
    }
    return {name: text for name, text in parts.items() if text}
