"""Flags of a prompt: the forms that people type, prose that stays prose, and the answers to wrong flags."""

import pytest
from pydantic import Field, model_validator

from bot.handlers.prompt_flag_scan import without_name
from bot.handlers.prompt_flags import FlagError, Parsed, parse, read, scan
from bot.telegram.flag_names import known_names
from providers.options import Options, flags
from tests.support.flag_models import PROVIDER, Drawing, Painting, parsed


def sentence(text: str) -> str:
    with pytest.raises(FlagError) as caught:
        parsed(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "prompt", "options"),
    [
        ("a red fox --ar 16:9", "a red fox", {"ar": "16:9"}),
        ("--ar=16:9 a red fox", "a red fox", {"ar": "16:9"}),
        ("a red --AR 16:9 fox", "a red fox", {"ar": "16:9"}),
        ("fox —ar 16:9", "fox", {"ar": "16:9"}),
        ("fox –ar 16:9", "fox", {"ar": "16:9"}),
        ("fox ––ar 16:9", "fox", {"ar": "16:9"}),
        ("fox —-ar 16:9", "fox", {"ar": "16:9"}),
        ("fox ──ar 16:9", "fox", {"ar": "16:9"}),
        ("fox －－ａｒ　１６：９", "fox", {"ar": "16:9"}),
        ("fox\u00a0--ar\u00a016：9\u00a0runs", "fox runs", {"ar": "16:9"}),
        ("fox --ar “16:9” runs", "fox runs", {"ar": "16:9"}),
        ("fox --ar ‘16:9’ runs", "fox runs", {"ar": "16:9"}),
        ("“a fox --ar 16:9”", "“a fox”", {"ar": "16:9"}),
        ("(a fox --ar 16:9)", "(a fox)", {"ar": "16:9"}),
        ("fox --size 2048×2048", "fox", {"size": "2048x2048"}),
        ("fox --size 2048*2048", "fox", {"size": "2048x2048"}),
        ("fox --size ２０４８＊２０４８", "fox", {"size": "2048x2048"}),
        ("fox --size 2048X2048", "fox", {"size": "2048x2048"}),
        ("FOX --SIZE 4K", "FOX", {"size": "4k"}),
        ("fox --n AUTO", "fox", {"n": "auto"}),
        ("fox --n：4", "fox", {"n": 4}),
        ("fox --scale .25", "fox", {"scale": 0.25}),
        ("fox --scale 0,25", "fox", {"scale": 0.25}),
        ("一只狐狸--n 4", "一只狐狸", {"n": 4}),
        ("一只狐狸——n 4", "一只狐狸", {"n": 4}),
        ("一只狐狸—n 4", "一只狐狸", {"n": 4}),
        ("一只狐狸--n 4，在雪地里", "一只狐狸，在雪地里", {"n": 4}),
        ("一只狐狸 --n 4。", "一只狐狸", {"n": 4}),
        ("一只狐狸--n 4在雪地里", "一只狐狸在雪地里", {"n": 4}),
        ("狐狸--size 2048×2048的雪地", "狐狸的雪地", {"size": "2048x2048"}),
        ("🦊--n 4", "🦊", {"n": 4}),
        ("a fox--n 4", "a fox", {"n": 4}),
        ("a fox --ar 16:9--n 4", "a fox", {"ar": "16:9", "n": 4}),
        ("a fox --ar 16:9—n 4", "a fox", {"ar": "16:9", "n": 4}),
        ("a fox, --n 4, --ar 16:9, in the snow", "a fox, in the snow", {"ar": "16:9", "n": 4}),
        ("a fox --n 4, in the snow", "a fox, in the snow", {"n": 4}),
        ("--n 4, a fox", "a fox", {"n": 4}),
        ("a fox\n--n 4 in the snow\nat night", "a fox\nin the snow\nat night", {"n": 4}),
        ("a fox --n 4\n\nat night", "a fox\n\nat night", {"n": 4}),
        ("a fox --n 2 --n 4", "a fox", {"n": 4}),
        ("--n 4", "", {"n": 4}),
        # in Chinese, whatever one's language is
        ("一只狐狸 --比例 16:9 --数量 4", "一只狐狸", {"ar": "16:9", "n": 4}),
        ("一只狐狸--比例16:9--数量4在雪地里", "一只狐狸在雪地里", {"ar": "16:9", "n": 4}),
        ("a fox －－尺寸：４ｋ", "a fox", {"size": "4k"}),
        ("一只狐狸，——比例 16：9，在雪地里", "一只狐狸，在雪地里", {"ar": "16:9"}),
        ("一只狐狸——数量=4", "一只狐狸", {"n": 4}),
        ("一只狐狸 --张数 4张", "一只狐狸", {"n": 4}),
        ("一只狐狸 --宽高比 16比9", "一只狐狸", {"ar": "16:9"}),
        # with one hyphen
        ("a fox -n 4", "a fox", {"n": 4}),
        ("-n 4 a fox -ar 16:9", "a fox", {"n": 4, "ar": "16:9"}),
        ("a fox -n auto", "a fox", {"n": "auto"}),
        ("a fox -n=4, -size “2k”", "a fox", {"n": 4, "size": "2k"}),
        ("一只狐狸-数量 4", "一只狐狸", {"n": 4}),
        ("一只狐狸－ｎ　４", "一只狐狸", {"n": 4}),
        # with invisible characters, and digits of other scripts
        ("a fox \u200b--\u200bn\u200d \ufeff4\u200b", "a fox", {"n": 4}),
        ("a fox \u2066--ar\u00ad 16\u200e:9\u2069 runs", "a fox runs", {"ar": "16:9"}),
        ("❤\ufe0f--n 4\ufe0f\u20e3", "❤\ufe0f", {"n": 4}),
        ("👨\u200d👩 --n 4", "👨\u200d👩", {"n": 4}),
        ("a fox --n ٤ --ar １६:९", "a fox", {"n": 4, "ar": "16:9"}),
        ("a fox --ar 16×9", "a fox", {"ar": "16:9"}),
        ("a fox --ar 16x9", "a fox", {"ar": "16:9"}),
        ("a fox --ar 16∶9", "a fox", {"ar": "16:9"}),
        ("a fox --aspect 16:9", "a fox", {"ar": "16:9"}),
        # no comma is left at the end
        ("a fox, --n 4", "a fox", {"n": 4}),
        ("a fox. --n 4", "a fox", {"n": 4}),
        ("a fox,\n--n 4", "a fox", {"n": 4}),
        ("一只狐狸，--n 4", "一只狐狸", {"n": 4}),
        ("一只狐狸。--n 4", "一只狐狸", {"n": 4}),
        ("a fox; --n 4.", "a fox", {"n": 4}),
        ("a fox! --n 4", "a fox!", {"n": 4}),
        ("a fox... --n 4", "a fox...", {"n": 4}),
        ("a fox, --n 4 in the snow, still", "a fox, in the snow, still", {"n": 4}),
    ],
)
def test_flags_as_people_type_them(text: str, prompt: str, options: dict[str, object]) -> None:
    assert parsed(text) == Parsed(prompt, Drawing.model_validate(options), {})


