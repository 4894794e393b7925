"""The DashScope provider: submits tasks and polls them."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from providers import http
from providers.base import Capabilities, Finished, ImageRequest, Picture, Queued, Working
from providers.dashscope.options import SIZES, DashScopeOptions, DashScopeSettings
from providers.errors import GenerationFailedError, InvalidRequestError, ProviderError, TaskExpiredError
from providers.json_api import Fault, Maker, Rest, bearer, busy, failed, invalid, operator, refused
from providers.polling import PollingProvider
from providers.unfetched import UnfetchedReferenceError, unfetched
from providers.wire import Items, WireModel

KEY = "create an API key in the Model Studio console (百炼) and set it as providers.dashscope.api_key"
_CREDIT = operator("the account has unpaid bills: settle them in the Alibaba Cloud console")
_NOT_BOUGHT = operator("activate Model Studio (百炼) for this account")
_BUSY = busy(5)


def _inspected(fault: Fault) -> ProviderError:
    """One code for all that moderation refuses: the words tell of the prompt, a reference or the result."""
    words = fault.message.lower()
    if "output" in words and "input" not in words:
        return refused("result")(fault)
    return refused("reference" if "image" in words else "prompt")(fault)


def _unfetched(fault: Fault) -> ProviderError:
    return UnfetchedReferenceError(detail=fault.detail)


TABLE: Mapping[str, Maker] = {
    # help.aliyun.com/zh/model-studio/error-code
    "InvalidApiKey": operator(KEY),
    "InvalidParameter": unfetched(invalid()),
    "InvalidParameter.DataInspection": _unfetched,
    "InvalidURL": _unfetched,
    "DataInspectionFailed": _inspected,
    "data_inspection_failed": _inspected,
    "IPInfringementSuspect": refused("prompt"),
    "Arrearage": _CREDIT,
    "PrepaidBillOverdue": _CREDIT,
    "PostpaidBillOverdue": _CREDIT,
    "CommodityNotPurchased": _NOT_BOUGHT,
    "AccessDenied": operator("the account may not use this model: activate it in the Model Studio console"),
    "AccessDenied.Unpurchased": _NOT_BOUGHT,
    "AllocationQuota.FreeTierOnly": _CREDIT,
    "ModelNotFound": operator("there is no such model: check providers.dashscope.models"),
    "Throttling": _BUSY,
    "InternalError": failed,
    "InternalError.Algo.DataInspectionFailed": _inspected,
}

Request = ImageRequest[DashScopeOptions]


class _Result(WireModel):
    url: str | None = None
    code: str | None = None
    message: str | None = None


class _Output(WireModel):
    task_id: str = Field(min_length=1)
    task_status: str
    code: str | None = None
    message: str | None = None
    results: Items[_Result] = Field(default_factory=list)


class _Answer(BaseModel):
    output: _Output


class DashScope(PollingProvider[DashScopeSettings, DashScopeOptions]):
    """Qwen-Image and Wan."""

    title: ClassVar[str] = "DashScope"
    Settings = DashScopeSettings
    Options = DashScopeOptions
    capabilities = Capabilities(prompt_length=800, pictures=4, cancels=True)

    @cached_property
    def rest(self) -> Rest:
        """The service's calls."""
        return Rest(self.session, bearer(self.settings.api_key), read_error, TABLE, KEY)

    @cached_property
    def submitting(self) -> Rest:
        """The calls with the header that makes the service create a task."""
        return replace(self.rest, headers={**self.rest.headers, "X-DashScope-Async": "enable"})

    def model_name(self, options: DashScopeOptions) -> str:
        """The model's own name: "qwen-image"."""
        return options.model

    def split(self, request: Request) -> tuple[Request, ...]:
        """Make one task for each picture, also with Wan: Qwen-Image makes one picture at a time."""
        return (request.with_options(n=1),) * request.options.n

    async def submit(self, request: Request) -> str:
        """Submit a task."""
        options = request.options
        sizes = SIZES["qwen" if options.model.startswith("qwen") else "wan"]
        parameters: dict[str, object] = {"size": sizes[options.ar], "n": 1, "watermark": self.settings.watermark}
        if options.seed is not None:
            parameters["seed"] = options.seed
        words = {"prompt": request.prompt} | ({"negative_prompt": options.avoid} if options.avoid else {})
        payload = {"model": options.model, "input": words, "parameters": parameters}
        url = f"{self.settings.endpoint}/services/aigc/text2image/image-synthesis"
        answer = await self.submitting.call("POST", url, _Answer, payload, paying=True, timeout=http.SUBMIT_TIMEOUT)
        return answer.output.task_id

    async def ask(self, request: Request, ticket: str) -> Queued | Working | Finished:
        """Query the state. A successful answer can contain a failure (`output.code`)."""
        output = (await self.rest.call("GET", self._task(ticket), _Answer)).output
        match output.task_status:
            case "PENDING":
                return Queued()
            case "SUCCEEDED":
                return Finished(self._pictures(output))
            case "FAILED":
                raise self.rest.task_error(output.code or "", output.message or "")
            case "CANCELED":
                raise GenerationFailedError(detail=f"task {ticket} was cancelled", paid=False)
            case "UNKNOWN":
                raise TaskExpiredError(detail=f"task {ticket} is not known")
            case _:
                return Working()

    async def cancel(self, ticket: str) -> bool:
        """Cancel a task that still waits."""
        return await self.rest.is_done("POST", f"{self._task(ticket)}/cancel", _Cancelled)

    async def check(self) -> None:
        """Query a task that doesn't exist: "not found" proves the key."""
        await self.rest.check(
            self._task("00000000-0000-0000-0000-000000000000"), _Answer, TaskExpiredError, InvalidRequestError
        )

    def _task(self, ticket: str) -> str:
        return f"{self.settings.endpoint}/tasks/{ticket}"

    def _pictures(self, output: _Output) -> tuple[Picture, ...]:
        found = tuple(Picture(url=one.url) for one in output.results if one.url)
        if not found:
            first = output.results[0] if output.results else _Result()
            raise self.rest.task_error(first.code or "", first.message or "")
        return found


class _Cancelled(BaseModel):
    request_id: str | None = None


def read_error(answer: Any) -> tuple[str, str] | None:
    """`{"code", "message", "request_id"}`."""
    if not isinstance(answer, dict) or not isinstance(answer.get("code"), str) or not answer["code"]:
        return None
    return answer["code"], str(answer.get("message") or "")
