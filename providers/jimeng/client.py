"""The HTTP client: the two signed calls, and the service's JSON as typed models."""

import asyncio
import json
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from aiohttp import ClientSession
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from yarl import URL

from providers import http
from providers.errors import GenerationFailedError
from providers.jimeng.errors import Fault, explain
from providers.jimeng.settings import JimengSettings
from providers.jimeng.signing import canonical_query, sign
from providers.json_reader import read_json
from providers.polling import PassingError

SUBMIT = "CVSync2AsyncSubmitTask"
RESULT = "CVSync2AsyncGetResult"
VERSION = "2022-08-31"
OK = 10000
MOST_SUBMIT_ANSWER_BYTES, MOST_RESULT_ANSWER_BYTES = 1 << 20, 64 << 20
"""Limits of an answer. Without URLs, a result contains its pictures."""


class _Wire(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True)


class Submitted(_Wire):
    """`data` of a submit."""

    task_id: str = Field(min_length=1)


class Result(_Wire):
    """`data` of a result query. Pictures are in one of the two lists, as the query asked."""

    status: str | None = None
    image_urls: list[str | None] | None = None
    binary_data_base64: list[str | None] | None = None


class _GatewayError(_Wire):
    Code: str | None = None
    CodeN: int | None = None
    Message: str | None = None


class _ResponseMetadata(_Wire):
    RequestId: str | None = None
    Error: _GatewayError | None = None


class _Envelope(_Wire):
    """Both envelopes in one: the service's own (`code`), and its gateway's (`ResponseMetadata`).

    `data` may be anything when `code` is not 10000, so the code is read first.
    """

    code: int | None = None
    message: str | None = None
    request_id: str | None = None
    data: Any = None
    ResponseMetadata: _ResponseMetadata | None = None

    def fault(self, answer: http.Answer, *, submitting: bool) -> Fault | None:
        """The error that the envelope reports; None where it reports success."""
        gateway = self.ResponseMetadata.Error if self.ResponseMetadata else None
        if gateway is not None:
            code, message = _business_code(gateway), gateway.Message
        elif self.code is not None and self.code != OK:
            code, message = self.code, self.message
        else:
            return None
        ended = isinstance(self.data, dict) and self.data.get("status") == "done"
        request_id = self.request_id or (self.ResponseMetadata.RequestId if self.ResponseMetadata else None)
        return Fault(
            code,
            message or "",
            answer.status,
            request_id or "",
            answer.retry_after,
            submitting=submitting,
            ended=ended,
        )


def _business_code(error: _GatewayError) -> int | str:
    """Some business codes arrive in the gateway's envelope, as `CodeN` or as the text of `Code`."""
    name = error.Code or ""
    if name.isdecimal() and len(name) < 10:
        return int(name)
    return error.CodeN if error.CodeN is not None and 50000 <= error.CodeN < 60000 else name


class Client:
    """Makes the calls. They raise `ProviderError` or, from a query, `PassingError`. `now`: the time in UTC."""

    def __init__(
        self, settings: JimengSettings, session: ClientSession, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._settings = settings
        self._session = session
        self.now = now

    async def submit(self, payload: Mapping[str, object], pictures: Sequence[bytes] = ()) -> str:
        """Submit a task, with reference `pictures` in the body if any are given, and return its id."""
        answer, data = await self._call(SUBMIT, payload, pictures, submitting=True)
        try:
            return Submitted.model_validate(data).task_id
        except ValidationError as error:
            raise http.unreadable(answer, paying=True) from error

    async def result(self, req_key: str, task_id: str, req_json: str) -> Result:
        """Query the state of a task. `req_key` must be that of the submit."""
        payload = {"req_key": req_key, "task_id": task_id, "req_json": req_json}
        answer, data = await self._call(RESULT, payload, (), submitting=False)
        try:
            return Result.model_validate(data)
        except ValidationError as error:
            raise PassingError(GenerationFailedError(detail=f"not a result: {answer.body[:200]!r}")) from error

    async def _call(
        self, action: str, payload: Mapping[str, object], pictures: Sequence[bytes], *, submitting: bool
    ) -> tuple[http.Answer, Any]:
        prepare = asyncio.to_thread(self._prepare, action, payload, pictures) if pictures else None
        url, body, headers = await prepare if prepare else self._prepare(action, payload, pictures)
        answer = await http.call(
            self._session,
            "POST",
            url,
            data=body,
            headers=headers,
            paying=submitting,
            timeout=http.SUBMIT_TIMEOUT if submitting else http.QUERY_TIMEOUT,
            most=MOST_SUBMIT_ANSWER_BYTES if submitting else MOST_RESULT_ANSWER_BYTES,
        )
        try:
            envelope = _Envelope.model_validate(read_json(answer.body))
        except ValueError as error:
            raise http.unreadable(answer, paying=submitting) from error
        fault = envelope.fault(answer, submitting=submitting)
        if fault is not None:
            raise explain(fault)
        if envelope.code is None:
            raise http.unreadable(answer, paying=submitting)
        return answer, envelope.data

    def _prepare(
        self, action: str, payload: Mapping[str, object], pictures: Sequence[bytes]
    ) -> tuple[str, bytes, dict[str, str]]:
        settings, query = self._settings, {"Action": action, "Version": VERSION}
        body = encode(payload, pictures)
        headers = sign(
            host=URL(settings.endpoint).host_port_subcomponent or "",
            query=query,
            body=body,
            access_key=settings.access_key,
            secret_key=settings.secret_key.get_secret_value(),
            session_token=settings.session_token.get_secret_value() if settings.session_token else None,
            now=self.now(),
        )
        return f"{settings.endpoint}/?{canonical_query(query)}", body, headers


def encode(payload: Mapping[str, object], pictures: Sequence[bytes]) -> bytes:
    """Make the JSON body. Pictures are inserted after encoding: the encoder is slow at 10 MB of base64."""
    body = json.dumps(payload, ensure_ascii=False).encode()
    if not pictures:
        return body
    items = b",".join(b'"' + b64encode(picture) + b'"' for picture in pictures)
    return body[:-1] + b',"binary_data_base64":[' + items + b"]}"
