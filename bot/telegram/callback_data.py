"""The data that the bot's buttons carry: ids and names, so that buttons work after a restart and for years."""

from typing import Annotated

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

Id = Annotated[int, Field(ge=0, lt=2**63)]
"""An id of the store; its bounds are checked because callback data can be forged."""


class JobCallback(CallbackData, prefix="j"):
    """A button about a job. `do`: cancel, again, reword, look, back, files, words, shapes, styles, edit-all, delete-all
    and delete-all-surely; of several pictures, also those that ask which one: again-one, compare, edit, vary, enlarge,
    star, delete."""

    do: str
    job: Id


class PictureCallback(CallbackData, prefix="p"):
    """A button about one picture of a result. `do`: again-one, compare, edit, vary, enlarge, star, delete,
    delete-surely."""

    do: str
    picture: Id


class PairCallback(CallbackData, prefix="b"):
    """Compare two pictures of one job."""

    first: Id
    second: Id


class ChangeCallback(CallbackData, prefix="c", sep="|"):
    """Repeat a job with one option changed. `name`: ar or style; a style's `value` is its name."""

    job: Id
    name: str
    value: str


class StyleCallback(CallbackData, prefix="y", sep="|"):
    """Choose a style for the next prompt, by its name."""

    name: str


class ProviderCallback(CallbackData, prefix="m"):
    """Choose the provider `name` for a person's next pictures."""

    name: str


class ExampleCallback(CallbackData, prefix="x"):
    """One of the examples under the bot's welcome."""

    at: Id


class ForwardedCallback(CallbackData, prefix="w"):
    """Draw the text of the forwarded message to which the bot's message replies."""


class DrawCallback(CallbackData, prefix="d"):
    """Under a hint: draw the text of the message to which it replies. `kept`: with the waiting pictures or style."""

    kept: bool


class SettingCallback(CallbackData, prefix="s", sep="|"):
    """A button of the settings. `do`: show (`name` empty: all), set; `value` empty: reset to the default."""

    do: str
    name: str = ""
    value: str = ""


class GroupCallback(SettingCallback, prefix="g", sep="|"):
    """A button of a group's settings, for its admins. `do`: show, set, clear, clear-surely."""


class HistoryCallback(CallbackData, prefix="h"):
    """A button in the history. `do`: newer, older, send, again, edit, hide, hide-surely, stay, star, details, months,
    days, grid, stars, all, open; `at`: the picture that is shown, with open the one to show."""

    do: str
    at: Id


class ConfirmCallback(CallbackData, prefix="k"):
    """A button under the question whether to make a request that costs much or has choices. `do`: make, written, no."""

    do: str
    confirmation: Id


class ForgetCallback(CallbackData, prefix="f"):
    """A button under the question whether to erase a person's data. `do`: surely, keep. It concerns the person who
    presses it."""

    do: str
