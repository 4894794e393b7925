"""Measures how late "next" and "begins" are shown for seven requests of one chat with one slot at the service.

On virtual time. The baseline is `ROUND_ROBIN`: the same measurement with edits made in turns.

"""

import sys
import tempfile
from pathlib import Path

from tests.support.queue_chat import QueueChat, queue_chat

ROUND_ROBIN = {
    (False, 12.0): "next 9 s, at most 16 s; begins 4 s, at most 10 s",
    (False, 20.0): "next 10 s, at most 17 s; begins 6 s, at most 13 s",
    (True, 40.0): "of six only four heard that they were next; begins 29 s, at most 40 s",
}


def shown_late(chat: QueueChat) -> str:
    """Mean and maximum, in seconds. A request for which it was never shown counts until its end."""
    told = [(one, min(one.first("Drawing"), one.first("done"))) for one in chat.asks]
    following = [min(one.first("You are next"), begun) - one.next for one, begun in told if one.next is not None]
    begins = [begun - one.begun for one, begun in told if one.begun is not None]
    return "; ".join(
        f"{name} {sum(found) / len(found):.1f} s, at most {max(found):.1f} s"
        for name, found in (("next", following), ("begins", begins))
    )


async def main() -> None:
    """Measure in private and in a group, with commands in between."""
    for (group, seconds), before in ROUND_ROBIN.items():
        with tempfile.TemporaryDirectory() as folder:
            async with queue_chat(Path(folder), group=group) as chat:
                chat.seconds = seconds
                chat.learn(*[seconds] * 5)
                await chat.ask()
                await chat.pass_(3)
                for _ in range(6):
                    await chat.ask()
                    await chat.pass_(2)
                for _ in range(int(seconds * 6.5) // 10):
                    chat.command()
                    await chat.pass_(10)
                where = "group" if group else "private chat"
                sys.stdout.write(f"  {where}, tasks of {seconds:.0f} s: {shown_late(chat)}; ")
                sys.stdout.write(f"answers wait at most {max(chat.waits):.1f} s (in turns: {before})\n")
