"""The codes of Ark's errors. Document: docs/82379/1299023."""

from collections.abc import Mapping

from providers.errors import MisconfiguredError, ProviderError
from providers.faults import Fault, Maker, busy, failed, invalid, key_refused, no_credit, operator, refused, unusable
from providers.unfetched import unfetched

KEY = "create an API key in the Ark console (API Key 管理) and set it as providers.ark.api_key"
_MODEL = unusable("activate the model in the Ark console (开通管理), or leave it out of providers.ark.models")
_CREDIT = no_credit("the account has unpaid bills or no balance: settle them in the Volcengine console")
_BUSY = busy(5)

TABLE: Mapping[str, Maker] = {
    # Suffixes tell more: `InputTextSensitiveContentDetected.PolicyViolation`.
    "AuthenticationError": key_refused(KEY),
    "InvalidAccountStatus": operator("the account is blocked or not verified: see the Volcengine console"),
    "AccessDenied": unusable("the key may not use this model: check its permissions in the Ark console"),
    "AccountOverdueError": _CREDIT,
    "InvalidSubscription": _CREDIT,
    "OperationDenied.ServiceOverdue": _CREDIT,
    "OperationDenied.ServiceNotOpen": _MODEL,
    "ModelNotOpen": _MODEL,
    "InvalidEndpoint": unusable("the inference endpoint is closed or doesn't exist: check it in the Ark console"),
    "InvalidEndpointOrModel": _MODEL,
    "InputTextSensitiveContentDetected": refused("prompt"),
    "InputTextRiskDetection": refused("prompt"),
    "InputImageSensitiveContentDetected": refused("reference"),
    "InputImageRiskDetection": refused("reference"),
    "OutputImageSensitiveContentDetected": refused("result"),
    "OutputImageRiskDetection": refused("result"),
    "SensitiveContentDetected": refused("prompt"),
    "InvalidParameter": unfetched(invalid()),
    "MissingParameter": invalid(),
    "RateLimitExceeded": _BUSY,
    "RequestBurstTooFast": _BUSY,
    "SetLimitExceeded": unusable("the account's own limit for this model is reached: raise it in the Ark console"),
    "QuotaExceeded": _CREDIT,
    "ServerOverloaded": _BUSY,
    "InternalServiceError": failed,
}


class UnknownModelError(MisconfiguredError):
    """The account can't use one of the models. Raised while `check` asks for each."""


def _unknown(fault: Fault) -> ProviderError:
    return UnknownModelError(f"{fault.code}: {fault.message}", detail=fault.detail)


CHECK_TABLE: Mapping[str, Maker] = {
    **TABLE,
    **dict.fromkeys(
        ("AccessDenied", "OperationDenied.ServiceNotOpen", "ModelNotOpen", "InvalidEndpoint", "InvalidEndpointOrModel"),
        _unknown,
    ),
}
"""The same, where one model is asked for."""
