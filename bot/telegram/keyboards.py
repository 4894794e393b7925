"""The buttons under the bot's messages. They carry ids only, so they work after a restart and for years."""

from collections.abc import Sequence
from math import ceil
from typing import Annotated

from aiogram import Bot
from aiogram.filters.callback_data import CallbackData
from aiogram.types import CopyTextButton, DisabledButton, InlineKeyboardButton, InlineKeyboardMarkup
from aiogram.utils.i18n import gettext as _
from pydantic import Field

from bot.telegram.provider_labels import STYLE, Offer
from storage.pictures import Picture
from storage.records import Job

COPY_LENGTH = 256
"""What fits on a button that copies, in UTF-16 units."""


Id = Annotated[int, Field(ge=0, lt=2**63)]
"""An id as the store has them: what a press carries can be forged."""


class JobCallback(CallbackData, prefix="j"):
    """A button about a job. `do`: cancel, again, reword, look, back, files, words, shapes, styles, edit-all, delete-all
    and delete-all-surely; and of several pictures the question which one: edit, vary, enlarge, star, delete."""

    do: str
    job: Id


class PictureCallback(CallbackData, prefix="p"):
    """A button about one picture of a result. `do`: edit, vary, enlarge, star, delete, delete-surely."""

    do: str
    picture: Id


class ChangeCallback(CallbackData, prefix="c", sep="|"):
    """A job once more with one thing changed. `name`: ar or style; a style's `value` is its name."""

    job: Id
    name: str
    value: str


class StyleCallback(CallbackData, prefix="y", sep="|"):
    """A style for the next words, by its name."""

    name: str


class ProviderCallback(CallbackData, prefix="m"):
    """A button about a service: `name` makes one's pictures from now on."""

    name: str


class ExampleCallback(CallbackData, prefix="x"):
    """One of the examples under the first words."""

    at: Id


class ForwardedCallback(CallbackData, prefix="w"):
    """Draw the words of the forwarded message that the one with this button answers to."""


class DrawCallback(CallbackData, prefix="d"):
    """Under a hint: draw the words of the message that it answers. `kept`: with pictures or a style that wait."""

    kept: bool


class SettingCallback(CallbackData, prefix="s", sep="|"):
    """A button of the settings. `do`: show (`name` empty: all), set; `value` empty: as if it had not been set."""

    do: str
    name: str = ""
    value: str = ""


class GroupCallback(SettingCallback, prefix="g", sep="|"):
    """A button of a group's settings, for its admins. `do`: show, set, clear, clear-surely."""


class HistoryCallback(CallbackData, prefix="h"):
    """A button in the history. `do`: newer, older, send, again, edit, hide, hide-surely, stay, star, details, months,
    days, grid, stars, all; `at`: what is shown, or with open what is to be."""

    do: str
    at: Id


class ForgetCallback(CallbackData, prefix="f"):
    """A button under the question whether one is to be forgotten. `do`: surely, keep. It is for whoever presses it."""

    do: str


def keyboard(*rows: list[InlineKeyboardButton]) -> InlineKeyboardMarkup:
    """Rows of buttons."""
    return InlineKeyboardMarkup(inline_keyboard=[row for row in rows if row])


def in_rows(buttons: Sequence[InlineKeyboardButton], width: int = 34) -> list[list[InlineKeyboardButton]]:
    """Buttons of one keyboard in rows of at most so many characters, and of at most four. The last one is not left
    alone below a long row."""

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


def copy(text: str, words: str, otherwise: CallbackData) -> InlineKeyboardButton:
    """A button that copies words; where they are too long for one, a press that shows them."""
    if len(words.encode("utf-16-le")) // 2 > COPY_LENGTH:
        return button(text, otherwise)
    return InlineKeyboardButton(text=text, copy_text=CopyTextButton(text=words))


async def into_private(bot: Bot, text: str, start: str) -> InlineKeyboardButton:
    """A button that leads whoever presses it to their private chat, which begins with `/start` and this word."""
    return InlineKeyboardButton(text=text, url=f"https://t.me/{(await bot.me()).username}?start={start}")


def without_effect(text: str) -> InlineKeyboardButton:
    """A button that can't be pressed."""
    return InlineKeyboardButton(text=text, disabled=DisabledButton())


def while_waiting(job: Job) -> InlineKeyboardMarkup:
    """Under the status message of an open job."""
    return keyboard([button(_("Cancel"), JobCallback(do="cancel", job=job.id))])


def after_ending(job: Job, *, look: bool, again: bool) -> InlineKeyboardMarkup:
    """Under a job that ended without an album. `look`: its tickets or pictures may still be good; `again`: the same
    request may go better."""
    return keyboard(
        [button(_("🔎 Look again"), JobCallback(do="look", job=job.id), "primary")] if look else [],
        [button(_("🔁 Try again"), JobCallback(do="again", job=job.id))] if again else [],
    )


def for_unsent(job: Job) -> InlineKeyboardMarkup:
    """Under a job whose pictures could not be sent to its chat: perhaps they can be by now."""
    return keyboard([button(_("📤 Send"), JobCallback(do="look", job=job.id), "primary")])


