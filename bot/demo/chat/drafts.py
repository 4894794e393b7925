"""A person stops a draft: https://core.telegram.org/bots/api#messagegenerationstopped."""

from bot.demo.bot_api.bot_view import chat_json
from bot.demo.bot_api.errors import PeopleError
from bot.demo.bot_api.model import JSON, Chat, Person
from bot.demo.bot_api.world import World


def stop_draft(world: World, person: Person, chat: Chat, draft_id: int) -> None:
    """Press a draft's Stop; the bot gets `stopped_message_generation`. Raises `PeopleError` where there is none.

    Only the display ends: the bot's further drafts with this number are taken, and not shown.
    """
    draft = chat.draft
    if chat.person is not person or draft is None or draft.id != draft_id:
        raise PeopleError("There is no such draft.")
    if not draft.can_stop:
        raise PeopleError("This draft has no button to stop it.")
    chat.stopped_drafts.add(draft_id)
    if not draft.keep_on_stop:
        world.draft(chat, None)
    stopped: JSON = {"chat": chat_json(chat), "draft_id": draft_id}
    if draft.topic is not None:
        stopped["message_thread_id"] = draft.topic
    world.updates.push("stopped_message_generation", stopped)
