"""Whether a stored error tells that the attempt was charged."""

import pytest

from bot.jobs.ports import error_message_of
from bot.telegram.formatting import error_text
from bot.telegram.i18n import Languages
from providers.errors import ContentRefusedError, GenerationFailedError, InvalidRequestError, ProviderError, Sentence

SHORT = Sentence("Short.")


def answered(*, paid: bool | None) -> InvalidRequestError:
    """A request that the service answered, without a picture."""
    error = InvalidRequestError(SHORT)
    error.paid = paid
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (InvalidRequestError(SHORT), "Short."),
        (answered(paid=None), "Short. This attempt may have been charged."),
        (answered(paid=True), "Short. It was charged all the same."),
        (ContentRefusedError("prompt", SHORT), "Short. Nothing was charged."),
        (ContentRefusedError("result", SHORT), "Short. This attempt may have been charged."),
        (GenerationFailedError(SHORT), "Short. This attempt may have been charged."),
    ],
)
def test_an_error_tells_of_money(error: ProviderError, words: str) -> None:
    with Languages().speaking("en"):
        assert error_text(error_message_of(error)) == words


def test_a_refusal_of_prompt_or_reference_in_chinese() -> None:
    with Languages().speaking("zh"):
        told = error_text(error_message_of(ContentRefusedError("input")))
    assert told == "服务拒绝了这段提示词或其中一张参考图，请修改后重新发送。没有产生费用。"
