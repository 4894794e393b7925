"""The price of a question to the assistant: the most it can cost, before; what it did cost, after."""

from decimal import Decimal

from bot.assistant.settings import AssistantSettings
from storage.records import Cost

UNITS = 10_000
"""The parts of a currency's unit in which costs are counted: see `Cost`."""
MOST_TOKENS = {"improve": 5000, "describe": 8000}
"""By kind: more than the words, the picture and the answer can have."""
LISTEN = "listen"


def price_of(settings: AssistantSettings, kind: str, seconds: float | None) -> Cost | None:
    """The most that a question of this kind can cost. None: the operator has set no price."""
    if kind == LISTEN:
        minutes = Decimal(str(max(1.0, seconds or 0.0))) / 60
        return None if settings.minute_price is None else _cost(settings.minute_price * minutes, settings)
    return _of_answer(settings, MOST_TOKENS[kind])


def cost_of(settings: AssistantSettings, kind: str, tokens: int | None) -> int | None:
    """The cost of an answer with so many tokens, as the service counts them. None: what was reserved."""
    if kind == LISTEN or tokens is None or settings.token_price is None:
        return None
    cost = _of_answer(settings, min(tokens, MOST_TOKENS[kind]))
    return cost.amount if cost else None


def _of_answer(settings: AssistantSettings, tokens: int) -> Cost | None:
    if settings.price is None and settings.token_price is None:
        return None
    return _cost((settings.price or Decimal()) + (settings.token_price or Decimal()) * tokens / 1000, settings)


def _cost(amount: Decimal, settings: AssistantSettings) -> Cost:
    # A part of a unit counts as a whole one: a thousand small answers are not free.
    return Cost(-int(-amount * UNITS // 1), settings.currency)
