"""The order in which the store will claim tasks, forecast for the places in the queue that people are shown."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from storage.records import WaitingTask


def order(waiting: Iterable[WaitingTask], active: Mapping[int, int]) -> list[WaitingTask]:
    """The queue in the order of its turns. `active`: how many tasks of each person are under way.

    The same rule as `storage.task_order` (a test holds them together), as if each task given a turn stayed under way:
    the person with the fewest tasks under way, then the longest wait since queueing or the last turn. Which of
    their own tasks a person puts first changes nothing for others.
    """
    own: dict[int, list[WaitingTask]] = defaultdict(list)
    for task in waiting:
        own[task.user_id].append(task)
    turns = []
    for user, tasks in own.items():
        waits_longest = min(map(_since, tasks))
        tasks.sort(key=lambda task: (-task.precedence, _since(task)))
        under_way = active.get(user, 0)
        # A person's second task stands behind those who come to the same number by their first.
        turns += [(under_way + place, -under_way, waits_longest, task) for place, task in enumerate(tasks)]
    return [task for *_, task in sorted(turns, key=lambda turn: turn[:3])]


def _since(task: WaitingTask) -> tuple[float, int]:
    return max(task.queued_at, task.last_turn), task.task_id
