"""Checks over all contract suites: providers without one, and cases overridden without a reason."""

from collections.abc import Iterable, Iterator
from typing import Any

from providers.base import Provider
from providers.testing.contract import ProviderContract


def gaps(providers: Iterable[type[Provider[Any, Any]]], suites: Iterable[object]) -> list[str]:
    """One sentence for each provider without a suite, and for each case that a suite overrides or drops without a
    docstring of its own that says why. `suites`: classes; those that are no suites are ignored."""
    found = [one for one in suites if isinstance(one, type) and issubclass(one, ProviderContract)]
    tested = {suite.provider for suite in found if hasattr(suite, "provider")}
    missing = [f"{one.__name__} has no suite that inherits ProviderContract" for one in providers if one not in tested]
    return missing + [words for suite in found for words in _silent(suite)]


def _silent(suite: type[ProviderContract]) -> Iterator[str]:
    for name, case in vars(suite).items():
        inherited = getattr(ProviderContract, name, None)
        if (
            name.startswith("test_")
            and inherited is not None
            and suite is not ProviderContract
            and getattr(case, "__doc__", None) in {None, "", inherited.__doc__}
        ):
            yield f"{suite.__name__}.{name} overrides a case of the contract without a docstring that says why"
