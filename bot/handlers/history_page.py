"""The pages of the history: a picture with its prompt and position, its details, and the dates to jump to."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from aiogram.enums import ChatType
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    InlineKeyboardMarkup,
    InputFile,
    InputMediaDocument,
    InputMediaPhoto,
    Message,
)
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import change_text
from bot.handlers.request_service import RequestService
from bot.local_time import local, month_of, written, zone
from bot.telegram.formatting import CAPTION_LENGTH, caption, cut, duration, flags_of, money, pixels
from bot.telegram.keyboards import in_history
from bot.telegram.provider_labels import model_name, model_of_job
from bot.telegram.questions import SEARCH_MARK
from bot.telegram.telegram_errors import is_unchanged
from bot.telegram.uploads import Upload, Uploads
from storage.history import HistoryFilter, Page
from storage.pictures import PictureWithPrompt, Sent
from storage.records import Job
from storage.store import Store

STAR = "⭐"
_DATE = re.compile(r"(20\d\d)[-/.年](\d{1,2})(?:月|[-/.月](\d{1,2})日?)?")
SEARCH_LENGTH = 100
SHORT_PROMPT_LENGTH = 40


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One picture of a filtered history. `origins`: the pictures it was made from, the last step first."""

    page: Page
    filters: HistoryFilter
    origins: Sequence[PictureWithPrompt] = ()


async def history_entry(store: Store, page: Page, filters: HistoryFilter) -> HistoryEntry:
    """A page with its picture's origins, as far as they are the same owner's; in a group only those made there."""
    steps = [step for step in await store.pictures.lineage(page.picture) if step.picture.user_id == filters.user_id]
    return HistoryEntry(
        page, filters, [one for one in steps if filters.chat_id is None or one.picture.chat_id == filters.chat_id]
    )


def filter_for(message: Message, user_id: int, words: Sequence[str]) -> HistoryFilter:
    """The filter of a person's pictures; in a group those made there. A star among the words means favourites."""
    here = None if message.chat.type == ChatType.PRIVATE else message.chat.id
    return HistoryFilter(user_id, here, tuple(word for word in words if word != STAR), starred=STAR in words)


def filter_of(message: Message, user_id: int) -> HistoryFilter:
    """The filter of a history message."""
    last = (message.caption or message.text or "").rsplit("\n", 1)[-1]
    return filter_for(message, user_id, last.removeprefix(SEARCH_MARK).split() if last.startswith(SEARCH_MARK) else [])


def search_line(filters: HistoryFilter) -> list[str]:
    """The line in which the next press finds the filter; none without a search."""
    words = [*([STAR] if filters.starred else []), *filters.words]
    return [SEARCH_MARK + " ".join(words)] if words else []


def nothing_found(filters: HistoryFilter) -> str:
    """The text when no picture matches."""
    if filters.starred:
        return _("You have no favourites yet: tap ☆ under a picture.")
    if filters.words:
        return _("None of your prompts contain these words.")
    if filters.chat_id is not None:
        return _("You haven't made any pictures in this group yet. Try: <code>/imagine a red fox in the snow</code>")
    return _("You haven't made any pictures yet. Just write what you'd like to see.")


async def show_first(message: Message, requests: RequestService, uploads: Uploads, shown: HistoryEntry) -> None:
    """Reply with a page."""
    picture, buttons = shown.page.picture, page_buttons(shown)
    async with uploads.open(picture) as upload:
        photo = upload.photo if isinstance(upload, Upload) else None
        text = page_text(shown, unfetched=photo is None and not picture.document_id)
        if isinstance(upload, Upload) and photo:
            sent = await message.reply_photo(photo, caption=text, reply_markup=buttons)
            await _remember(requests, upload, sent)
        elif picture.document_id:
            await message.reply_document(picture.document_id, caption=text, reply_markup=buttons)
        else:
            await message.reply(text, reply_markup=buttons)


async def show(message: Message, requests: RequestService, uploads: Uploads, shown: HistoryEntry) -> None:
    """Replace a history message by this page."""
    picture, buttons = shown.page.picture, page_buttons(shown)
    async with uploads.open(picture) as upload:
        photo = upload.photo if isinstance(upload, Upload) else None
        media: str | InputFile | None = photo or picture.document_id
        text = page_text(shown, unfetched=media is None)
        if media is None:
            await change_text(message, text, buttons)
            return
        kind = InputMediaPhoto if photo else InputMediaDocument
        try:
            changed = await message.edit_media(kind(media=media, caption=text), reply_markup=buttons)
        except TelegramBadRequest as error:
            if is_unchanged(error):
                return
            raise
    if isinstance(upload, Upload) and isinstance(changed, Message):
        await _remember(requests, upload, changed)


