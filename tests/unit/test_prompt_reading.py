"""The simulators read subjects, colours, numbers, places and styles from the words of a prompt."""

from dataclasses import replace

import pytest

from providers.simulators.pictures.scene import catalogue, read

FOX = "a red fox in the snow"
RED, BLUE = "#d9482b", "#3f7fcf"
WORDS = catalogue("words")


def listed(row: str | list[str]) -> list[str]:
    return [word.strip() for word in (row if isinstance(row, str) else row[2]).split(",")]


@pytest.mark.parametrize(
    ("prompt", "subjects", "others"),
    [
        (FOX, [("fox", RED, 1)], {"place": "snow", "weather": ["snow"]}),
        ("一只红色的狐狸，夜晚，水彩", [("fox", RED, 1)], {"time": "night", "style": "watercolour"}),
        ("两只猫在海边", [("cat", "", 2)], {"place": "beach"}),
        ("狐狸是蓝色的", [("fox", BLUE, 1)], {}),
        ("a cat in a spacesuit, sticker", [("spacecat", "", 1)], {"place": "studio"}),
        ("穿宇航服的猫，贴纸风格", [("spacecat", "", 1)], {"place": "studio"}),
        ("画一只Fox吧", [("fox", "", 1)], {}),
        ("three FOXES and a white dog", [("fox", "", 3), ("dog", "#f6f5fa", 1)], {}),
        ("a fox without snow", [("fox", "", 1)], {}),
        ("a purple sky", [], {"tint": "#8a5fc4"}),
        ("熊猫和猫头鹰", [("panda", "", 1), ("owl", "", 1)], {}),
        ("a castle under the moon", [("castle", "", 1)], {"time": "night"}),
        ("a boxer's foxtrot, catalogue, 山楂味", [], {"place": "mountains"}),
        ("Ｆｏｘ", [("fox", "", 1)], {}),
        ("", [], {}),
    ],
)
def test_reading(prompt: str, subjects: list[tuple[str, str, int]], others: dict[str, object]) -> None:
    scene = read(prompt)
    assert [(one.kind, one.colour, one.count) for one in scene.subjects] == subjects
    nothing = {"place": "", "time": "", "style": "", "action": "", "weather": [], "tint": ""}
    assert {name: getattr(scene, name) for name in nothing} == nothing | others


def test_every_listed_word_is_read_as_something() -> None:
    tables = ("subjects", "places", "times", "weather", "styles", "actions")
    every = [word for table in tables for row in WORDS[table].values() for word in listed(row)]
    assert [word for word in every if replace(read(word), caption="") == read("")] == []
