"""Names on the pages of /admin come from people: none breaks a page."""

import pytest

from bot.handlers.admin.names import group, person, plain
from storage.access_records import KnownGroup, SeenPerson

FSI, PDI = "\u2068", "\u2069"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Bob", "Bob"),
        ("  Bob \n\t Fox\u2028 ", "Bob Fox"),
        ("محمد علي", "محمد علي"),
        # Controls of the direction of writing would turn the rest of the line around.
        ("\u202egnp.xof\u202c", "gnp.xof"),
        ("\u2067\u2066Bob\u2069", "Bob"),
        ("B\u0301\u0302\u0303\u0304\u0305ob", "B\u0301\u0302ob"),
        ("👩\u200d🎨", "👩\u200d🎨"),
        ("a" * 200, "a" * 23 + "…"),
        ("🦊" * 200, "🦊" * 11 + "…"),
    ],
)
def test_a_name_on_a_button(name: str, shown: str) -> None:
    assert plain(name, 7) == FSI + shown + PDI


@pytest.mark.parametrize(
    "name", [None, "", "  ", "\u200b\u2060", "\u3164", "\u202e", "\u2800\u115f", "\u0301", "\u200d"]
)
def test_a_name_of_which_nothing_can_be_seen(name: str | None) -> None:
    assert plain(name, 7) == "7"


def test_names_are_escaped() -> None:
    assert person(SeenPerson(7, "<b>&")) == f'<a href="tg://user?id=7">{FSI}&lt;b&gt;&amp;{PDI}</a>'
    assert group(KnownGroup(-7, "</b><i>")) == f"<b>{FSI}&lt;/b&gt;&lt;i&gt;{PDI}</b>"
    assert person(SeenPerson(7)) == '<a href="tg://user?id=7">7</a>'
