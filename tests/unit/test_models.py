"""The table of models: rows, an operator's corrections, refusals, and models that end."""

from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any, ClassVar

import pytest
from aiohttp import ClientSession
from pydantic import Field, ValidationError

from providers.base import Accepted, Capabilities, ImageRequest, Model, ModelTable, ProviderSettings, ReferenceLimits
from providers.errors import InvalidRequestError
from providers.model_rules import ends, narrowed, not_taken, refuse_references, refuse_together
from providers.models import ModelLimits
from providers.options import N_, Options, flags
from tests.support.fakes import FakeProvider
from tests.support.model_list import FILES, in_file, listed

LIMITS = ReferenceLimits(count=2, size=1000, side=100, ratio=(0.1, 10))
DAY = date(2026, 11, 30)
SHAPES = ("1:1", "16:9")
TABLE = ModelTable(
    [
        Model(name="large", title="Large 2", references=LIMITS, choices={"ar": SHAPES, "size": ("4k",)}, pictures=3),
        Model(name="small", choices={"ar": ("1:1",), "size": ()}, prompt_length=10),
        Model(name="old", ends=date(2026, 10, 1), successor="large"),
        Model(name="soon", ends=date(2999, 1, 1), successor="large"),
    ],
    unknown=Model(name="", references=LIMITS),
)


class TableSettings(ProviderSettings):
    models: tuple[str, ...] = TABLE.current


class TableOptions(Options):
    ar: str | None = Field(
        None, description=N_("the picture's shape (width:height)"), json_schema_extra={"examples": ["1:1", "16:9"]}
    )
    size: str | None = Field(None, description=N_("the picture's size"))
    n: int = Field(1, description=N_("how many pictures"))
    model: str = Field("large", description=N_("which model"))


class TableProvider(FakeProvider):
    Options: type[Any] = TableOptions
    Settings: ClassVar[type[Any]] = TableSettings
    table = TABLE
    capabilities = Capabilities()

    def __init__(self, settings: ProviderSettings, session: ClientSession) -> None:
        super(FakeProvider, self).__init__(settings, session)


@pytest.fixture
async def provider() -> TableProvider:
    return with_settings()


def with_settings(**settings: Any) -> TableProvider:
    return TableProvider(TableSettings(**settings), None)  # type: ignore[arg-type]


