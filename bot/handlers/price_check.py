"""The prices of requests: one that no budget has room for is refused. One that costs much is asked about first, and so
is one with choices, however cheap: people see how many pictures their words are."""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from pydantic import ValidationError

from bot.jobs.engine import JobEngine
from bot.jobs.prices import Price, estimate, is_much, is_within
from bot.jobs.request_builder import would_be
from bot.money import shown
from providers.base import Provider
from providers.errors import InvalidRequestError, Sentence
from providers.money import Money
from providers.options import Options
from storage.confirmations import Confirmation
from storage.quota import Quota
from storage.records import Draft, Job, NewJob
from storage.store import Store


class ConfirmationNeededError(Exception):
    """A request costs so much, or has choices, that its person is asked first. `confirmation_id`: its name in the
    store, None where they were asked already; `error_handler` asks. `draft`: what waits on for other words, until the
    request is made."""

    draft: Draft = Draft()

    def __init__(self, confirmation_id: int | None, request: NewJob, price: Price) -> None:
        self.confirmation_id = confirmation_id
        self.request = request
        self.price = price
        super().__init__(f"{price.pictures} pictures for {price.cost}")


class PriceCheck:
    """Submits requests, unless their prices speak against it. `confirm`: the amounts above which people are asked."""

    def __init__(
        self,
        engine: JobEngine,
        store: Store,
        providers: Mapping[str, Provider[Any, Any]],
        confirm: Sequence[Money] = (),
    ) -> None:
        self._engine = engine
        self._store = store
        self._providers = providers
        self._confirm = confirm

    async def submit(self, new: NewJob, quota: Quota, options: Options | None = None) -> Job | None:
        """Make a job of a request, see `JobEngine.submit`. `options`: its own, where they were just validated.

        Raises `ConfirmationNeededError`.
        """
        price = self._price(new, options)
        if price and (new.choices or self._is_much(price)):
            await self._ask(new, price, quota)
        return await self._engine.submit(new, quota, price.cost if price else None)

    async def confirmed(self, confirmation: Confirmation, quota: Quota) -> Job | None:
        """Make a job of a request whose person agrees to its price, however often they say so. Raises
        `ConfirmationNeededError` where it costs more by now."""
        new = confirmation.request
        price = self._price(new)
        if price and price.cost and not is_within(price.cost, confirmation.price):
            await self._ask(new, price, quota)
        job = await self._engine.submit(new, quota, price.cost if price else None)
        await self._store.confirmations.drop(confirmation.id)
        return job

    async def _ask(self, new: NewJob, price: Price, quota: Quota) -> NoReturn:
        if price.cost:
            await self._engine.check_budgets(new, price.cost)
        now = self._store.clock()
        confirmation_id = await self._store.confirmations.add(new, price.cost, now, apart=quota.apart)
        raise ConfirmationNeededError(confirmation_id, new, price)

    def price(self, new: NewJob, options: Options | None = None) -> Price | None:
        """The most that a request costs; None where the operator has set no price. `options`: see `submit`."""
        return self._price(new, options)

    def refuse_dearer(self, job: Job, new: NewJob) -> None:
        """Refuse an edit that makes a waiting job one that would be asked about: it costs much, or has choices and more
        pictures. Raises `InvalidRequestError`."""
        price = self._price(new)
        before = self._price_of(job.provider, job, len(new.references)) if price else None
        if price and price.cost and self._is_much(price) and not (before and is_within(price.cost, before.cost)):
            raise InvalidRequestError(
                Sentence(
                    "That would cost {price}. Send it as a new message, and I'll ask you before I make it.",
                    {"price": shown(price.cost)},
                )
            )
        if price and new.choices and (before is None or price.pictures > before.pictures):
            raise InvalidRequestError(
                Sentence(
                    "That would be {count} pictures. Send it as a new message, and I'll ask you before I make them.",
                    {"count": price.pictures},
                )
            )

    def _is_much(self, price: Price) -> bool:
        return price.cost is not None and is_much(price.cost, self._confirm)

    def _price(self, new: NewJob, options: Options | None = None) -> Price | None:
        return self._price_of(new.provider, new, len(new.references), options)

    def _price_of(
        self, name: str, request: NewJob | Job, references: int, options: Options | None = None
    ) -> Price | None:
        provider = self._providers.get(name)
        if provider is None:
            return None
        try:
            options = options or provider.Options.model_validate(request.options)
        except ValidationError:
            # Options of an earlier version, or of a model that is gone: the job is going to be refused.
            return None
        return estimate(provider, *would_be(request, options, references))
