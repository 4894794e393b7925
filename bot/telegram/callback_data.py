"""The data that the bot's buttons carry: ids and names, so that buttons work after a restart and for years."""

from typing import Annotated

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

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
