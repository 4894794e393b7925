"""JSON over HTTP for most image services: one call, errors by a table of codes, answers as typed models."""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aiohttp import ClientSession, ClientTimeout, FormData
from pydantic import BaseModel, SecretStr, ValidationError

from providers import http
from providers.base import Reference
from providers.errors import (
    ContentRefusedError,
    GenerationFailedError,
    InvalidRequestError,
    KeyRefusedError,
    MisconfiguredError,
    NoCreditError,
    ProviderBusyError,
    ProviderError,
    ProviderUnavailableError,
    TaskExpiredError,
)
from providers.faults import BILL, NO_MODEL, Fault, Maker, busy, invalid, operator, unavailable, unusable
from providers.json_reader import read_json
from providers.polling import PassingError
from providers.retry_after import retry_after

MOST_BYTES_OF_LINKS, MOST_BYTES_OF_PICTURES = 4 << 20, 64 << 20
"""Limits of an answer that links to its pictures, and of one that contains them."""

ModelT = TypeVar("ModelT", bound=BaseModel)


Read = Callable[[Any], tuple[str, str] | None]
"""Takes an answer's JSON; returns the code and the message of the error in it, or None."""


@dataclass(frozen=True, slots=True)
class Rest:
    """The calls of one service.

    `read` finds an error in an answer's JSON, whatever its status. `table` maps its codes to errors. `key`: the advice
    for the operator when credentials are refused and the code isn't in the table. `most`: bytes of an answer.
    """

    session: ClientSession
    headers: Mapping[str, str] = field(repr=False)
    read: Read
    table: Mapping[str, Maker]
    key: str
    most: int = MOST_BYTES_OF_LINKS

    async def call(
        self,
        method: str,
        url: str,
        answer: type[ModelT],
        payload: Mapping[str, object] | FormData | None = None,
        *,
        paying: bool = False,
        timeout: ClientTimeout = http.QUERY_TIMEOUT,
    ) -> ModelT:
        """Make one call; return its answer. Raises `ProviderError`s; if not `paying`, also `PassingError`."""
        got = await http.call(
            self.session,
            method,
            url,
            data=self.body(payload),
            headers=self.headers_for(payload),
            paying=paying,
            timeout=timeout,
            most=self.most,
        )
        return self.parse(got, answer, paying=paying)

    async def is_done(self, method: str, url: str, answer: type[BaseModel]) -> bool:
        """Ask for something that may be refused, such as a cancellation. Returns whether the service did it."""
        try:
            await self.call(method, url, answer, {})
        except (ProviderError, PassingError):
            return False
        return True

    async def check(
        self,
        url: str,
        answer: type[BaseModel],
        *proofs: type[ProviderError],
        payload: Mapping[str, object] | None = None,
    ) -> None:
        """Test the credentials by a free query. `proofs`: errors that only valid credentials get. With a `payload`, it
        is a POST of something that the service never accepts.

        Raises `MisconfiguredError`, or `ProviderBusyError` when the service is down.
        """
        try:
            await self.call("GET" if payload is None else "POST", url, answer, payload)
        except PassingError as error:
            raise ProviderBusyError(detail=error.error.detail) from error
        except proofs:
            return
        except ProviderError as error:
            raise _unpaid(error) from error

    async def query(self, url: str, answer: type[ModelT]) -> ModelT:
        """A free query for `check`. Raises `MisconfiguredError`, or `ProviderBusyError` when the service is down."""
        try:
            return await self.call("GET", url, answer)
        except PassingError as error:
            raise ProviderBusyError(detail=error.error.detail) from error
        except ProviderError as error:
            raise _unpaid(error) from error

    def body(self, payload: Mapping[str, object] | FormData | None) -> bytes | FormData | None:
        """The body of a call: a form as it is, everything else as JSON."""
        return payload if payload is None or isinstance(payload, FormData) else json.dumps(payload).encode()

    def headers_for(self, payload: Mapping[str, object] | FormData | None) -> dict[str, str]:
        """The headers of a call."""
        return {**self.headers, **({"Content-Type": "application/json"} if isinstance(payload, Mapping) else {})}

    def parse(self, got: http.Answer, answer: type[ModelT], *, paying: bool) -> ModelT:
        """Parse an answer into its model. Raises the error that it reports instead."""
        try:
            spoken = read_json(got.body)
        except ValueError as error:
            raise http.unreadable(got, paying=paying) from error
        if (found := self.read(spoken)) is not None or got.status >= 300:
            code, message = found or ("", str(got.body[:300], "utf-8", "replace"))
            raise self.explain(Fault(got.status, code, message, retry_after(got.headers, spoken), paying))
        try:
            return answer.model_validate(spoken)
        except ValidationError as error:
            raise unreadable(got.body, paying=paying) from error

    def explain(self, fault: Fault) -> ProviderError:
        """The error for a fault: by its code or the longest dotted prefix of it, else by its HTTP status."""
        code = fault.code
        while code and code not in self.table:
            code = code.rpartition(".")[0]
        return self.table.get(code, self._by_status)(fault)

    def task_error(self, code: str, message: str = "") -> ProviderError:
        """The error for a task that the service had accepted: each one ends this task and no other."""
        error = self.explain(Fault(200, code, message, paying=True))
        if isinstance(error, (ContentRefusedError, InvalidRequestError)):
            error.paid = None
            return error
        return GenerationFailedError(detail=error.detail)

    def event_error(self, code: str, message: str = "") -> ProviderError:
        """The error for an error event of a stream that has brought no picture yet.

        Where it is about the account, the task was turned away. A limit may have been met on the way.
        """
        error = self.explain(Fault(200, code, message, paying=True))
        return error if isinstance(error, MisconfiguredError) else self.task_error(code, message)

    def _by_status(self, fault: Fault) -> ProviderError:
        status = fault.status
        if status in {401, 402, 403}:
            # 403 may be about something else than the key.
            kind = {401: KeyRefusedError, 402: NoCreditError}.get(status, MisconfiguredError)
            return operator(f"{BILL if status == 402 else self.key} ({fault.message})", kind)(fault)
        if status in http.TOO_LATE_OR_EARLY and fault.paying:
            return http.lost(fault.detail, paying=True)
        if status in http.TOO_LATE_OR_EARLY | {429}:
            return busy(5)(fault)
        if status in {404, 410} and not fault.paying:
            return TaskExpiredError(detail=fault.detail)
        if status >= 500 or status < 300:
            is_plain_no = status == 503 and fault.retry_after is not None
            return unavailable(fault) if is_plain_no else http.lost(fault.detail, paying=fault.paying)
        return (invalid() if status != 404 else unusable(NO_MODEL))(fault)


