"""The codes of DashScope's errors. Document: help.aliyun.com/zh/model-studio/error-code."""

import re
from collections.abc import Mapping
from typing import Any

from providers import http
from providers.errors import MisconfiguredError, ProviderError
from providers.faults import (
    Fault,
    Maker,
    busy,
    failed,
    invalid,
    key_refused,
    no_credit,
    operator,
    refused,
    unusable,
    when,
)
from providers.unfetched import UnfetchedReferenceError, unfetched

KEY = "create an API key in the Model Studio console (百炼) and set it as providers.dashscope.api_key"
_CREDIT = no_credit("the account has unpaid bills: settle them in the Alibaba Cloud console")
_NOT_BOUGHT = operator("activate Model Studio (百炼) for this account")
_NO_MODEL = unusable("there is no such model: check providers.dashscope.models")
_DENIED = unusable("the account may not use this model: activate it in the Model Studio console")
_BUSY = busy(5)
_MODEL_MISSING = re.compile("model .*not (exist|found|support)|no such model", re.IGNORECASE)
_NO_TASKS = re.compile("not support asynchronous|url error, please check url", re.IGNORECASE)
"""The model makes no tasks at all, or none at this address."""


class NoTasksError(MisconfiguredError):
    """The service refuses to make a task, and took nothing: this model only answers with the picture."""


class UnknownModelError(MisconfiguredError):
    """The account can't use one of the models. Raised while `check` asks for each."""


def _inspected(fault: Fault) -> ProviderError:
    """One code for all that moderation refuses: the words tell of the prompt, a reference or the result."""
    words = fault.message.lower()
    if "output" in words and "input" not in words:
        return refused("result")(fault)
    return refused("reference" if "image" in words else "prompt")(fault)


def _unfetched(fault: Fault) -> ProviderError:
    return UnfetchedReferenceError(detail=fault.detail)


def _no_tasks(fault: Fault) -> ProviderError:
    if fault.status < 300:
        # Only the status is sure to mean that nothing was taken, so that the picture may be asked for at once.
        return http.lost(fault.detail, paying=fault.paying)
    return NoTasksError(f"the model makes no tasks: {fault.message}", detail=fault.detail)


def _unknown(fault: Fault) -> ProviderError:
    return UnknownModelError(fault.message, detail=fault.detail)


TABLE: Mapping[str, Maker] = {
    "InvalidApiKey": key_refused(KEY),
    "InvalidParameter": when(_MODEL_MISSING, _NO_MODEL, unfetched(invalid())),
    "InvalidParameter.DataInspection": _unfetched,
    "InvalidURL": _unfetched,
    "DataInspectionFailed": _inspected,
    "data_inspection_failed": _inspected,
    "IPInfringementSuspect": refused("prompt"),
    "Arrearage": _CREDIT,
    "PrepaidBillOverdue": _CREDIT,
    "PostpaidBillOverdue": _CREDIT,
    "CommodityNotPurchased": _NOT_BOUGHT,
    "AccessDenied": _DENIED,
    "AccessDenied.Unpurchased": _NOT_BOUGHT,
    "AllocationQuota.FreeTierOnly": _CREDIT,
    "ModelNotFound": _NO_MODEL,
    "Throttling": _BUSY,
    "InternalError": failed,
    "InternalError.Algo.DataInspectionFailed": _inspected,
}
SUBMIT_TABLE: Mapping[str, Maker] = {
    **TABLE,
    "AccessDenied": when(_NO_TASKS, _no_tasks, _DENIED),
    "InvalidParameter": when(_NO_TASKS, _no_tasks, TABLE["InvalidParameter"]),
}
"""The same, where a task is submitted."""
CHECK_TABLE: Mapping[str, Maker] = {
    **TABLE,
    "InvalidParameter": when(_MODEL_MISSING, _unknown, invalid()),
    "AccessDenied": when(_NO_TASKS, invalid(), _unknown),
    "ModelNotFound": _unknown,
}
"""The same, where one model is asked for."""


def read_error(answer: Any) -> tuple[str, str] | None:
    """`{"code", "message", "request_id"}`."""
    if not isinstance(answer, dict) or not isinstance(answer.get("code"), str) or not answer["code"]:
        return None
    return answer["code"], str(answer.get("message") or "")
