"""The buttons under the bot's messages."""

from collections.abc import Sequence
from math import ceil

from aiogram import Bot
from aiogram.filters.callback_data import CallbackData
from aiogram.types import CopyTextButton, DisabledButton, InlineKeyboardButton, InlineKeyboardMarkup
from aiogram.utils.i18n import gettext as _

from bot.telegram.callback_data import (
    ChangeCallback,
    HelpCallback,
    HistoryCallback,
    JobCallback,
    PairCallback,
    PictureCallback,
)
from bot.telegram.flag_names import value_label
from bot.telegram.provider_labels import STYLE, Offer
from storage.pictures import Picture
from storage.records import Job

COPY_LENGTH = 256
"""The longest text that a button can copy, in UTF-16 units."""


def keyboard(*rows: list[InlineKeyboardButton]) -> InlineKeyboardMarkup:
    """A keyboard of these rows; empty ones are left out."""
    return InlineKeyboardMarkup(inline_keyboard=[row for row in rows if row])


def in_rows(buttons: Sequence[InlineKeyboardButton], width: int = 34) -> list[list[InlineKeyboardButton]]:
    """Arrange buttons in rows of at most `width` characters and four buttons. The last button is not left alone below a
    long row."""

    def fit(row: list[InlineKeyboardButton]) -> bool:
        return len(row) <= 4 and sum(len(one.text) + 4 for one in row) <= width

    rows: list[list[InlineKeyboardButton]] = []
    for one in buttons:
        if not rows or not fit([*rows[-1], one]):
            rows.append([])
        rows[-1].append(one)
    if len(rows) > 1 and len(rows[-1]) == 1 and len(rows[-2]) > 2 and fit([rows[-2][-1], *rows[-1]]):
        rows[-1].insert(0, rows[-2].pop())
    return rows


def button(text: str, press: CallbackData, style: str | None = None) -> InlineKeyboardButton:
    """One button."""
    return InlineKeyboardButton(text=text, callback_data=press.pack(), style=style)


def help_button(do: str, at: int = 0, *, short: bool = False) -> InlineKeyboardButton:
    """✨ under words that wait for nothing: see `HelpCallback`."""
    return button("✨" if short else _("✨ Better words"), HelpCallback(do=do, at=at))


def copy(text: str, words: str, otherwise: CallbackData) -> InlineKeyboardButton:
    """A button that copies `words`; if they are too long for that, `otherwise` is sent, which shows them."""
    if len(words.encode("utf-16-le")) // 2 > COPY_LENGTH:
        return button(text, otherwise)
    return InlineKeyboardButton(text=text, copy_text=CopyTextButton(text=words))


async def into_private(bot: Bot, text: str, start: str) -> InlineKeyboardButton:
    """A button that opens a person's private chat with the bot and sends `/start` with the word `start`."""
    return InlineKeyboardButton(text=text, url=f"https://t.me/{(await bot.me()).username}?start={start}")


def without_effect(text: str) -> InlineKeyboardButton:
    """A button that can't be pressed."""
    return InlineKeyboardButton(text=text, disabled=DisabledButton())


def while_waiting(job: Job) -> InlineKeyboardMarkup:
    """The button under the status message of an open job."""
    return keyboard([button(_("Cancel"), JobCallback(do="cancel", job=job.id))])


def after_ending(
    job: Job, *, look: bool, again: bool, rewrite: bool = False, helps: bool = False
) -> InlineKeyboardMarkup:
    """The buttons under a job that ended without an album. `look`: its tickets or pictures may still be valid; `again`:
    the same request may succeed next time; `rewrite`: only with other words; `helps`: there is an assistant for them.
    """
    return keyboard(
        [button(_("🔎 Look again"), JobCallback(do="look", job=job.id), "primary")] if look else [],
        [button(_("✏️ Change the words"), JobCallback(do="rewrite", job=job.id), "primary")] if rewrite else [],
        [button(_("🔁 Try again"), JobCallback(do="again", job=job.id))] if again and not rewrite else [],
        [help_button("job", job.id)] if helps else [],
    )


def for_unsent(job: Job) -> InlineKeyboardMarkup:
    """The button under a job whose pictures could not be sent to its chat: try once more."""
    return keyboard([button(_("📤 Send"), JobCallback(do="look", job=job.id), "primary")])


