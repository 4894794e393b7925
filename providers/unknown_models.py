"""`check` for services with many models: which of the configured ones the service doesn't know."""

from collections.abc import Iterable

from pydantic import BaseModel

from providers.errors import MisconfiguredError, ProviderBusyError, TaskExpiredError
from providers.json_api import Rest
from providers.polling import PassingError


async def is_known(rest: Rest, url: str, answer: type[BaseModel]) -> bool:
    """Whether a service has what this address names. Raises `ProviderError`s of the account or the network."""
    try:
        await rest.call("GET", url, answer)
    except TaskExpiredError:  # its HTTP status is 404 or 410
        return False
    except PassingError as error:
        raise ProviderBusyError(detail=error.error.detail) from error
    return True


def refuse_unknown(names: Iterable[str]) -> None:
    """Raise `MisconfiguredError` naming these models, if there are any. A name may have words in brackets after it."""
    if said := ", ".join(names):
        raise MisconfiguredError(
            f"the service doesn't offer these models: {said}. Correct the provider's setting `models`"
        )