def under_result(job: Job, offer: Offer, pictures: Sequence[Picture], *, look: bool = False) -> InlineKeyboardMarkup:
    """Under an album or a single picture. `pictures`: those that are shown; `look`: some have not arrived."""

    def press(do: str) -> CallbackData:
        """About the only picture, or to ask which one is meant."""
        return PictureCallback(do=do, picture=pictures[0].id) if len(pictures) == 1 else JobCallback(do=do, job=job.id)

    return keyboard(
        [button(_("🔎 Fetch the missing"), JobCallback(do="look", job=job.id), "primary")] if look else [],
        [
            button(_("🔁 Again"), JobCallback(do="again", job=job.id)),
            *([button(_("🎲 Variations"), press("vary"))] if offer.references else []),
            *([button(_("✏️ Edit"), press("edit"))] if offer.references else []),
        ],
        [
            *([button(_("📐 Shape"), JobCallback(do="shapes", job=job.id))] if offer.shapes else []),
            button(_("🎭 Style"), JobCallback(do="styles", job=job.id)),
            *([button(_("🔍 Larger"), press("enlarge"))] if offer.enlarges else []),
        ],
        [
            star(pictures, press("star")),
            button(_("📎 Files"), JobCallback(do="files", job=job.id)),
            copy(_("📋 Copy"), job.prompt, JobCallback(do="words", job=job.id)),
            button("🗑", press("delete")),
        ],
    )


def which_picture(job: Job, do: str, pictures: Sequence[Picture]) -> InlineKeyboardMarkup:
    """Under an album: which of its pictures is meant, or all."""
    mark = "⭐" if do == "star" else ""
    numbers = [
        button(f"{mark if picture.starred_at else ''}{number}", PictureCallback(do=do, picture=picture.id))
        for number, picture in enumerate(pictures, 1)
    ]
    every = {
        "edit": [button(_("All"), JobCallback(do="edit-all", job=job.id))],
        "delete": [button(_("All"), JobCallback(do="delete-all", job=job.id), "danger")],
    }
    return keyboard(*_numbered(numbers), [*every.get(do, []), _back(job)])


def changes(job: Job, name: str, values: Sequence[str]) -> InlineKeyboardMarkup:
    """Under a result: which shape or style the next one is to have."""
    now = (job.style or {}).get("name") if name == STYLE else str(job.options.get(name, ""))
    buttons = [
        # What it has already is no choice.
        button(value, ChangeCallback(job=job.id, name=name, value=value))
        if value != now
        else without_effect(f"✓ {value}")
        for value in values
    ]
    return keyboard(*in_rows(buttons), [_back(job)])


def sure_to_delete(job: Job, confirmed: CallbackData) -> InlineKeyboardMarkup:
    """Before something is taken out of the chat."""
    return keyboard(
        [button(_("Delete"), confirmed, "danger"), button(_("Keep"), JobCallback(do="back", job=job.id))],
    )


def _numbered(numbers: Sequence[InlineKeyboardButton]) -> list[list[InlineKeyboardButton]]:
    """Numbers in rows of about the same length, of five at most."""
    rows = ceil(len(numbers) / 5) or 1
    width = ceil(len(numbers) / rows) or 1
    return [list(numbers[first : first + width]) for first in range(0, len(numbers), width)]


def _back(job: Job) -> InlineKeyboardButton:
    return button(_("‹ Back"), JobCallback(do="back", job=job.id))


def star(pictures: Sequence[Picture], press: CallbackData) -> InlineKeyboardButton:
    """Whether any of these is a favourite, and the way to change it."""
    starred = any(picture.starred_at for picture in pictures)
    return button("⭐" if starred else "☆", press, "success" if starred else None)


def in_history(
    picture: Picture, *, newer: bool, older: bool, origin: Picture | None, starred: bool
) -> InlineKeyboardMarkup:
    """Under a picture in the history. `origin`: what it was made from; `starred`: only favourites are shown."""

    def press(do: str) -> HistoryCallback:
        return HistoryCallback(do=do, at=picture.id)

    return keyboard(
        [
            *([button(_("‹ Newer"), press("newer"))] if newer else []),
            *([button(_("↩️ Made from"), HistoryCallback(do="open", at=origin.id))] if origin else []),
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
    """Under the details of a picture. `steps`: what it was made from, the first one first."""
    numbers = [button(f"↩️ {number}", HistoryCallback(do="open", at=step.id)) for number, step in enumerate(steps, 1)]
    return keyboard(*in_rows(numbers), [button(_("‹ Back"), HistoryCallback(do="stay", at=picture.id))])


def when_made(at: Picture, times: Sequence[tuple[str, int]], do: str) -> InlineKeyboardMarkup:
    """Months or days that have pictures, by the id of the newest one in each. `do`: days or open."""
    buttons = [button(label, HistoryCallback(do=do, at=picture_id)) for label, picture_id in times]
    return keyboard(*in_rows(buttons), [button(_("‹ Back"), HistoryCallback(do="stay", at=at.id))])


def at_a_glance(ids: Sequence[int], older: int | None) -> InlineKeyboardMarkup:
    """Under ten pictures of the history: each by its number, and (`older`: the next one's id) the ten before."""
    numbers = [button(str(number), HistoryCallback(do="open", at=at)) for number, at in enumerate(ids, 1)]
    further = [button(_("Older ›"), HistoryCallback(do="grid", at=older))] if older else []
    return keyboard(*_numbered(numbers), further)


def sure_to_hide(picture: Picture) -> InlineKeyboardMarkup:
    """Before a picture leaves the history."""
    return keyboard(
        [
            button(_("Delete"), HistoryCallback(do="hide-surely", at=picture.id), "danger"),
            button(_("Keep"), HistoryCallback(do="stay", at=picture.id)),
        ]
    )
