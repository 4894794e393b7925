"""The signature against the official vectors and, for anything else, against the official signer."""

from collections import OrderedDict
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from volcengine.auth.SignerV4 import SignerV4
from volcengine.auth.SignParam import SignParam
from volcengine.Credentials import Credentials

from providers.jimeng.signing import canonical_query, sign

ACCESS = "AKLTexampleAccessKeyId0001"
SECRET = "WVhOa1ptRnpaR1poYzJSbVlYTmtabUZ6WkdZPQ=="
HOST = "visual.volcengineapi.com"
SUBMIT = {"Action": "CVSync2AsyncSubmitTask", "Version": "2022-08-31"}
RESULT = {"Action": "CVSync2AsyncGetResult", "Version": "2022-08-31"}
TOKEN = "STS2eyJ0ZXN0IjoidG9rZW4ifQ=="

WATERMARKED = (
    r'{"req_key":"jimeng_t2i_v40","task_id":"7392616336519610409",'
    r'"req_json":"{\"return_url\":true,\"logo_info\":{\"add_logo\":true,\"logo_text_content\":\"明水印\"}}"}'
)
VECTORS = [
    (
        datetime(2026, 1, 15, 8, 30, tzinfo=UTC),
        SUBMIT,
        '{"req_key":"jimeng_t2i_v40","prompt":"a red fox","force_single":true}',
        None,
        "1e1ce9a17300250ee397c055900dfe5f42130608acbdfdcd41639962ce556f72",
    ),
    (
        datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC),
        RESULT,
        WATERMARKED,
        None,
        "dccc90ccab7e4147c12a24c3c4678561741f181ba07687b8ad5bf81071c4769b",
    ),
    (
        datetime(2026, 3, 1, tzinfo=UTC),
        {**SUBMIT, "X-Extra": "a b+c/~*"},
        '{"req_key":"jimeng_t2i_v40","prompt":"猫"}',
        TOKEN,
        "c8babfb3ec75a677d95d0a9babba60bd358dfa95a545725e58d47997595b7e3f",
    ),
]


@pytest.mark.parametrize(("now", "query", "body", "token", "signature"), VECTORS, ids="ABC")
def test_official_vectors(now: datetime, query: dict[str, str], body: str, token: str | None, signature: str) -> None:
    headers = sign(
        host=HOST,
        query=query,
        body=body.encode(),
        access_key=ACCESS,
        secret_key=SECRET,
        session_token=token,
        now=now,
    )
    names = "content-type;host;x-content-sha256;x-date" + (";x-security-token" if token else "")
    assert headers["Authorization"] == (
        f"HMAC-SHA256 Credential={ACCESS}/{now:%Y%m%d}/cn-north-1/cv/request, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    assert headers.get("X-Security-Token") == token


def test_the_body_is_hashed_as_it_is_sent() -> None:
    now, query, body, _, _ = VECTORS[0]
    headers = sign(host=HOST, query=query, body=body.encode(), access_key=ACCESS, secret_key=SECRET, now=now)
    assert headers["X-Content-Sha256"] == "832b73d6bc94d86b59ed8c290d9133d4b03145e3fa21ec59b044541ab9f92682"
    assert headers["X-Date"] == "20260115T083000Z"


def test_a_space_in_the_query_is_percent_20() -> None:
    assert canonical_query({"b": "a b+c/~*", "a": "猫"}) == "a=%E7%8C%AB&b=a%20b%2Bc%2F~%2A"


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20)
plain = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="/,"), min_size=1, max_size=40)


@given(
    query=st.dictionaries(words.filter(bool), words, max_size=4),
    body=words,
    access=plain,
    secret=plain,
    token=st.none() | plain,
    now=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
    host=st.sampled_from([HOST, "127.0.0.1:8081", "localhost"]),
)
def test_the_official_signer_agrees(
    query: dict[str, str], body: str, access: str, secret: str, token: str | None, now: datetime, host: str
) -> None:
    param = SignParam()
    param.set_method("POST")
    param.set_host(host)
    param.set_query(OrderedDict(query))
    param.set_body(body)
    param.set_date(now)
    param.set_header_list(OrderedDict({"Content-Type": "application/json", "Host": host}))
    official = SignerV4.sign_only(param, Credentials(access, secret, "cv", "cn-north-1", token or ""))
    ours = sign(
        host=host,
        query=query,
        body=body.encode(),
        access_key=access,
        secret_key=secret,
        session_token=token,
        now=now,
    )
    assert ours["Authorization"] == official.authorization
