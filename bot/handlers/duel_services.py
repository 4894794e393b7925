"""Which services take part in a duel, and the request to each."""

import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from pydantic import ValidationError

from bot.handlers.depicted_people import PictureNotAllowedError
from bot.handlers.prompt_flag_scan import Typed
from bot.handlers.prompt_flags import FlagError, Scan, shortened
from bot.handlers.request_context import RequestContext
from bot.handlers.request_service import RequestService
from bot.jobs.likeness_references import TAKEN_BACK
from bot.jobs.prices import price_of
from bot.jobs.request_builder import would_be
from bot.telegram.flag_names import spellings
from bot.telegram.formatting import plain
from bot.telegram.provider_labels import title
from providers.errors import InvalidRequestError, Sentence
from storage.duel_records import LETTERS, AskedDuel, NewDuel
from storage.likeness_records import LikenessGoneError
from storage.records import Cost, Draft, NewJob
from storage.settings_records import ChatRules

FEWEST, MOST = 2, len(LETTERS)
PROVIDER, COUNT = "provider", "n"
_COMMA = "[,，、]"
WRONG_COUNT = Sentence("A duel needs two to four services.")
ONE_PICTURE = Sentence("In a duel each service makes one picture; leave --n out.")


class TooFewServicesError(Exception):
    """Fewer than two services can do the request. `able`: the names of those that can."""

    def __init__(self, able: Sequence[str]) -> None:
        self.able = able
        super().__init__(", ".join(able))


@dataclass(frozen=True, slots=True)
class Contender:
    """A service in a duel: the request to it, and the most that it can cost, where that is known."""

    request: NewJob
    price: Cost | None


def quote_services(text: str, names: Sequence[str]) -> str:
    """A prompt in which a list of services after `--provider` is in quotes: a comma ends the value of a flag."""
    flag = "|".join(map(re.escape, sorted(spellings(PROVIDER), key=len, reverse=True)))
    known = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    pattern = rf"([-–—－]\s?(?:{flag})[\s=:：]*)([\w.-]++(?:{_COMMA}[\w.-]++|\s*{_COMMA}\s*(?:{known})\b)+)"
    return re.sub(pattern, r'\1"\2"', text, flags=re.IGNORECASE)


async def line_up(requests: RequestService, context: RequestContext, words: Scan, draft: Draft) -> list[Contender]:
    """The services that are to draw this: those that were named, else those that can, the person's own first.

    Raises `FlagError`, `ChatNotAllowedError` or `TooFewServicesError`.
    """
    rules = await requests.check(context)
    if words.value(COUNT) not in {None, "1"}:
        raise FlagError(ONE_PICTURE)
    references, _depicts = await requests.people.references_of(context, words.prompt, draft.references)
    draft = replace(draft, references=references)
    of = partial(_contender, requests, context, words, draft, rules)
    if typed := words.value(PROVIDER):
        return await _named(requests, typed, of)
    own = requests.service_of(context.preferences, rules)
    health, now = await requests.store.provider_health.all(), requests.store.clock()
    found: list[Contender] = []
    wrong: list[FlagError] = []
    for name in (own, *(each for each in requests.providers if each != own)):
        if name in health and health[name].takes_nothing(now):
            continue
        try:
            found.append(await of(name))
        except FlagError as error:
            wrong.append(error)
    if not found and wrong:
        # What is wrong for all, such as a misspelled flag.
        raise wrong[0]
    if len(found) < FEWEST:
        raise TooFewServicesError([one.request.provider for one in found])
    return found[:MOST]


def as_duel(context: RequestContext, contenders: Sequence[Contender]) -> NewDuel:
    """The duel to ask about."""
    requests = tuple(
        replace(one.request, idempotency_key=f"{context.idempotency_key}:{number}")
        for number, one in enumerate(contenders)
    )
    prices = tuple(one.price for one in contenders)
    return NewDuel(context.idempotency_key, context.chat_id, context.user_id, requests, prices)


async def begin(requests: RequestService, asked: AskedDuel) -> None:
    """Make the jobs of a duel whose person agrees to its prices. Raises `QuotaExceededError` and
    `PictureNotAllowedError`."""
    depicts = await requests.people.check(asked.duel.chat_id, asked.requests[0].references)
    try:
        made = await requests.engine.begin_duel(asked, requests.access.quota(asked.duel.user_id))
    except LikenessGoneError as error:
        raise PictureNotAllowedError(TAKEN_BACK) from error
    for job in made[:1] if depicts else ():
        # Those whom it depicts hear of it once.
        requests.people.notices.tell(job)


def price_now(requests: RequestService, new: NewJob) -> Cost | None:
    """The most that a request can cost, by the settings of now."""
    provider = requests.providers.get(new.provider)
    if provider is None:
        return None
    try:
        options = provider.Options.model_validate(new.options)
    except ValidationError:
        return None
    price = price_of(provider, *would_be(new, options, len(new.references)))
    return price.cost if price else None


async def _named(requests: RequestService, typed: str, of: Callable[[str], Awaitable[Contender]]) -> list[Contender]:
    names = [one for one in re.split(rf"{_COMMA}|\s", typed) if one]
    by_name = {name.lower(): name for name in requests.providers}
    if unknown := next((one for one in names if one.lower() not in by_name), None):
        allowed = ", ".join(requests.providers)
        values = {"name": PROVIDER, "allowed": allowed, "value": shortened(unknown)}
        raise FlagError(Sentence("--{name} takes {allowed}, not “{value}”.", values))
    chosen = list(dict.fromkeys(by_name[one.lower()] for one in names))
    if not FEWEST <= len(chosen) <= MOST:
        raise FlagError(WRONG_COUNT)
    return [await of(name) for name in chosen]


async def _contender(
    requests: RequestService, context: RequestContext, words: Scan, draft: Draft, rules: ChatRules, name: str
) -> Contender:
    """Raises `FlagError`, also where the service would refuse the request."""
    others = tuple(one for one in words.flags if one.name not in {PROVIDER, COUNT})
    flag = Typed(PROVIDER, name, PROVIDER)
    new, options = await requests.alone(context, replace(words, flags=(*others, flag)), draft, rules)
    provider = requests.providers[name]
    # One without such an option makes one anyway.
    with suppress(ValidationError):
        options = provider.Options.model_validate({**options.model_dump(exclude_unset=True), COUNT: 1})
    # Each service draws one picture: braces are no choices here.
    new = replace(new, choices=None)
    (request,) = would_be(new, options, len(new.references))
    try:
        provider.validate(request)
    except InvalidRequestError as error:
        values = {"name": title(requests.providers, name), "why": plain(error.sentence)}
        raise FlagError(Sentence("{name}: {why}", values)) from error
    price = price_of(provider, request)
    # An album that the person sends is known by this message; edits of it do not change a duel.
    new = replace(
        new, options=options.model_dump(mode="json", exclude_unset=True), said=None, asked_message_id=None, button=None
    )
    return Contender(new, price.cost if price else None)
