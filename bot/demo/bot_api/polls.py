"""Polls: as the bot sees them, as people see them, and how people vote."""

import secrets
from collections.abc import Mapping, Sequence

from bot.demo.bot_api.bot_view import account_json
from bot.demo.bot_api.errors import PeopleError
from bot.demo.bot_api.model import JSON, ChatMessage, Person
from bot.demo.bot_api.world import World


def new_poll(question: str, options: Sequence[str], *, is_anonymous: bool) -> JSON:
    """The field of a message with a poll that takes one answer of each person."""
    return {
        "poll": {
            "id": str(secrets.randbits(62)),
            "question": question,
            "options": [
                {"text": text, "voter_count": 0, "persistent_id": str(place)} for place, text in enumerate(options)
            ],
            "total_voter_count": 0,
            "is_closed": False,
            "is_anonymous": is_anonymous,
            "type": "regular",
            "allows_multiple_answers": False,
            "allows_revoting": True,
            "members_only": False,
        }
    }


def vote(world: World, person: Person, message: ChatMessage, option: object) -> None:
    """A person votes, changes the vote, or (None) takes it back. Raises `PeopleError`."""
    poll = message.thing.get("poll")
    if poll is None:
        raise PeopleError("This message has no poll.")
    if poll["is_closed"]:
        raise PeopleError("This poll is closed.")
    if option is not None and option not in range(len(poll["options"])):
        raise PeopleError("There is no such answer.")
    message.votes.pop(person.id, None)
    if isinstance(option, int):
        message.votes[person.id] = option
    message.thing = {"poll": counted(poll, message.votes)}
    world.edited(message, shown=False)
    if not poll["is_anonymous"]:
        chosen = [] if option is None else [option]
        answer = {"poll_id": poll["id"], "user": account_json(person), "option_ids": chosen}
        world.updates.push("poll_answer", {**answer, "option_persistent_ids": list(map(str, chosen))})


def counted(poll: JSON, votes: Mapping[int, int]) -> JSON:
    """The poll with these votes, by person."""
    given = list(votes.values())
    options = [{**one, "voter_count": given.count(place)} for place, one in enumerate(poll["options"])]
    return {**poll, "options": options, "total_voter_count": len(given)}
