"""Twenty prompts at once over two stores on one database, with any ends: no budget is ever exceeded."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import ledger
from storage.job_states import JobState, TaskState
from storage.ledger import DAY_SECONDS, day_of, month_of
from storage.money import Budget, BudgetRules, Period
from storage.records import Cost, Limits, NewPicture, Task
from storage.store import Store
from tests.support.books import Sums, counted, written
from tests.support.stored_jobs import ERROR_MESSAGE, new_job

PROMPTS = 20
PEOPLE, GROUPS = (11, 22, 33), (-5, -6)
SERVICES = {"jimeng": "CNY", "ark": "CNY", "openai": "USD"}
ENDS = ("done", "fewer", "free", "unknown", "overdue", "interrupted", "busy", "resumed")
_examples = count()


@dataclass(frozen=True)
class Prompt:
    person: int
    group: int
    service: str
    prices: tuple[int, ...]


amounts = st.integers(0, 60)
budgets = st.lists(
    st.builds(Budget, amounts, st.sampled_from(["CNY", "USD"]), st.sampled_from(Period)), max_size=2
).map(tuple)
rules_of_any_kind = st.builds(
    BudgetRules,
    bot=budgets,
    person=budgets,
    group=budgets,
    services=st.dictionaries(st.sampled_from(sorted(SERVICES)), budgets, max_size=2),
)
prompts_of_any_kind = st.lists(
    st.builds(
        Prompt,
        st.sampled_from(PEOPLE),
        st.sampled_from(GROUPS),
        st.sampled_from(sorted(SERVICES)),
        st.lists(st.integers(0, 12), min_size=1, max_size=3).map(tuple),
    ),
    min_size=PROMPTS,
    max_size=PROMPTS,
)


class Race:
    """Two stores that claim, and end tasks as `ends` says, at the same time."""

    def __init__(self, stores: tuple[Store, Store], rules: BudgetRules, now: float) -> None:
        self.stores = stores
        self.rules = rules
        self.now = now
        self.claimed = Counter[str]()

    async def run(self, prompts: list[Prompt], ends: list[str]) -> None:
        first = next(_examples) * PROMPTS
        added = [self._add(number, prompt) for number, prompt in enumerate(prompts, start=first)]
        left = list(ends)
        await asyncio.gather(*added, *(self._work(store, name, left) for store in self.stores for name in SERVICES))
        # What was added after a worker had looked, and what was busy, is claimed at last.
        for name in SERVICES:
            await self._work(self.stores[0], name, [])
        assert await written(self.stores[0]) == await counted(self.stores[0]), "the ledger has the sums of the tasks"

    async def check(self) -> None:
        """Every budget holds at this moment: by the ledger, and by the tasks."""
        for sums in (await written(self.stores[0]), await counted(self.stores[0])):
            self._check(sums)

    def _check(self, sums: Sums) -> None:
        owners = {ledger.BOT: self.rules.bot}
        owners |= {ledger.person(one): self.rules.person for one in PEOPLE}
        owners |= {ledger.group(one): self.rules.group for one in GROUPS}
        owners |= {ledger.service(name): limits for name, limits in self.rules.services.items()}
        for payer, limits in owners.items():
            for budget in limits:
                first, last = (
                    month_of(self.now) if budget.period is Period.MONTH else (day_of(self.now), day_of(self.now) + 1)
                )
                spent = sum(
                    amount
                    for (of, currency, day), amount in sums.items()
                    if of == payer and currency == budget.currency and first <= day < last
                )
                assert spent <= budget.amount, (payer, budget, spent)

    async def _add(self, number: int, prompt: Prompt) -> None:
        store = self.stores[number % 2]
        new = new_job(number, prompt.person, chat_id=prompt.group, provider=prompt.service)
        job = await store.jobs.add(new, self.now)
        assert job
        prices = [Cost(price, SERVICES[prompt.service]) for price in prompt.prices]
        options = [{"n": 1}] * len(prices)
        queued = await store.tasks.queue(job.id, prompt.service, options, [], self.now, prices=prices)
        assert queued is JobState.WORKING

    async def _work(self, store: Store, service: str, ends: list[str]) -> None:
        while True:
            turns = await store.tasks.claim(service, Limits(100), self.now, most=3, budgets=self.rules)
            self.claimed["claimed"] += len(turns.tasks)
            self.claimed["refused"] += len(turns.refused)
            for refused in turns.refused:
                await store.budgets.refuse(refused.task.id, ERROR_MESSAGE, self.now)
            for task in turns.tasks:
                await self._end(store, task, ends.pop() if ends else "done")
            await self.check()
            if not turns.has_more:
                return

    async def _end(self, store: Store, task: Task, how: str) -> None:
        tasks, price = store.tasks, Cost(task.price or 0, task.currency or "")
        match how:
            case "busy":
                await tasks.put_back(task.id, 0.0)
            case "free" | "unknown":
                await tasks.end_task(task.id, TaskState.FAILED, ERROR_MESSAGE, self.now, is_free=how == "free")
            case "overdue" | "interrupted":
                await tasks.end_task(task.id, TaskState(how), ERROR_MESSAGE, self.now)
            case "resumed":
                await tasks.end_task(task.id, TaskState.INTERRUPTED, ERROR_MESSAGE, self.now)
                await tasks.accepted(task.id, f"t{task.id}", self.now)
                await tasks.finish_task(task.id, [NewPicture("u")], self.now, price)
            case _:
                cost = Cost(price.amount // 2, price.currency) if how == "fewer" else price
                await tasks.finish_task(task.id, [NewPicture("u")], self.now, cost)


def test_no_budget_is_exceeded(database_url: str) -> None:
    with asyncio.Runner() as runner:
        stores = runner.run(_open(database_url)), runner.run(_open(database_url))
        months, total = count(), Counter[str]()

        @settings(max_examples=5, suppress_health_check=list(HealthCheck))
        @given(rules_of_any_kind, prompts_of_any_kind, st.lists(st.sampled_from(ENDS), max_size=40))
        def race(rules: BudgetRules, prompts: list[Prompt], ends: list[str]) -> None:
            # Each example has a month of its own.
            run = Race(stores, rules, next(months) * 40 * DAY_SECONDS)
            runner.run(run.run(prompts, ends))
            total.update(run.claimed, examples=1)

        try:
            race()
            print(f"{database_url.partition(':')[0]}: {dict(total)}")
        finally:
            for store in stores:
                runner.run(store.aclose())


async def _open(url: str) -> Store:
    return await Store.open(url)


async def test_two_services_share_the_last_money(database_url: str) -> None:
    stores = await asyncio.gather(_open(database_url), _open(database_url))
    rules, claimed = BudgetRules(person=(Budget(5, "CNY", Period.DAY),)), 0
    for person in range(1, PROMPTS + 1):
        for service in ("jimeng", "ark"):
            new = new_job(2 * person + (service == "ark"), person, chat_id=person, provider=service)
            job = await stores[0].jobs.add(new, 0.0)
            assert job
            await stores[0].tasks.queue(job.id, service, [{}], [], 0.0, prices=[Cost(5, "CNY")])
        turns = await asyncio.gather(
            stores[0].tasks.claim("jimeng", Limits(100), 0.0, budgets=rules),
            stores[1].tasks.claim("ark", Limits(100), 0.0, budgets=rules),
        )
        claimed += sum(len(one.tasks) for one in turns)
        for refused in (*turns[0].refused, *turns[1].refused):
            await stores[0].budgets.refuse(refused.task.id, ERROR_MESSAGE, 0.0)
    assert claimed == PROMPTS
    for store in stores:
        await store.aclose()
