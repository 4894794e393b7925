"""The two envelopes of the service's answers, and the exceptions that refuse a call."""

import secrets
from dataclasses import dataclass
from datetime import datetime

SUCCESS = 10000

MESSAGES = {
    SUCCESS: "Success",
    50200: "Invalid parameter",
    50201: "Missing parameter",
    50204: "req_key is not supported",
    50205: "Image size exceeds limit",
    50206: "Image is empty",
    50207: "Image decode error",
    50213: "Request body is too large",
    50215: "Input invalid for this service.",
    50400: "Access Denied",
    50411: "Pre Img Risk Not Pass",
    50412: "Text Risk Not Pass",
    50413: "Post Text Risk Not Pass",
    50429: "Request Has Reached API Limit, Please Try Later",
    50430: "Request Has Reached API Concurrent Limit, Please Try Later",
    50500: "Internal Error",
    50501: "Internal RPC Error",
    50511: "Post Img Risk Not Pass",
    50512: "Post Text Risk Not Pass",
    50518: "Pre Img Risk Not Pass: Copyright",
    50519: "Post Img Risk Not Pass: Copyright",
    50520: "Risk Internal Error",
    50521: "Antidirt Internal Error",
    50522: "Image Copyright Internal Error",
}
_STATUS = {SUCCESS: 200, 50400: 401, 50429: 429, 50430: 429, 50500: 500, 50501: 500}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is sent: HTTP status and JSON."""

    status: int
    payload: dict[str, object]


class Refusal(Exception):
    """The service refuses a call with one of its codes; `message` gives the reason."""

    def __init__(self, code: int, message: str = "") -> None:
        self.code = code
        self.message = f"{MESSAGES[code]}: {message}" if message else MESSAGES[code]
        super().__init__(self.message)


class Denied(Exception):
    """The gateway refuses a call before it reaches the service: a name, its HTTP status, and the reason."""

    def __init__(self, name: str, status: int, message: str) -> None:
        self.name, self.status, self.message = name, status, message
        super().__init__(f"{name}: {message}")


def answer(code: int, data: dict[str, object] | None, now: datetime, message: str = "") -> Reply:
    """The service's own envelope. With any code but success the service sends null for `data`."""
    payload: dict[str, object] = {
        "code": code,
        "data": data,
        "message": message or MESSAGES[code],
        "request_id": _request_id(now),
        "status": code,
        "time_elapsed": "1.5ms",
    }
    return Reply(_STATUS.get(code, 400), payload)


def denial(error: Denied, action: str, version: str, now: datetime) -> Reply:
    """The gateway's envelope. Of its numbers only 100010 is known."""
    fault: dict[str, object] = {"Code": error.name, "Message": error.message}
    if error.name == "SignatureDoesNotMatch":
        fault["CodeN"] = 100010
    metadata = {
        "RequestId": _request_id(now),
        "Action": action,
        "Version": version,
        "Service": "cv",
        "Region": "cn-north-1",
        "Error": fault,
    }
    return Reply(error.status, {"ResponseMetadata": metadata})


def _request_id(now: datetime) -> str:
    return now.strftime("%Y%m%d%H%M%S") + secrets.token_hex(10).upper()