def under_result(
    job: Job,
    offer: Offer,
    pictures: Sequence[Picture],
    *,
    look: bool = False,
    words: str | None = None,
    helps: bool = False,
) -> InlineKeyboardMarkup:
    """The buttons under an album or a single picture. `pictures`: those that are shown; `look`: some are missing;
    `words`: those of the single picture, where its job has choices; `helps`: whether there is an assistant for the
    words."""

    def press(do: str) -> CallbackData:
        """The callback for the only picture, or the one that asks which is meant."""
        return PictureCallback(do=do, picture=pictures[0].id) if len(pictures) == 1 else JobCallback(do=do, job=job.id)

    return keyboard(
        [button(_("🔎 Fetch the missing"), JobCallback(do="look", job=job.id), "primary")] if look else [],
        [
            button(_("🔁 Again"), press("again-one") if job.choices else JobCallback(do="again", job=job.id)),
            *([button(_("🎲 Variations"), press("vary"))] if offer.references else []),
            *([button(_("✏️ Edit"), press("edit"))] if offer.references else []),
        ],
        [
            *([button(_("📐 Shape"), JobCallback(do="shapes", job=job.id))] if offer.shapes else []),
            button(_("🎭 Style"), JobCallback(do="styles", job=job.id)),
            *([button(_("🔍 Larger"), press("enlarge"))] if offer.enlarges else []),
            *([button("⇆", JobCallback(do="compare", job=job.id))] if len(pictures) > 1 else []),
        ],
        [
            star(pictures, press("star")),
            button(_("📎 Files"), JobCallback(do="files", job=job.id)),
            _copy_prompt(job, words),
            *([help_button("job", job.id, short=True)] if helps and (words or not job.choices) else []),
            button("🗑", press("delete")),
        ],
    )


def _copy_prompt(job: Job, words: str | None) -> InlineKeyboardButton:
    otherwise = JobCallback(do="words", job=job.id)
    if job.choices and words is None:
        # Each picture has its own: they are sent, to be copied one by one.
        return button(_("📋 Copy"), otherwise)
    return copy(_("📋 Copy"), words or job.prompt, otherwise)


def which_picture(job: Job, do: str, pictures: Sequence[Picture], words: Sequence[str] = ()) -> InlineKeyboardMarkup:
    """The buttons under an album that ask which of its pictures is meant, or all. `words`: of each, where each has its
    own."""
    mark = "⭐" if do == "star" else ""
    numbers = [
        button(f"{mark if picture.starred_at else ''}{label}", PictureCallback(do=do, picture=picture.id))
        for label, picture in zip(words or map(str, range(1, len(pictures) + 1)), pictures, strict=False)
    ]
    every = {
        "again-one": [button(_("All"), JobCallback(do="again", job=job.id))],
        "edit": [button(_("All"), JobCallback(do="edit-all", job=job.id))],
        "delete": [button(_("All"), JobCallback(do="delete-all", job=job.id), "danger")],
    }
    return keyboard(*_choices(numbers, words), [*every.get(do, []), _back(job)])


def which_other(
    job: Job, first: Picture, pictures: Sequence[Picture], words: Sequence[str] = ()
) -> InlineKeyboardMarkup:
    """The buttons that ask which picture is to be beside the first one. `words`: see `which_picture`."""
    labels = words or [str(number) for number in range(1, len(pictures) + 1)]
    others = [
        button(label, PairCallback(first=first.id, second=picture.id))
        for label, picture in zip(labels, pictures, strict=True)
        if picture.id != first.id
    ]
    return keyboard(*_choices(others, words), [_back(job)])


def _choices(buttons: Sequence[InlineKeyboardButton], words: Sequence[str]) -> list[list[InlineKeyboardButton]]:
    """Words have rows of their own; numbers share some."""
    return [[one] for one in buttons] if words else numbered(buttons)


def changes(job: Job, name: str, values: Sequence[str]) -> InlineKeyboardMarkup:
    """The buttons under a result that offer shapes or styles for the next one."""
    now = (job.style or {}).get("name") if name == STYLE else str(job.options.get(name, ""))
    buttons = [
        # The present value can't be chosen.
        button(value_label(value), ChangeCallback(job=job.id, name=name, value=value))
        if value != now
        else without_effect(f"✓ {value_label(value)}")
        for value in values
    ]
    return keyboard(*in_rows(buttons), [_back(job)])


