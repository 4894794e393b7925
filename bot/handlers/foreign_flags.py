"""Flags that people know from Midjourney and the like: for each, the alternatives here."""

from collections.abc import Container, Mapping

from providers.errors import Sentence
from providers.options import N_

Alternatives = tuple[tuple[str, str], ...]
"""Alternatives, the best first: the flag that each needs ("": none), and a sentence with the fields `name` (as it was
typed) and `use` (that flag)."""

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

_TABLE: Mapping[str, Alternatives] = {
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
ALTERNATIVES: Mapping[str, Alternatives] = {
    name: alternatives for names, alternatives in _TABLE.items() for name in names.split()
}
NEED_NO_NUMBER = frozenset({"no", "tile", "niji", "hd", "sref", "cref", "oref"})
"""Flags after one long dash even without a number behind them; the other names are also ordinary words."""


def alternative_to(name: str, written: str, offered: Container[str]) -> Sentence | None:
    """The alternative to a flag that the service doesn't have; None for an unknown one.

    `written`: as it was typed; `offered`: the names of the flags that the service has.
    """
    for flag, template in ALTERNATIVES.get(name, ()):
        if not flag or flag in offered:
            return Sentence(template, {"name": written, **({"use": f"--{flag}"} if flag else {})})
    return None