def test_the_current_models_are_offered(provider: TableProvider) -> None:
    (model,) = (flag for flag in flags(provider.Options) if flag.name == "model")
    assert (model.choices, model.default) == (("large", "small"), "large")
    can = provider.capabilities
    assert (can.references, can.pictures, can.prompt_length) == (LIMITS, 3, 2000)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"ar": "16:9", "model": "small"}, "small can't do --ar 16:9, only: 1:1. --model large can."),
        ({"ar": "1:8"}, "Large 2 can't do --ar 1:8, only: 1:1, 16:9."),
        ({"size": "4k", "model": "small"}, "small has no --size. Leave it out, or use --model large."),
        ({"model": "old"}, "old was shut down on 2026-10-01. Use --model large."),
    ],
)
def test_options_that_a_model_does_not_take(provider: TableProvider, options: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        provider.Options.model_validate(options)
    (problem,) = caught.value.errors()
    values = dict(problem["ctx"])
    assert values.pop("sentence").format(**values) == sentence


def test_a_model_that_was_shut_down_is_not_the_default() -> None:
    provider = with_settings(models=("old", "small"))
    assert provider.Options().model == "small"
    request = ImageRequest("a fox", provider.Options(model="old"))
    with pytest.raises(InvalidRequestError, match=r"old was shut down on 2026-10-01\. Use --model small\."):
        provider.validate(request)


@pytest.mark.parametrize(
    ("models", "sentence"),
    [
        (
            ("old",),
            "old was shut down on 2026-10-01. Ask whoever runs this bot to set up another model, such as large.",
        ),
        (("old", "large"), "old was shut down on 2026-10-01. Use --model large."),
    ],
)
def test_the_successor_is_named(models: tuple[str, ...], sentence: str) -> None:
    provider = with_settings(models=models)
    with pytest.raises(InvalidRequestError) as caught:
        provider.validate(ImageRequest("a fox", provider.Options(model="old")))
    assert str(caught.value.sentence) == sentence


@pytest.mark.parametrize(
    ("model", "count", "sentence"),
    [
        ("small", 1, "small works from words alone. For pictures as references use --model large."),
        ("large", 3, "You sent 3 pictures; Large 2 takes at most 2 as references."),
    ],
)
def test_references_that_a_model_does_not_take(provider: TableProvider, model: str, count: int, sentence: str) -> None:
    request = ImageRequest("a fox", provider.Options(model=model), (Accepted("x"),) * count)  # type: ignore[arg-type]
    with pytest.raises(InvalidRequestError) as caught:
        provider.validate(request)
    assert str(caught.value.sentence) == sentence


def test_a_model_that_was_shut_down_is_not_recommended() -> None:
    limits = {"large": ModelLimits(ends=date(2026, 1, 1))}
    provider = with_settings(models=("small", "large"), limits=limits)
    larger = provider.Options().model_copy(update={"size": "4k"})
    sentence = not_taken(provider.rows["small"], larger, provider.rows.values())
    assert str(sentence) == "small has no --size. Leave it out."
    with pytest.raises(InvalidRequestError) as caught:
        provider.validate(ImageRequest("a fox", provider.Options(), (Accepted("x"),)))  # type: ignore[arg-type]
    assert str(caught.value.sentence) == "small works from words alone. Send your prompt without pictures."


def test_an_operator_corrects_a_row() -> None:
    limits = {
        "old": ModelLimits(ends="never"),
        "mine": ModelLimits(like="large", references=1, title="Mine", choices={"size": ("4k", "8k")}),
        "small": ModelLimits(references=7, ends=date(2030, 1, 1), prompt_length=5),
        "large": ModelLimits(references=0),
        "other": ModelLimits(reference_bytes=9, reference_side=8),
    }
    rows = with_settings(models=("old", "mine", "small", "large", "other"), limits=limits).rows
    assert not rows["old"].has_ended(DAY)
    assert (rows["mine"].called, rows["mine"].references.count, rows["mine"].pictures) == ("Mine", 1, 3)
    assert rows["mine"].choices == {"ar": SHAPES, "size": ("4k", "8k")}
    assert (rows["small"].references.count, rows["small"].prompt_length) == (7, 5)
    assert rows["large"].references is None
    assert (rows["other"].called, rows["other"].references) == ("other", replace(LIMITS, size=9, side=8))


def test_models_that_were_shut_down_widen_no_limits() -> None:
    ended = {"large": ModelLimits(ends=date(2026, 10, 1))}
    capabilities = with_settings(models=("large", "small"), limits=ended).capabilities
    assert (capabilities.references, capabilities.pictures, capabilities.prompt_length) == (None, 1, 10)
    alone = with_settings(models=("large",), limits=ended).capabilities
    assert (alone.references, alone.pictures) == (LIMITS, 3), "there is nothing else to say"


def test_a_copy_of_a_model_that_was_shut_down_is_not_shut_down() -> None:
    (row,) = TABLE.of(["mine"], {"mine": ModelLimits(like="old")}).values()
    assert (row.ends, row.called) == (None, "mine")


def test_flags_are_narrowed(provider: TableProvider) -> None:
    found = {flag.name: flag for flag in narrowed(flags(provider.Options), TABLE["small"])}
    assert list(found) == ["ar", "n", "model"]
    assert (found["ar"].choices, found["ar"].allowed) == (("1:1",), "1:1")


def test_the_operator_hears_of_ends() -> None:
    rows = [TABLE["large"], TABLE["old"], TABLE["soon"], Model(name="next", ends=date(2026, 12, 24))]
    over, near = ends(rows, DAY)
    assert over == ["old was shut down on 2026-10-01 (successor: large)"]
    assert near == ["next will be shut down on 2026-12-24"]


def test_references_and_pictures_together() -> None:
    row = Model(name="x", together=5)
    refuse_together(row, 2, 3)
    with pytest.raises(InvalidRequestError, match="at most 5"):
        refuse_together(row, 3, 3)
    refuse_together(Model(name="y"), 50, 50)


def test_a_request_that_a_model_takes(provider: TableProvider) -> None:
    provider.validate(ImageRequest("a fox", provider.Options(ar="1:1", model="small")))
    assert isinstance(provider.Options(size="4k"), TableOptions)
    assert MappingProxyType(provider.rows)["small"].called == "small"


@pytest.mark.parametrize(("name", "words"), FILES.items())
def test_the_readmes_list_the_models(name: str, words: dict[str, str]) -> None:
    assert in_file(name) == listed(words), "run: python -m tests.support.model_list"


def test_no_model_that_was_shut_down_is_recommended() -> None:
    provider = with_settings(models=("small", "old"), limits={"old": {"references": 2}})
    with pytest.raises(ValidationError, match=r"small has no --size\. Leave it out\.") as caught:
        provider.Options.model_validate({"model": "small", "size": "4k"})
    assert "--model" not in str(caught.value)
    with pytest.raises(InvalidRequestError, match="Send your prompt without pictures"):
        refuse_references(provider.rows["small"], 1, provider.rows.values())
