"""OpenAI's official SDK: it works with the simulated assistant, and its requests are ours."""

import io
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession

from bot.assistant.client import AssistantClient
from bot.assistant.requests import MOST_ANSWER_TOKENS, Messages, describing, improving
from bot.assistant.settings import AssistantSettings
from bot.demo.assistant import CHAT, HEARS, SEES, AssistantSimulator
from bot.demo.bot_api.voice import voice_file, words_in
from providers.errors import ContentRefusedError, InvalidRequestError, KeyRefusedError, ProviderBusyError, ProviderError
from providers.simulators.faults import Fault
from providers.testing.bench import small_picture
from tests.support.recorder import Recorder, Sent, differences, recording

if TYPE_CHECKING:
    from openai import AsyncOpenAI

OUR_HEADERS = ("Authorization", "Content-Type")
VOICE = voice_file("a red fox", 3)


@pytest.fixture
def assistant() -> AssistantSimulator:
    return AssistantSimulator(durations=lambda _: 0.0)


@pytest.fixture
async def recorder(assistant: AssistantSimulator) -> AsyncIterator[Recorder]:
    async with recording(assistant) as recorder:
        yield recorder


@pytest.fixture
async def sdk(recorder: Recorder) -> AsyncIterator["AsyncOpenAI"]:
    from openai import AsyncOpenAI  # noqa: PLC0415 - it takes most of a second

    async with AsyncOpenAI(api_key=AssistantSimulator.key, base_url=f"{recorder.url}/v1", max_retries=0) as client:
        yield client


@pytest.fixture
async def client(recorder: Recorder) -> AsyncIterator[AssistantClient]:
    settings = {"base_url": f"{recorder.url}/v1/", "api_key": AssistantSimulator.key, "transcription_model": HEARS}
    async with ClientSession() as session:
        yield AssistantClient(AssistantSettings.model_validate(settings), session)


def compared(recorder: Recorder) -> list[str]:
    """The differences between our request, the first, and the SDK's, the second."""
    mine, theirs = (_shown(sent) for sent in recorder.sent)
    return differences(mine, theirs)


def _shown(sent: Sent) -> dict[str, Any]:
    headers = {name: sent.headers.get(name, "").partition(";")[0] for name in OUR_HEADERS}
    return {"method": sent.method, "path": sent.path, "headers": headers, "body": sent.fields}


@pytest.mark.parametrize(
    ("model", "messages", "words"),
    [
        (CHAT, improving("a red fox", ("en", "zh")), "a red fox, soft morning light"),
        (SEES, describing(small_picture(), "zh", ()), "的画面"),
    ],
)
async def test_a_chat(
    recorder: Recorder, sdk: "AsyncOpenAI", client: AssistantClient, model: str, messages: Messages, words: str
) -> None:
    answer = await client.chat(model, messages)
    assert words in str(answer.said)
    assert answer.tokens == 240
    same: Any = messages
    theirs = await sdk.chat.completions.create(model=model, messages=same, max_tokens=MOST_ANSWER_TOKENS)
    assert theirs.choices[0].message.content == answer.said
    assert theirs.usage
    assert theirs.usage.total_tokens == 240
    assert compared(recorder) == []


async def test_openai_itself_gets_its_newer_parameter(client: AssistantClient) -> None:
    async with ClientSession() as session:
        own = AssistantClient(AssistantSettings(base_url="https://api.openai.com/v1"), session)
    assert (own.limit, client.limit) == ("max_completion_tokens", "max_tokens")


async def test_a_transcription(recorder: Recorder, sdk: "AsyncOpenAI", client: AssistantClient) -> None:
    assert (await client.transcribe(VOICE)).said == "a red fox"
    file = ("voice.ogg", io.BytesIO(VOICE), "audio/ogg")
    theirs = await sdk.audio.transcriptions.create(model=HEARS, file=file)
    assert theirs.text == "a red fox"
    assert compared(recorder) == []


async def test_the_models(recorder: Recorder, sdk: "AsyncOpenAI", client: AssistantClient) -> None:
    await client.check()
    assert [model.id async for model in sdk.models.list()] == [CHAT, SEES, HEARS]
    assert compared(recorder) == []


async def test_it_is_as_strict_as_the_service(sdk: "AsyncOpenAI") -> None:
    from openai import AuthenticationError, BadRequestError, NotFoundError  # noqa: PLC0415

    ask: Any = sdk.chat.completions.create
    say = [{"role": "system", "content": "x"}, {"role": "user", "content": "a fox"}]
    with pytest.raises(NotFoundError):
        await ask(model="helper-9", messages=say)
    with pytest.raises(BadRequestError, match="colour"):
        await ask(model=CHAT, messages=say, extra_body={"colour": "red"})
    with pytest.raises(BadRequestError, match="max_tokens"):
        await ask(model=CHAT, messages=say, max_tokens=0)
    with pytest.raises(BadRequestError, match="sees no pictures"):
        await ask(model=CHAT, messages=list(describing(small_picture(), "en", ())))
    with pytest.raises(BadRequestError):
        await ask(model=SEES, messages=list(describing(b"no picture", "en", ())))
    with pytest.raises(BadRequestError, match="content_filter"):
        await ask(model=CHAT, messages=[say[0], {"role": "user", "content": "a forbidden fox"}])
    with pytest.raises(BadRequestError, match="could not be decoded"):
        await sdk.audio.transcriptions.create(model=HEARS, file=("voice.ogg", io.BytesIO(b"RIFF"), "audio/ogg"))
    with pytest.raises(AuthenticationError):
        await sdk.with_options(api_key="wrong").models.list()


@pytest.mark.parametrize(
    ("fault", "error", "paid"),
    [
        (Fault(kind="problem", name="prompt"), ContentRefusedError, False),
        (Fault(kind="problem", name="invalid"), InvalidRequestError, False),
        (Fault(kind="problem", name="credentials"), KeyRefusedError, False),
        (Fault(kind="problem", name="busy"), ProviderBusyError, False),
        (Fault(kind="problem", name="broken"), ProviderError, None),
        (Fault(kind="html", status=502), ProviderError, None),
        (Fault(kind="drop"), ProviderError, None),
        (Fault(kind="lost"), ProviderError, None),
        (Fault(kind="text", text="[1, 2"), ProviderError, None),
        (Fault(kind="text", text='{"choices": 7}'), ProviderError, None),
    ],
)
async def test_what_a_failure_means_for_the_money(
    client: AssistantClient, assistant: AssistantSimulator, fault: Fault, error: type[ProviderError], paid: bool | None
) -> None:
    assistant.faults.append(fault)
    with pytest.raises(error) as raised:
        await client.chat(CHAT, improving("a red fox", ()))
    assert raised.value.paid is paid


def test_a_simulated_voice_message_is_an_ogg_file() -> None:
    assert words_in(VOICE) == "a red fox"
    assert words_in(voice_file("一只红狐狸" * 30, 60)) == "一只红狐狸" * 30
    assert words_in(b"RIFF") is None


def test_its_settings() -> None:
    settings = AssistantSettings.model_validate({"base_url": "https://ai.example:8443/v1/", "currency": "cny"})
    assert (settings.base_url, settings.host, settings.currency) == ("https://ai.example:8443/v1", "ai.example", "CNY")
