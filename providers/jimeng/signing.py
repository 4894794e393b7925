"""Volcengine's HMAC-SHA256 request signature ("V4"), checked against the official signer.

Two differences from the AWS signature it resembles: the key starts from the raw secret, and the scope ends in
`request`. Source: the official packages `volcengine` 1.0.229 and `volcengine-python-sdk` 5.0.54.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from functools import reduce
from urllib.parse import quote

REGION = "cn-north-1"
SERVICE = "cv"
_ALGORITHM = "HMAC-SHA256"


def canonical_query(query: Mapping[str, str]) -> str:
    """The query as it is signed and sent: sorted, RFC 3986 encoding (a space is `%20`)."""
    return "&".join(f"{quote(name, safe='-_.~')}={quote(query[name], safe='-_.~')}" for name in sorted(query))


def sign(
    *,
    host: str,
    query: Mapping[str, str],
    body: bytes,
    access_key: str,
    secret_key: str,
    now: datetime,
    session_token: str | None = None,
    content_type: str = "application/json",
) -> dict[str, str]:
    """The headers of a signed `POST /`: send exactly these with exactly this body and `canonical_query(query)`.

    `host`: as in the Host header, with the port unless it is the scheme's own. `now`: in UTC.
    """
    date = now.strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(body).hexdigest()
    headers = {"Content-Type": content_type, "Host": host, "X-Content-Sha256": digest, "X-Date": date}
    if session_token:
        headers["X-Security-Token"] = session_token
    lines = sorted((name.lower(), value) for name, value in headers.items())
    signed = ";".join(name for name, _ in lines)
    request = "\n".join(
        ["POST", "/", canonical_query(query), *(f"{name}:{value}" for name, value in lines), "", signed, digest]
    )
    scope = f"{date[:8]}/{REGION}/{SERVICE}/request"
    text = "\n".join([_ALGORITHM, date, scope, hashlib.sha256(request.encode()).hexdigest()])
    signature = _hmac(reduce(_hmac, scope.split("/"), secret_key.encode()), text).hex()
    headers["Authorization"] = (
        f"{_ALGORITHM} Credential={access_key}/{scope}, SignedHeaders={signed}, Signature={signature}"
    )
    return headers


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