@pytest.mark.parametrize(
    "text",
    [
        "a cat — sleeping",
        "a cat —sleeping",
        "a fox—size of a cat",
        "sci-fi, well--known, 1–15",
        "the suffix -n is no flag",
        "-n, -ar, -size",
        "anime -style drawing, life -size statue -model",
        "well-known -ish things, x-n 4, -4 degrees, 5 -3",
        "from -20 to -n",
        "一栋房子——风格独特",
        "一栋房子——风格。",
        "一张脸——比例匀称，尺寸-正好",
        "一只狐狸--在雪地里",
        "a fox — no, two; a cat —stop motion",
        "-- n",
        "----",
        "一只狐狸——在雪地里",
        "一只狐狸——sleeping",
        "https://example.org/a--b",
        "two  spaces and a\n\nline",
        "--4k",
    ],
)
def test_prose_keeps_its_dashes(text: str) -> None:
    assert parsed(text) == Parsed(text, Drawing(), {})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("fox --size 9k", "--size takes 1k, 2k, 4k or WIDTHxHEIGHT, not “9k”."),
        ("fox --n 16", "--n takes 1–15, auto, not “16”."),
        ("fox --n 四", "--n takes 1–15, auto, not “四”."),
        ('fox --n "two of them"', "--n takes 1–15, auto, not “two of them”."),
        ("fox --scale −0.5", "--scale takes 0–1, not “-0.5”."),
        ("fox --scale nan", "--scale takes 0–1, not “nan”."),
        ("fox --n " + "9" * 99, "--n takes 1–15, auto, not “" + "9" * 39 + "…”."),
        ("fox --provider {x}", "--provider needs a value: jimeng, other."),
        ("fox --provider x", "--provider takes jimeng, other, not “x”."),
        ("fox --n", "--n needs a value: 1–15, auto."),
        ("fox —n", "--n needs a value: 1–15, auto."),
        ("--n\n4", "--n needs a value: 1–15, auto."),
        ("fox --n --ar 16:9", "--n needs a value: 1–15, auto."),
        ('fox --ar ""', "--ar needs a value: W:H, 1:3 to 3:1."),
        ("fox --foo", "There is no --foo.\nYou can use --ar, --size, --n, --scale, --provider."),
        (
            "fox --sizes 4k",
            "There is no --sizes. Did you mean --size?\nYou can use --ar, --size, --n, --scale, --provider.",
        ),
        (
            "fox ––n4",
            "There is no --n4. Did you mean --n?\nYou can use --ar, --size, --n, --scale, --provider.",
        ),
        (
            "狐狸 --比列 16:9",
            "There is no --比列. Did you mean --比例?\nYou can use --ar, --size, --n, --scale, --provider.",
        ),
        ("狐狸--宽度 300", "There is no --宽度.\nYou can use --ar, --size, --n, --scale, --provider."),
        ("狐狸 --数量 四", "--数量 takes 1–15, auto, not “四”."),
        ("fox -n 16", "--n takes 1–15, auto, not “16”."),
        # all at once
        (
            "fox --foo --n 99 --ar wide --scale 7 --size 4k --blue 1",
            "There is no --foo.\nThere is no --blue.\nYou can use --ar, --size, --n, --scale, --provider.\n"
            "--ar takes W:H, 1:3 to 3:1, not “wide”.\n--n takes 1–15, auto, not “99”.\n--scale takes 0–1, not “7”.",
        ),
        (
            "fox --n 99 --ar 1:1 --size 2048x2048",
            "--n takes 1–15, auto, not “99”.\n--size 2048x2048 already says the shape; leave out --ar 1:1.",
        ),
        ("fox --provider x --seed 4 --n 99", "--provider takes jimeng, other, not “x”."),
        # from Midjourney
        ("fox --v 6", "There is no --v here. Leave it out."),
        ("fox —v 6", "There is no --v here. Leave it out."),
        ("fox -v 6.1", "There is no --v here. Leave it out."),
        (
            "fox —no text --s 250 --tile",
            "There is no --no here. Say in your prompt what shouldn't be there, for example: without text.\n"
            "There is no --s here. Leave it out.\n"
            "There is no --tile here. Say it in your prompt: seamless pattern.",
        ),
        ("fox --seed 7", "There is no --seed here. Reply to a picture to stay close to it, and say what to change."),
        ("fox --iw 2", "There is no --iw here. --scale sets how much the photos count."),
        ("fox --c 9", "There is no --c here. For different ideas, ask for several pictures with --n."),
        (
            "fox --hd --q 2",
            "There is no --hd here. --size sets the picture's size.\n"
            "There is no --q here. --size sets the picture's size.",
        ),
        (
            "狐狸 --不要 文字",
            "There is no --不要 here. Say in your prompt what shouldn't be there, for example: without text.",
        ),
        ("fox --ar 1:1 --size 2048x2048", "--size 2048x2048 already says the shape; leave out --ar 1:1."),
    ],
)
def test_a_wrong_flag_is_answered_with_what_is_allowed(text: str, says: str) -> None:
    assert sentence(text) == says


