"""The addresses in fal's tickets."""

import pytest

from providers.base import is_ticket
from providers.fal.addresses import Addresses, ticket_of

QUEUE = "https://queue.fal.run"
NONE = ("", "", "")


def addresses(endpoint: str, *given: str) -> Addresses:
    ticket = ticket_of(endpoint, "google/nano-banana-2.1/edit", "7a", given)
    assert is_ticket(ticket)
    return Addresses.of(endpoint, ticket)


def test_the_service_names_them() -> None:
    given = [f"{QUEUE}/v2/7a/{name}?x=1" for name in ("state", "result", "stop")]
    assert addresses(QUEUE, *given) == Addresses(*given)


def test_without_names_they_are_the_usual_ones() -> None:
    base = f"{QUEUE}/google/nano-banana-2.1/requests/7a"
    assert addresses(QUEUE, *NONE) == Addresses(f"{base}/status", base, f"{base}/cancel")


def test_tickets_of_earlier_versions() -> None:
    base = f"{QUEUE}/fal-ai/flux/requests/7a"
    assert Addresses.of(QUEUE, "fal-ai/flux/dev#7a") == Addresses(f"{base}/status", base, f"{base}/cancel")


@pytest.mark.parametrize(
    "host", ["https://thief.example", "http://queue.fal.run", "https://queue.fal.run@thief.example"]
)
def test_the_key_goes_to_the_endpoint_only(host: str) -> None:
    found = addresses(QUEUE, f"{host}/a/status", f"{host}/a", f"{host}/a/cancel")
    assert found == Addresses(f"{QUEUE}/a/status", f"{QUEUE}/a", f"{QUEUE}/a/cancel")


@pytest.mark.parametrize("given", ["https://queue.fal.run/a", "https://proxy.example/fal/a"])
def test_a_proxy_with_a_path(given: str) -> None:
    endpoint = "https://proxy.example/fal"
    assert addresses(endpoint, given, "", "").status == f"{endpoint}/a"


@pytest.mark.parametrize(
    "given", ["nonsense", "https://[", f"{QUEUE}/two words", f"{QUEUE}/a\u0000", "//", "@thief.example/a"]
)
def test_what_is_no_address_is_not_used(given: str) -> None:
    assert addresses(QUEUE, given, "", "").status == f"{QUEUE}/google/nano-banana-2.1/requests/7a/status"
