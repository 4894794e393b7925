"""Replies to the bot's messages in a group: whether one is a request, or talk among people."""

from aiogram.types import Message

from bot.handlers.named_pictures import named_pictures
from bot.handlers.request_context import RequestContext
from bot.handlers.request_service import RequestService
from bot.handlers.small_talk import is_talk
from bot.handlers.which_picture import asked_about
from bot.telegram.message_input import pictures_replied_to
from storage.records import Question


async def is_request(message: Message, requests: RequestService) -> bool:
    """Whether a reply to one of the bot's messages, without a command or a mention, is a request. "Thanks" is none. An
    answer to the bot's own question is one, from the person who was asked; a reply to a picture follows the group's
    rule."""
    there = message.reply_to_message
    words = message.text or message.caption or ""
    if there is None or (words and is_talk(words) and not _names_a_picture(there, words)):
        return False
    person = RequestContext.of_message(message, "").user_id
    if question := await _asked_by(there, message.chat.id, requests):
        return question.user_id == person
    if there.receiver_user:
        return there.receiver_user.id == person
    rule = (await requests.store.chats.rules(message.chat.id)).replies
    if rule == "none":
        return False
    job = await requests.store.jobs.with_status(message.chat.id, there.message_id) if there.message_id else None
    if job.user_id == person if job else await _is_theirs(there, requests, person):
        return True
    return rule == "all" and bool(await pictures_replied_to(message, requests.store, person))


def _names_a_picture(there: Message, words: str) -> bool:
    """Whether words answer the question which picture is meant: "2" alone would be talk."""
    offered = asked_about(there)
    return bool(offered) and named_pictures(words, len(offered)) is not None


async def is_answer(message: Message, requests: RequestService) -> bool:
    """Whether a message answers the bot's own question, and comes from the person who was asked."""
    there = message.reply_to_message
    question = await _asked_by(there, message.chat.id, requests) if there else None
    return question is not None and question.user_id == RequestContext.of_message(message, "").user_id


async def _asked_by(there: Message, chat_id: int, requests: RequestService) -> Question | None:
    return await requests.store.drafts.question(chat_id, there.message_id) if there.message_id else None


async def _is_theirs(there: Message, requests: RequestService, person: int) -> bool:
    """Whether a message shows a picture that this person asked for."""
    if there.document:
        return await requests.store.pictures.is_file_of(person, there.document.file_id)
    unique_id = there.photo[-1].file_unique_id if there.photo else ""
    picture = await requests.store.pictures.shown_as(unique_id, there.chat.id, there.message_id)
    return picture is not None and picture.user_id == person
