"""Which pictures of an album words name."""

import pytest

from bot.handlers.named_pictures import NamedPictures, named_pictures

ALL = (1, 2, 3, 4)


@pytest.mark.parametrize(
    ("words", "numbers", "left"),
    [
        ("2", (2,), ""),
        (" #3 ", (3,), ""),
        ("the second", (2,), ""),
        ("the second one, please", (2,), ""),
        ("The Second one in the snow", (2,), "it in the snow"),
        ("make 3 darker", (3,), "make it darker"),
        ("make the last picture darker", (4,), "make it darker"),
        ("2: in the snow", (2,), "in the snow"),
        ("2, in the snow", (2,), "in the snow"),
        ("picture 4 as a watercolour", (4,), "it as a watercolour"),
        ("the 2nd image with a hat", (2,), "it with a hat"),
        ("the sky of the third should be red", (3,), "the sky of it should be red"),
        ("1 and 3", (1, 3), "picture 1 and picture 2"),
        ("put the cat of picture 1 into picture 3", (1, 3), "put the cat of picture 1 into picture 2"),
        ("第二张", (2,), ""),
        ("第2张", (2,), ""),
        ("二", (2,), ""),
        ("把第三张变暗", (3,), "把它变暗"),
        ("第二张，换成雪地", (2,), "换成雪地"),
        ("3号图片换成夜晚", (3,), "它换成夜晚"),
        ("图二改成水彩", (2,), "它改成水彩"),
        ("把2变暗一点", (2,), "把它变暗一点"),
        ("最后一张加个月亮", (4,), "它加个月亮"),
        ("把图1的猫放进图3", (1, 3), "把图1的猫放进图2"),
        ("all", ALL, ""),
        ("all of them", ALL, ""),
        ("make them darker", ALL, "make them darker"),
        ("all four pictures in one", None, None),
        ("all 4 pictures in one", ALL, "all 4 pictures in one"),
        ("combine these", ALL, "combine these"),
        ("全部", ALL, ""),
        ("四张都换成夜晚", ALL, "四张都换成夜晚"),
    ],
)
def test_named(words: str, numbers: tuple[int, ...] | None, left: str | None) -> None:
    expected = NamedPictures(numbers, left or "") if numbers else None
    assert named_pictures(words, 4) == expected


@pytest.mark.parametrize(
    "words",
    [
        "make it darker",
        "add 3 birds",
        "make 3 more",
        "make 2 cats",
        "3 cats in the snow",
        "in 3 colours",
        "a second moon",
        "in the second world war",
        "the first snow of the year",
        "all the trees in red",
        "give them hats",
        "the fifth",
        "picture 7",
        "第五张",
        "加三只鸟",
        "两个月亮",
        "都市的夜晚",
        "变暗一点",
        "16:9",
        "",
    ],
)
def test_not_named(words: str) -> None:
    assert named_pictures(words, 4) is None


def test_words_that_name_pictures_without_end_name_none() -> None:
    assert named_pictures("第一" * 2000, 4) is None
