"""The data that the bot's buttons carry: ids and names, so that buttons work after a restart and for years."""

from typing import Annotated

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

Id = Annotated[int, Field(ge=0, lt=2**63)]
"""An id of the store; its bounds are checked because callback data can be forged."""


class JobCallback(CallbackData, prefix="j"):
    """A button about a job. `do`: cancel, again, reword, rewrite, look, back, files, words, shapes, styles, edit-all,
    delete-all and delete-all-surely; of several pictures, also those that ask which one: again-one, compare, edit,
    vary, enlarge, star, delete."""

    do: str
    job: Id


class PictureCallback(CallbackData, prefix="p"):
    """A button about one picture of a result. `do`: again-one, compare, edit, vary, enlarge, star, delete,
    delete-surely."""

    do: str
    picture: Id


class WhichCallback(CallbackData, prefix="wp"):
    """Under the question which picture of an album a reply is about. `picture`: its id, 0 for all."""

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


class TopicCallback(SettingCallback, prefix="t", sep="|"):
    """A button of the settings of one topic, for the group's admins. `do`: show, set, clear (all of them)."""


class QueueCallback(CallbackData, prefix="q"):
    """A button of a person's own queue. `do`: open (as a message of its own), show (a `page`), cancel and
    first (of a `job`), all, all-surely. It concerns the person who presses it."""

    do: str
    job: Id = 0
    page: Id = 0


class HistoryCallback(CallbackData, prefix="h"):
    """A button in the history. `do`: newer, older, send, again, edit, hide, hide-surely, stay, star, details, months,
    days, grid, stars, all, open; `at`: the picture that is shown, with open the one to show."""

    do: str
    at: Id


class ConfirmCallback(CallbackData, prefix="k"):
    """A button under the question whether to make a request that costs much or has choices. `do`: make, written, no."""

    do: str
    confirmation: Id


class DuelCallback(CallbackData, prefix="v"):
    """A button of a duel. `do`: start and no, under the question about its price; vote and close; open and list, under
    its result, for the buttons of one picture and back; `letter`: that of the picture."""

    do: str
    duel: Id
    letter: str = ""


class HelpCallback(CallbackData, prefix="a"):
    """A button of help with words. `do`: go, stop, use, edit, no (`at`: the suggestion); job, price (`at`: the job, the
    confirmation), above (the words of the message to which the bot's replies)."""

    do: str
    at: Id = 0


class ForgetCallback(CallbackData, prefix="f"):
    """A button under the question whether to erase a person's data. `do`: surely, keep. It concerns the person who
    presses it."""

    do: str


WHOEVER_PRESSES = 0
"""No person has this id."""


class LikenessCallback(CallbackData, prefix="me"):
    """A button about a person's likeness, for that person only (`WHOEVER_PRESSES`: it is about the likeness of whoever
    does). `do`: keep, no; allow, leave (in `chat`); mute, unmute; stop: it is taken back for good."""

    do: str
    person: Id
    chat: Annotated[int, Field(gt=-(2**63), lt=2**63)] = 0
