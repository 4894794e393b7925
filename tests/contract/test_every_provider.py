"""Every provider has a contract suite, and every skipped case has a reason."""

from typing import Any

import pytest

from providers.base import Provider
from providers.registry import discover
from providers.testing import gaps
from tests.contract import test_more_providers, test_new_providers, test_providers
from tests.support.fakes import FakeProvider

SUITES = [
    suite for module in (test_more_providers, test_new_providers, test_providers) for suite in vars(module).values()
]


def in_tree() -> list[type[Provider[Any, Any]]]:
    return [entry.load() for entry in discover().values() if entry.value.startswith("providers.")]


def test_every_provider_in_this_tree_is_tested() -> None:
    assert in_tree(), "the package is not installed: its entry points are missing"
    assert gaps(in_tree(), SUITES) == []


def test_one_without_a_suite_is_found() -> None:
    assert gaps([FakeProvider], SUITES) == ["FakeProvider has no suite that inherits ProviderContract"]


@pytest.mark.parametrize(("words", "found"), [(None, 1), ("It can't be closed, because…", 0)])
def test_a_case_that_is_left_out_silently_is_found(words: str | None, found: int) -> None:
    async def left_out(self: object) -> None:
        pass

    left_out.__doc__ = words
    assert len(gaps([], [type("TestSilent", (test_providers.TestJimeng,), {"test_close": left_out})])) == found
