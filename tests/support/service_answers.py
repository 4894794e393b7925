"""Answers of real services that mean trouble, and the class of each."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from providers.ark import Ark
from providers.ark.simulator import ArkSimulator
from providers.dashscope import DashScope
from providers.dashscope.simulator import DashScopeSimulator
from providers.errors import (
    ContentRefusedError,
    GenerationFailedError,
    InvalidRequestError,
    MisconfiguredError,
    NoCreditError,
    OutcomeUnknownError,
    ProviderBusyError,
    ProviderError,
    TaskExpiredError,
    UnusableModelError,
)
from providers.fal import Fal
from providers.fal.simulator import FalSimulator
from providers.replicate import Replicate
from providers.replicate.simulator import ReplicateSimulator
from providers.unfetched import UnfetchedReferenceError

SENT = "submit"
PRO = "doubao-seedream-5-0-pro-260628"
LITE = "doubao-seedream-5-0-260128"
"""A model of Ark that makes sets."""
HAS_LITE = {LITE: {"ends": "never"}}
SET_OF_TWO = {"set": 2, "model": LITE}
SERVICES: Mapping[type[Any], tuple[type[Any], dict[str, Any]]] = {
    Ark: (ArkSimulator, {"api_key": "{key}", "endpoint": "{url}/api/v3", "models": [PRO, LITE], "limits": HAS_LITE}),
    DashScope: (DashScopeSimulator, {"api_key": "{key}", "endpoint": "{url}/api/v1"}),
    Fal: (FalSimulator, {"key": "{key}", "endpoint": "{url}", "catalogue": "{url}/v1"}),
    Replicate: (ReplicateSimulator, {"token": "{key}", "endpoint": "{url}/v1"}),
}


class Row(NamedTuple):
    """An answer to the call `action`, and its class. `what`: a refusal is about it."""

    provider: type[Any]
    action: str
    status: int
    body: Any
    expected: type[ProviderError]
    paid: bool | None = False
    what: str = ""
    headers: Mapping[str, str] = MappingProxyType({})


def ark(code: str, message: str = "words") -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "param": "", "type": "BadRequest"}}


def dashscope(code: str, message: str = "words") -> dict[str, Any]:
    return {"code": code, "message": message, "request_id": "r1"}


def dashscope_task(**output: Any) -> dict[str, Any]:
    return {"output": {"task_id": "t1", **output}, "request_id": "r1"}


def fal(kind: str, *where: str | int) -> dict[str, Any]:
    return {"detail": [{"loc": ["body", *where], "msg": "words", "type": kind, "ctx": {}}]}


def fal_request(kind: str) -> dict[str, Any]:
    return {"detail": "It did not work.", "error_type": kind}


def prediction(**values: Any) -> dict[str, Any]:
    given = {"id": "p1", "model": "google/nano-banana-2", "version": "hidden", "output": None, "error": None}
    return {**given, **values}


ANSWERS = [
    Row(Ark, SENT, 400, ark("InputTextSensitiveContentDetected.PolicyViolation"), ContentRefusedError, what="prompt"),
    Row(Ark, SENT, 400, ark("SensitiveContentDetected.SevereViolation"), ContentRefusedError, what="prompt"),
    Row(Ark, SENT, 400, ark("InputTextRiskDetection"), ContentRefusedError, what="prompt"),
    Row(
        Ark,
        SENT,
        400,
        ark("InputImageSensitiveContentDetected.PrivacyInformation"),
        ContentRefusedError,
        what="reference",
    ),
    Row(Ark, SENT, 400, ark("InputImageRiskDetection"), ContentRefusedError, what="reference"),
    Row(Ark, SENT, 400, ark("OutputImageSensitiveContentDetected.DeepFake"), ContentRefusedError, None, what="result"),
    Row(Ark, SENT, 400, ark("OutputImageRiskDetection"), ContentRefusedError, None, what="result"),
    Row(Ark, SENT, 400, ark("InvalidParameter.OversizedImage"), InvalidRequestError),
    Row(Ark, SENT, 400, ark("InvalidParameter", "image: Timeout while downloading url=x"), UnfetchedReferenceError),
    Row(Ark, SENT, 400, ark("InvalidEndpoint.ClosedEndpoint"), UnusableModelError),
    Row(Ark, SENT, 404, ark("InvalidEndpointOrModel.ModelIDAccessDisabled"), UnusableModelError),
    Row(Ark, SENT, 429, ark("SetLimitExceeded"), UnusableModelError),
    Row(Ark, SENT, 403, ark("AccountOverdueError"), NoCreditError),
    Row(Ark, SENT, 403, ark("OperationDenied.ServiceOverdue"), NoCreditError),
    Row(Ark, SENT, 429, ark("RateLimitExceeded.EndpointRPMExceeded"), ProviderBusyError),
    Row(Ark, SENT, 408, {"unheard": "of"}, OutcomeUnknownError, None),
    Row(Ark, SENT, 200, {"data": None, "error": None}, GenerationFailedError, None),
    Row(
        Ark,
        SENT,
        200,
        {"data": [{"error": {"code": "OutputImageSensitiveContentDetected.DeepFake", "message": "x"}}]},
        ContentRefusedError,
        None,
        what="result",
    ),
    Row(DashScope, SENT, 429, dashscope("PrepaidBillOverdue"), NoCreditError),
    Row(DashScope, SENT, 429, dashscope("PostpaidBillOverdue"), NoCreditError),
    Row(DashScope, SENT, 429, dashscope("CommodityNotPurchased"), MisconfiguredError),
    Row(DashScope, SENT, 400, dashscope("Arrearage"), NoCreditError),
    Row(DashScope, SENT, 429, dashscope("Throttling.AllocationQuota"), ProviderBusyError),
    Row(DashScope, SENT, 400, dashscope("InvalidURL.Timeout"), UnfetchedReferenceError),
    Row(DashScope, SENT, 400, dashscope("InvalidParameter.DataInspection"), UnfetchedReferenceError),
    Row(
        DashScope,
        SENT,
        400,
        dashscope("InvalidParameter", "Failed to download the image url"),
        UnfetchedReferenceError,
    ),
    Row(
        DashScope,
        "result",
        200,
        dashscope_task(
            task_status="FAILED",
            code="DataInspectionFailed",
            message="Output data may contain inappropriate content.",
            results=None,
        ),
        ContentRefusedError,
        None,
        what="result",
    ),
    Row(
        DashScope,
        "result",
        200,
        dashscope_task(
            task_status="FAILED", code="DataInspectionFailed", message="Input text data may contain bad content."
        ),
        ContentRefusedError,
        None,
        what="prompt",
    ),
    Row(DashScope, "result", 200, dashscope_task(task_status="SUCCEEDED", results=None), GenerationFailedError, None),
    Row(Fal, "fetch", 504, fal_request("request_timeout"), GenerationFailedError),
    Row(Fal, "fetch", 503, fal_request("runner_disconnected"), GenerationFailedError),
    Row(Fal, "fetch", 500, fal_request("internal_error"), GenerationFailedError),
    Row(Fal, "fetch", 500, fal("internal_server_error"), GenerationFailedError),
    Row(
        Fal,
        "fetch",
        504,
        {"detail": "Request timed out"},
        GenerationFailedError,
        headers={"X-Fal-Error-Type": "request_timeout"},
    ),
    Row(Fal, "fetch", 422, fal("content_policy_violation", "prompt"), ContentRefusedError, None, what="prompt"),
    Row(
        Fal, "fetch", 422, fal("content_policy_violation", "image_urls", 0), ContentRefusedError, None, what="reference"
    ),
    Row(Fal, "fetch", 422, fal("file_download_error", "image_urls", 0), UnfetchedReferenceError, None),
    Row(Fal, "fetch", 422, fal("value_error", "prompt"), InvalidRequestError, None),
    Row(
        Fal,
        "fetch",
        200,
        {"images": [{"url": "https://pictures/1"}], "has_nsfw_concepts": [True]},
        ContentRefusedError,
        True,
        what="result",
    ),
    Row(Fal, "fetch", 200, {"images": None}, GenerationFailedError, None),
    Row(Fal, SENT, 403, {"detail": "User is locked. Reason: Exhausted balance."}, NoCreditError),
    Row(Replicate, SENT, 402, {"title": "Insufficient credit", "detail": "Insufficient credit."}, NoCreditError),
    Row(Replicate, SENT, 402, {"detail": "You have no money.", "status": 402}, NoCreditError),
    Row(Replicate, "result", 200, prediction(status="succeeded", data_removed=True), TaskExpiredError, None),
    Row(Replicate, "result", 200, prediction(status="succeeded", data_removed=None), GenerationFailedError, None),
    Row(
        Replicate,
        "result",
        200,
        prediction(status="failed", error="Failed to download image: connection timed out"),
        UnfetchedReferenceError,
        None,
    ),
    Row(
        Replicate,
        "result",
        200,
        prediction(status="failed", error="cannot identify image file"),
        InvalidRequestError,
        None,
    ),
]
