"""The gateway before the service: it verifies signatures from the request alone, with no code of the client."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote

from providers.jimeng.simulator.envelopes import Denied

SIGNATURE_SECONDS = 900
"""The time that a signature is valid, before and after its X-Date."""

_AUTHORIZATION = re.compile(
    r"HMAC-SHA256 Credential=(?P<key>[^/\s]+)/(?P<scope>\d{8}/[^/\s]+/[^/\s]+/request), "
    r"SignedHeaders=(?P<headers>[a-z0-9;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Keys:
    """The one account that the simulator knows. `token`: only temporary credentials have one."""

    access: str = "AKLTexampleAccessKeyId0001"
    secret: str = field(default="WVhOa1ptRnpaR1poYzJSbVlYTmtabUZ6WkdZPQ==", repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Raw:
    """A request as received. `headers` must be case-insensitive."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def verify(raw: Raw, keys: Keys, now: datetime) -> None:
    """Raise `Denied` unless the request is signed with these keys, now, for this service."""
    match = _AUTHORIZATION.fullmatch(raw.headers.get("Authorization", ""))
    if match is None:
        if "Authorization" not in raw.headers:
            raise Denied("MissingParameter", 400, "the Authorization header is missing")
        raise Denied("InvalidAuthorization", 400, "the Authorization header is malformed")
    date = _timestamp(raw, now)
    if match["key"] != keys.access:
        raise Denied("InvalidAccessKey", 401, "no such access key")
    if raw.headers.get("X-Security-Token") != keys.token:
        raise Denied("InvalidSecretToken", 401, "the security token is missing, wrong or not expected")
    if match["scope"] != f"{date[:8]}/cn-north-1/cv/request":
        raise Denied("InvalidCredential", 400, f"the scope {match['scope']} is not of this day, region and service")
    expected = _signature(raw, keys.secret, date, match["scope"], _signed_names(raw, match["headers"]))
    if not hmac.compare_digest(expected, match["signature"]):
        raise Denied("SignatureDoesNotMatch", 401, "the signature is not the one calculated from this request")


def _timestamp(raw: Raw, now: datetime) -> str:
    text = raw.headers.get("X-Date", "")
    try:
        date = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise Denied("InvalidTimestamp", 400, "X-Date is missing or not like 20260115T083000Z") from error
    if abs((now - date).total_seconds()) > SIGNATURE_SECONDS:
        raise Denied("InvalidTimestamp", 403, f"X-Date is more than {SIGNATURE_SECONDS} s from now")
    return text


def _signed_names(raw: Raw, listed: str) -> list[str]:
    names = listed.split(";")
    needed = {"host", "content-type"} | {name.lower() for name in raw.headers if name.lower().startswith("x-")}
    if names != sorted(set(names)) or not needed <= set(names):
        raise Denied("SignatureDoesNotMatch", 401, f"SignedHeaders must be sorted and hold {sorted(needed)}")
    return names


def _signature(raw: Raw, secret: str, date: str, scope: str, names: list[str]) -> str:
    digest = hashlib.sha256(raw.body).hexdigest()
    if raw.headers.get("X-Content-Sha256") != digest:
        raise Denied("SignatureDoesNotMatch", 401, "X-Content-Sha256 is not the hash of the body")
    pairs = sorted(parse_qsl(raw.query, keep_blank_values=True, strict_parsing=bool(raw.query)))
    query = "&".join(quote(name, safe="-_.~") + "=" + quote(value, safe="-_.~") for name, value in pairs)
    lines = "".join(f"{name}:{raw.headers.get(name, '').strip()}\n" for name in names)
    canonical = f"{raw.method}\n{raw.path}\n{query}\n{lines}\n{';'.join(names)}\n{digest}"
    text = f"HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = secret.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()
