"""Who is next: the order in which the store will give turns, looked ahead for the places people are shown."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping

from storage.records import Waiting


def order(waiting: Iterable[Waiting], active: Mapping[int, int]) -> list[Waiting]:
    """The queue in the order of its turns. `active`: how many tasks of each person are under way.

    The same rule as `storage.tasks.Tasks.claim` (a test holds them together), as if each task given a turn stayed
    under way: the person with the fewest tasks under way, then the longest wait since queueing or the last turn.
    """
    own: dict[int, list[Waiting]] = defaultdict(list)
    for task in sorted(waiting, key=lambda one: (max(one.queued_at, one.last_turn), one.task_id), reverse=True):
        own[task.user_id].append(task)
    people = [_candidate(active.get(user, 0), 0, tasks) for user, tasks in own.items()]
    heapq.heapify(people)
    turns: list[Waiting] = []
    while people:
        under_way, _, _, _, user = heapq.heappop(people)
        turns.append(own[user].pop())
        if own[user]:
            heapq.heappush(people, _candidate(under_way + 1, len(turns), own[user]))
    return turns


def _candidate(under_way: int, turn: int, tasks: list[Waiting]) -> tuple[int, int, float, int, int]:
    first = tasks[-1]
    return under_way, turn, max(first.queued_at, first.last_turn), first.task_id, first.user_id
