"""The buttons under the bot's messages. They carry ids only, so they work after a restart and for years."""

from collections.abc import Sequence

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from aiogram.utils.i18n import gettext as _

from storage.pictures import Picture
from storage.records import Job


class JobPress(CallbackData, prefix="j"):
    """A button about a job. `do`: cancel, again, look, edit, edit-all, back, files."""

    do: str
    job: int


class PicturePress(CallbackData, prefix="p"):
    """A button about one picture of a result. `do`: edit."""

    do: str
    picture: int


class ProviderPress(CallbackData, prefix="m"):
    """A button about a service: `name` makes one's pictures from now on."""

    name: str


class ExamplePress(CallbackData, prefix="x"):
    """One of the examples under the first words."""

    at: int


class SettingPress(CallbackData, prefix="s", sep="|"):
    """A button of the settings. `do`: show (`name` empty: all), set; `value` empty: as if it had not been set."""

    do: str
    name: str = ""
    value: str = ""


class GroupPress(SettingPress, prefix="g", sep="|"):
    """A button of a group's settings, for its admins. `do`: show, set, clear, clear-surely."""


class HistoryPress(CallbackData, prefix="h"):
    """A button in the history. `do`: newer, older, send, again, edit, hide, hide-surely, stay; `at`: what is shown."""

    do: str
    at: int


def keyboard(*rows: list[InlineKeyboardButton]) -> InlineKeyboardMarkup:
    """Rows of buttons."""
    return InlineKeyboardMarkup(inline_keyboard=[row for row in rows if row])


def in_rows(buttons: Sequence[InlineKeyboardButton], width: int = 30) -> list[list[InlineKeyboardButton]]:
    """Buttons of one keyboard in rows of at most so many characters, and of at most four buttons."""
    rows: list[list[InlineKeyboardButton]] = []
    for one in buttons:
        if not rows or len(rows[-1]) == 4 or sum(len(other.text) + 4 for other in [*rows[-1], one]) > width:
            rows.append([])
        rows[-1].append(one)
    return rows


def button(text: str, press: CallbackData, style: str | None = None) -> InlineKeyboardButton:
    """One button."""
    return InlineKeyboardButton(text=text, callback_data=press.pack(), style=style)


def while_waiting(job: Job) -> InlineKeyboardMarkup:
    """Under the status message of an open job."""
    return keyboard([button(_("Cancel"), JobPress(do="cancel", job=job.id))])


def after_ending(job: Job, *, look: bool, again: bool) -> InlineKeyboardMarkup:
    """Under a job that ended without an album. `look`: its tickets or pictures may still be good; `again`: the same
    request may go better."""
    return keyboard(
        [button(_("🔎 Look again"), JobPress(do="look", job=job.id), "primary")] if look else [],
        [button(_("🔁 Try again"), JobPress(do="again", job=job.id))] if again else [],
    )


def under_result(job: Job, *, look: bool = False) -> InlineKeyboardMarkup:
    """Under an album or a single picture. `look`: some of its pictures have not arrived."""
    return keyboard(
        [button(_("🔎 Fetch the missing"), JobPress(do="look", job=job.id), "primary")] if look else [],
        [
            button(_("🔁 Again"), JobPress(do="again", job=job.id)),
            button(_("✏️ Edit"), JobPress(do="edit", job=job.id)),
            button(_("📎 Originals"), JobPress(do="files", job=job.id)),
        ],
    )


def which_picture(job: Job, pictures: Sequence[Picture]) -> InlineKeyboardMarkup:
    """Under an album whose owner wants to edit: one of its pictures, or all."""
    numbers = [
        button(str(number), PicturePress(do="edit", picture=picture.id)) for number, picture in enumerate(pictures, 1)
    ]
    rows = [numbers[first : first + 5] for first in range(0, len(numbers), 5)]
    last = [button(_("All"), JobPress(do="edit-all", job=job.id)), button(_("‹ Back"), JobPress(do="back", job=job.id))]
    return keyboard(*rows, last)


def in_history(picture: Picture, *, newer: bool, older: bool) -> InlineKeyboardMarkup:
    """Under a picture in the history."""

    def press(do: str) -> HistoryPress:
        return HistoryPress(do=do, at=picture.id)

    return keyboard(
        [
            *([button(_("‹ Newer"), press("newer"))] if newer else []),
            *([button(_("Older ›"), press("older"))] if older else []),
        ],
        [button(_("🔁 Run again"), press("again")), button(_("✏️ Edit"), press("edit"))],
        [button(_("📤 Send again"), press("send")), button(_("🗑 Delete"), press("hide"))],
    )


def sure_to_hide(picture: Picture) -> InlineKeyboardMarkup:
    """Before a picture leaves the history."""
    return keyboard(
        [
            button(_("Delete"), HistoryPress(do="hide-surely", at=picture.id), "danger"),
            button(_("Keep"), HistoryPress(do="stay", at=picture.id)),
        ]
    )