def page_text(shown: HistoryEntry, *, unfetched: bool = False) -> str:
    """The prompt of a picture, its position, and its origin."""
    below = [_("⚠️ This picture can't be fetched from the service any more.")] if unfetched else []
    if shown.origins:
        below.append(_("↩️ from “{words}”").format(words=cut(shown.origins[0].prompt, SHORT_PROMPT_LENGTH)))
    return _caption(shown, below)


def page_buttons(shown: HistoryEntry) -> InlineKeyboardMarkup:
    """The buttons under a page."""
    page = shown.page
    origin = shown.origins[0].picture if shown.origins else None
    return in_history(
        page.picture,
        newer=page.number > 1,
        older=page.number < page.count,
        made_from=origin,
        starred=shown.filters.starred,
    )


async def details(requests: RequestService, shown: HistoryEntry, job: Job, *above: str) -> str:
    """The caption with all details of a picture, below the lines `above`."""
    picture = shown.page.picture
    duel = await requests.store.duels.get(job.duel_id) if job.duel_id else None
    if duel and duel.is_hidden:
        return _caption(shown, [_("⚔️ In a duel: I'll say who made it when the vote is over.")])
    task = await requests.store.tasks.get(picture.task_id)
    lines = [*above, _("Service: {name}").format(name=model_name(model_of_job(requests.providers, job)))]
    if job.options:
        lines.append(_("Options: {flags}").format(flags=flags_of(job.options)))
    if job.style:
        lines.append(_("Style: {name}").format(name=job.style["name"]))
    if (seed := picture.seed if picture.seed is not None else job.options.get("seed")) is not None:
        lines.append(_("Seed: {number}").format(number=seed))
    if references := await requests.store.references.of_job(job.id):
        lines.append(_("References: {count}").format(count=len(references)))
    if task and task.cost is not None and task.currency:
        cost = money(Decimal(task.cost) / 10_000 / (task.pictures or 1), task.currency)
        lines.append(_("Cost: {amount}").format(amount=cost))
    if task and task.begun_at and task.finished_at:
        lines.append(_("Time: {time}").format(time=duration(task.finished_at - task.begun_at)))
    steps = [cut(step.prompt, SHORT_PROMPT_LENGTH) for step in reversed(shown.origins)]
    lines += [f"{number}. {words} ↓" for number, words in enumerate(steps, 1)]
    return _caption(shown, lines)


def _caption(shown: HistoryEntry, below: Sequence[str]) -> str:
    """The prompt of a picture, its position, time and size, and the lines `below`."""
    page, picture = shown.page, shown.page.picture
    position = _("{number} of {count}").format(number=page.number, count=page.count)
    size = pixels(picture.width, picture.height)
    return caption(page.prompt, position, written(picture.created_at), size, below=_below(below, shown.filters))


def _below(lines: Sequence[str], filters: HistoryFilter) -> list[str]:
    """Lines, cut to fit, and the search line, which is never cut: the next press reads it."""
    search = search_line(filters)
    space = CAPTION_LENGTH // 2 - sum(2 * len(line) + 1 for line in search)
    return [*([cut("\n".join(lines), space)] if lines else []), *search]


def written_date(text: str) -> re.Match[str] | None:
    """Whether a word has the form of a day or month ("2026-11-03", "2026/11", "2026年11月"), valid or not."""
    return _DATE.fullmatch(text)


def end_of_date(date: re.Match[str]) -> float | None:
    """The end of a written day or month, in seconds since 1970; None for an invalid date."""
    year, month, day = date.groups()
    try:
        begins = datetime(int(year), int(month), int(day or 1), tzinfo=zone())
        return (begins + timedelta(days=1)).timestamp() if day else next_month(begins.timestamp())
    except ValueError:
        return None


def next_month(moment: float) -> float:
    """The beginning of the month after `moment`; both in seconds since 1970."""
    return month_of(month_of(moment) + 32 * 24 * 3600)


def group_by_time(made: Iterable[tuple[int, float]], how: str) -> dict[str, list[int]]:
    """The ids of pictures by their time, in the `strftime` format `how`; the order stays."""
    found: dict[str, list[int]] = {}
    for picture_id, moment in made:
        found.setdefault(local(moment).strftime(how), []).append(picture_id)
    return found


async def _remember(requests: RequestService, upload: Upload, shown: Message) -> None:
    """Store the file id of a picture that was not sent before (its job was cancelled, or is being delivered)."""
    if not upload.picture.photo_id and shown.photo:
        photo, size = shown.photo[-1], (upload.width, upload.height, upload.size)
        await requests.store.pictures.sent(upload.picture.id, Sent(photo.file_id, None, *size, photo.file_unique_id))