def test_the_provider_is_known_before_the_options_are_read() -> None:
    known = known_names([*flags(Painting), PROVIDER])
    found = scan('狐狸 --seed 2 --provider OTHER --mood wild --style "Van Gogh"', known)

    assert found.value("provider") == "OTHER"
    assert found.value("n") is None
    assert read(found, Painting, [PROVIDER]) == Parsed(
        "狐狸", Painting(seed=2, style="Van Gogh", mood="Wild"), {"provider": "other"}
    )
    with pytest.raises(FlagError, match="There is no --mood"):
        read(found, Drawing, [PROVIDER])


def test_saved_settings_give_way_to_what_is_typed() -> None:
    saved = {"n": 4, "size": "1024x1024", "scale": 7, "seed": 3}

    assert read(scan("fox", {}), Drawing, (), saved).options == Drawing(n=4, size="1024x1024")
    assert read(scan("fox --n 2 --ar 1:1", known_names(())), Drawing, (), saved).options == Drawing(n=2, ar="1:1")


def test_a_model_that_only_says_no_still_gets_a_sentence() -> None:
    class Stubborn(Options):
        n: int = Field(1, description="how many", json_schema_extra={"allowed": "any number"})

        @model_validator(mode="after")
        def never(self) -> "Stubborn":
            raise ValueError("secret insides")

    with pytest.raises(FlagError, match=r"^These options don't go together\.$"):
        parse("fox --n 2", Stubborn)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("@Imagine_Demo_Bot, a red fox", "a red fox"),
        ("a red @imagine_demo_bot fox @IMAGINE_DEMO_BOT", "a red fox"),
        ("画@imagine_demo_bot一只狐狸，@imagine_demo_bot", "画一只狐狸"),
        ("a red fox, @imagine_demo_bot.", "a red fox"),
        ("@imagine_demo_bot", ""),
        ("@imagine_demo_bot_fan and a@imagine_demo_bot", "@imagine_demo_bot_fan and a@imagine_demo_bot"),
    ],
)
def test_the_bots_own_name_is_no_part_of_the_prompt(text: str, left: str) -> None:
    assert without_name(text, "imagine_demo_bot") == left
