"""Flags that people bring from Midjourney and the like: for each, what to do here instead."""

from collections.abc import Container, Mapping

from providers.errors import Sentence
from providers.options import N_

Ways = tuple[tuple[str, str], ...]
"""What to do instead, the best first: the flag that it takes ("": none), and a sentence with the fields `name` (as it
was typed) and `use` (that flag)."""

_MODEL = ("model", N_("There is no --{name} here. Choose the model with {use}."))
_LOOK = ("style", N_("There is no --{name} here. Describe the style in your prompt, or choose one with {use}."))
_AVOID = ("avoid", N_("There is no --{name} here. Use {use} instead, with the words in quotes."))
_WITHOUT = (
    "",
    N_("There is no --{name} here. Say in your prompt what shouldn't be there, for example: without text."),
)
_NEAR = ("", N_("There is no --{name} here. Reply to a picture to stay close to it, and say what to change."))
_WEIGHT = ("scale", N_("There is no --{name} here. {use} sets how much the photos count."))
_SAY_HOW_NEAR = ("", N_("There is no --{name} here. Say in your prompt how close to stay to the photo."))
_SEVERAL = ("n", N_("There is no --{name} here. For different ideas, ask for several pictures with {use}."))
_LARGE = ("size", N_("There is no --{name} here. {use} sets the picture's size."))
_CARE = ("quality", N_("There is no --{name} here. {use} sets the quality."))
_PATTERN = ("", N_("There is no --{name} here. Say it in your prompt: seamless pattern."))
_PHOTO = ("", N_("There is no --{name} here. Send that picture as a photo with your prompt."))
_LEAVE = ("", N_("There is no --{name} here. Leave it out."))

_TABLE: Mapping[str, Ways] = {
    "v version niji": (_MODEL, _LEAVE),
    "s stylize exp p personalize profile raw": (_LOOK, _LEAVE),
    "no negative avoid": (_AVOID, _WITHOUT),
    "seed sameseed": (_NEAR,),
    "iw": (_WEIGHT, _SAY_HOW_NEAR),
    "chaos c weird w repeat r": (_SEVERAL, _LEAVE),
    "q quality": (_CARE, _LARGE, _LEAVE),
    "hd width height uplight upbeta upscale": (_LARGE, _LEAVE),
    "tile": (_PATTERN,),
    "sref cref oref": (_PHOTO,),
    "sw cw ow": (_SAY_HOW_NEAR,),
    "fast relax turbo draft stealth public stop video creative test testp steps cfg": (_LEAVE,),
}
WAYS: Mapping[str, Ways] = {name: ways for names, ways in _TABLE.items() for name in names.split()}
NEED_NO_NUMBER = frozenset({"no", "tile", "niji", "hd", "sref", "cref", "oref"})
"""Those that are meant as flags after one long dash too, with no number behind them: the others are words as well."""


def instead(name: str, written: str, offered: Container[str]) -> Sentence | None:
    """What to do instead of a flag that the service doesn't have; None for one that nobody has.

    `written`: as it was typed; `offered`: the flags that there are.
    """
    for flag, template in WAYS.get(name, ()):
        if not flag or flag in offered:
            return Sentence(template, {"name": written, **({"use": f"--{flag}"} if flag else {})})
    return None
