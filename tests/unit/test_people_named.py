"""The names in prompts, and the prompts that services get of them."""

import pytest

from bot.handlers.people_named import TextMention, names_in
from bot.jobs.likeness_references import meant, with_people
from storage.records import StoredReference

ME = 7


def named(prompt: str, *mentions: TextMention) -> list[tuple[str, int | str]]:
    return [(name.words, name.who) for name in names_in(prompt, ME, mentions)]


def reference(names: str | None, likeness_id: int | None = 1) -> StoredReference:
    return StoredReference(1, 1, "", None, None, None, None, None, [], None, likeness_id, names)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("@ann and @Bob_2 as astronauts", [("@ann", "ann"), ("@Bob_2", "bob_2")]),
        ("@bob before @ann, then @BOB again", [("@bob", "bob"), ("@ann", "ann")]),
        ("@ann_paints和＠xiaoming_art当宇航员", [("@ann_paints", "ann_paints"), ("＠xiaoming_art", "xiaoming_art")]),
        ("@me, @我当宇航员", [("@me", ME), ("@我", ME)]),
        ("a letter to ann@me.com, @@ann, @ ann, @a", []),
        (" ".join(f"@person{n}" for n in range(20)), [(f"@person{n}", f"person{n}") for n in range(10)]),
    ],
)
def test_names(prompt: str, expected: list[tuple[str, int | str]]) -> None:
    assert named(prompt) == expected


def test_a_mention_without_a_username_stands_where_its_words_do() -> None:
    assert named("@bob, Ann Lee", TextMention("Ann Lee", 8), TextMention("gone", 9)) == [
        ("@bob", "bob"),
        ("Ann Lee", 8),
    ]


def test_each_of_several_prompts_gets_the_people_whom_it_names() -> None:
    ann, bob, photo = reference("@ann"), reference("@bob\nBob"), reference(None, None)
    assert meant("@ann as a cook", [ann, bob, photo]) == [ann, photo]
    assert meant("Bob with @annabel", [ann, bob, photo]) == [bob, photo]


@pytest.mark.parametrize(
    ("prompt", "references", "expected"),
    [
        (
            "@ann and @bob as cooks; @Ann smiles",
            [reference("@ann"), reference("@bob")],
            "the person in picture 1 and the person in picture 2 as cooks; the person in picture 1 smiles",
        ),
        ("@ann和@bob当宇航员", [reference("@ann"), reference("@bob")], "图1中的人和图2中的人当宇航员"),
        # The longer name is not the shorter one, and other references count.
        ("@ann_b, @ann", [reference(None, None), reference("@ann")], "@ann_b, the person in picture 2"),
        (
            "@me and Ann as twins",
            [reference("@me\nAnn")],
            "the person in picture 1 and the person in picture 1 as twins",
        ),
        ("Annual report of Ann", [reference("Ann")], "Annual report of the person in picture 1"),
        ("@ann as a queen", [reference(None, None)], "@ann as a queen"),
    ],
)
def test_the_prompt_says_who_is_who(prompt: str, references: list[StoredReference], expected: str) -> None:
    assert with_people(prompt, references) == expected
