"""Tasks for which a budget has no room: another service makes them, or they end without a charge."""

import logging

from bot.jobs.context import JobContext
from bot.jobs.failover import Failover
from bot.jobs.ports import error_message
from bot.money import shown
from providers.errors import Sentence
from storage.money import Owner, Period, RefusedTask, Standing
from storage.records import Cost

log = logging.getLogger(__name__)

TEMPLATES = {
    (Owner.PERSON, Period.DAY): Sentence(
        "Not made, and not charged: your budget of {budget} a day has {left} left, and this costs {price}. It is yours "
        "again from {again}."
    ),
    (Owner.PERSON, Period.MONTH): Sentence(
        "Not made, and not charged: your budget of {budget} a month has {left} left, and this costs {price}. It is "
        "yours again from {again}."
    ),
    (Owner.GROUP, Period.DAY): Sentence(
        "Not made, and not charged: this group's budget of {budget} a day has {left} left, and this costs {price}. It "
        "begins again {again}."
    ),
    (Owner.GROUP, Period.MONTH): Sentence(
        "Not made, and not charged: this group's budget of {budget} a month has {left} left, and this costs {price}. "
        "It begins again {again}."
    ),
    (Owner.BOT, Period.DAY): Sentence(
        "Not made, and not charged: this bot's budget of {budget} a day has {left} left, and this costs {price}. It "
        "begins again {again}."
    ),
    (Owner.BOT, Period.MONTH): Sentence(
        "Not made, and not charged: this bot's budget of {budget} a month has {left} left, and this costs {price}. It "
        "begins again {again}."
    ),
    (Owner.SERVICE, Period.DAY): Sentence(
        "Not made, and not charged: the budget of {budget} a day for this service has {left} left, and this costs "
        "{price}. It begins again {again}."
    ),
    (Owner.SERVICE, Period.MONTH): Sentence(
        "Not made, and not charged: the budget of {budget} a month for this service has {left} left, and this costs "
        "{price}. It begins again {again}."
    ),
}
NEVER = {
    Owner.PERSON: Sentence(
        "Not made, and not charged: this costs {price}, and your whole budget is {budget}. Ask for fewer pictures, or "
        "the bot's admin for a larger budget."
    ),
    Owner.GROUP: Sentence(
        "Not made, and not charged: this costs {price}, and this group's whole budget is {budget}. Ask for fewer "
        "pictures, or the bot's admin for a larger budget."
    ),
    Owner.BOT: Sentence(
        "Not made, and not charged: this costs {price}, and this bot's whole budget is {budget}. Ask for fewer "
        "pictures."
    ),
    Owner.SERVICE: Sentence(
        "Not made, and not charged: this costs {price}, and the whole budget for this service is {budget}. Ask for "
        "fewer pictures, or choose another service."
    ),
}
"""What costs more than the whole budget never fits, whenever it begins again."""


def no_room(standing: Standing, price: Cost) -> Sentence:
    """Whose budget has no room for a price, what is left of it, and when it begins again."""
    budget, currency = standing.budget, standing.budget.currency
    values = {
        "budget": shown(Cost(budget.amount, currency)),
        "left": shown(Cost(standing.left, currency)),
        "price": shown(price),
        # Told by the clock of whoever reads it.
        "again": standing.again_at,
    }
    sentence = NEVER[standing.owner] if price.amount > budget.amount else TEMPLATES[standing.owner, budget.period]
    return Sentence(sentence.template, values)


class OverBudget:
    """Ends tasks that could not be claimed for a budget."""

    def __init__(self, context: JobContext, failover: Failover) -> None:
        self._context = context
        self._failover = failover

    async def end(self, refused: RefusedTask) -> None:
        """Hand its job to another service, where only the budget of its own has no room; else end the task."""
        task, standing = refused.task, refused.standing
        log.info("task %d of job %d: the budget of the %s has no room", task.id, task.job_id, standing.owner.value)
        if standing.owner is Owner.SERVICE and await self._failover.over_budget(task):
            return
        self._context.metrics.refused(task.provider, "budget")
        words = error_message(no_room(standing, Cost(task.price or 0, standing.budget.currency)))
        refuse, now = self._context.store.budgets.refuse, self._context.clock()
        ended = await self._context.until_stored(
            lambda: refuse(task.id, words, now), f"ending task {task.id}, which no budget has room for"
        )
        self._context.wake(task.job_id, ended.job if ended else None)