def _unpaid(error: ProviderError) -> ProviderError:
    """The error of a query that pays for nothing, as its caller may meet it: the operator must act, or it is busy."""
    if isinstance(error, (ProviderBusyError, MisconfiguredError)):
        return error
    if isinstance(error, (TaskExpiredError, InvalidRequestError, ContentRefusedError)):
        return MisconfiguredError(f"{NO_MODEL} ({error.detail})", detail=error.detail)
    return ProviderUnavailableError(detail=error.detail)


def unreadable(body: bytes | str, *, paying: bool) -> Exception:
    """The error for a successful answer that can't be parsed: the service may have accepted the task."""
    detail = f"not an answer: {body[:200]!r}"
    return http.lost(detail, paying=True) if paying else PassingError(GenerationFailedError(detail=detail))


async def data_uri(reference: Reference) -> str:
    """A reference as `data:image/png;base64,…`."""
    return f"data:{reference.media_type};base64,{await base64_of(reference)}"


async def base64_of(reference: Reference) -> str:
    """A reference as base64."""
    return b64encode(await reference.read()).decode("ascii")


async def address(reference: Reference) -> str:
    """The address of a reference: its URL if the bot can publish, else the picture as a data URI."""
    return reference.url or await data_uri(reference)


def bearer(secret: SecretStr) -> dict[str, str]:
    """The `Authorization` header with a bearer token."""
    return {"Authorization": f"Bearer {secret.get_secret_value()}"}


def error_object(answer: Any) -> tuple[str, str] | None:
    """`{"error": {"message", "type", "param", "code"}}`, as OpenAI and others write it; parts may be missing."""
    error = answer.get("error") if isinstance(answer, dict) else None
    if not error:
        return None
    if not isinstance(error, dict):
        return "", str(error)
    return str(error.get("code") or error.get("type") or ""), str(error.get("message") or "")


def event(data: str, model: type[ModelT]) -> ModelT:
    """Parse a server-sent event of a paid answer. The end mark `[DONE]` gives an empty one."""
    try:
        return model.model_validate(read_json(data.encode())) if data != "[DONE]" else model()
    except ValueError as error:
        raise unreadable(data, paying=True) from error