def confirm_delete(job: Job, confirmed: CallbackData) -> InlineKeyboardMarkup:
    """The question before something is deleted from the chat."""
    return keyboard(
        [button(_("Delete"), confirmed, "danger"), button(_("Keep"), JobCallback(do="back", job=job.id))],
    )


def numbered(numbers: Sequence[InlineKeyboardButton]) -> list[list[InlineKeyboardButton]]:
    """Number buttons in rows of about the same length, five at most."""
    rows = ceil(len(numbers) / 5) or 1
    width = ceil(len(numbers) / rows) or 1
    return [list(numbers[first : first + width]) for first in range(0, len(numbers), width)]


def _back(job: Job) -> InlineKeyboardButton:
    return button(_("‹ Back"), JobCallback(do="back", job=job.id))


def star(pictures: Sequence[Picture], press: CallbackData) -> InlineKeyboardButton:
    """The button that shows whether any of these is a favourite, and changes it."""
    starred = any(picture.starred_at for picture in pictures)
    return button("⭐" if starred else "☆", press, "success" if starred else None)


def in_history(
    picture: Picture, *, newer: bool, older: bool, made_from: Picture | None, starred: bool
) -> InlineKeyboardMarkup:
    """The buttons under a picture in the history. `made_from`: its reference; `starred`: only favourites are shown."""

    def press(do: str) -> HistoryCallback:
        return HistoryCallback(do=do, at=picture.id)

    return keyboard(
        [
            *([button(_("‹ Newer"), press("newer"))] if newer else []),
            *([button(_("↩️ Made from"), HistoryCallback(do="open", at=made_from.id))] if made_from else []),
            *([button(_("Older ›"), press("older"))] if older else []),
        ],
        [
            button(_("🔁 Redo"), press("again")),
            button(_("✏️ Edit"), press("edit")),
            button(_("📤 Send"), press("send")),
        ],
        [
            star([picture], press("star")),
            button(_("ℹ️ Details"), press("details")),
            button(_("🗑 Delete"), press("hide")),
        ],
        [
            button(_("📅 Date"), press("months")),
            button(_("▦ Overview"), press("grid")),
            button(_("All pictures"), press("all")) if starred else button(_("⭐ Favourites"), press("stars")),
        ],
    )


def in_details(picture: Picture, steps: Sequence[Picture]) -> InlineKeyboardMarkup:
    """The buttons under a picture's details. `steps`: the pictures it was made from, the oldest first."""
    numbers = [button(f"↩️ {number}", HistoryCallback(do="open", at=step.id)) for number, step in enumerate(steps, 1)]
    return keyboard(*in_rows(numbers), [button(_("‹ Back"), HistoryCallback(do="stay", at=picture.id))])


def history_dates(at: Picture, times: Sequence[tuple[str, int]], do: str) -> InlineKeyboardMarkup:
    """Buttons for months or days that have pictures. `times`: label and the newest picture's id; `do`: days or open."""
    buttons = [button(label, HistoryCallback(do=do, at=picture_id)) for label, picture_id in times]
    return keyboard(*in_rows(buttons), [button(_("‹ Back"), HistoryCallback(do="stay", at=at.id))])


def history_overview(ids: Sequence[int], older: int | None) -> InlineKeyboardMarkup:
    """The buttons under ten pictures of the history: each one's number, and the ten before (`older`: the next id)."""
    numbers = [button(str(number), HistoryCallback(do="open", at=at)) for number, at in enumerate(ids, 1)]
    further = [button(_("Older ›"), HistoryCallback(do="grid", at=older))] if older else []
    return keyboard(*numbered(numbers), further)


def confirm_hide(picture: Picture) -> InlineKeyboardMarkup:
    """The question before a picture is deleted from the history."""
    return keyboard(
        [
            button(_("Delete"), HistoryCallback(do="hide-surely", at=picture.id), "danger"),
            button(_("Keep"), HistoryCallback(do="stay", at=picture.id)),
        ]
    )
