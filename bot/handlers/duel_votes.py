"""Votes on duels, by button and in polls; the end of a vote; and the buttons under its result."""

from contextlib import suppress

from aiogram import F, Router
from aiogram.types import CallbackQuery, PollAnswer
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import (
    answer,
    change_buttons,
    forgotten_text,
    is_chat_admin,
    message_of,
    owns,
    restore_buttons,
)
from bot.handlers.request_service import RequestService
from bot.jobs.duels import Duels
from bot.jobs.ports import Undelivered
from bot.telegram.callback_data import DuelCallback
from bot.telegram.duel_texts import result_buttons
from bot.telegram.formatting import together
from bot.telegram.provider_labels import model_name, model_of_job
from storage.duel_records import DuelStanding, DuelState


def make_router() -> Router:
    """Votes and what follows them."""
    router = Router(name="duel votes")
    router.callback_query.register(vote, DuelCallback.filter(F.do == "vote"))
    router.callback_query.register(close, DuelCallback.filter(F.do == "close"))
    router.callback_query.register(open_picture, DuelCallback.filter(F.do == "open"))
    router.callback_query.register(list_pictures, DuelCallback.filter(F.do == "list"))
    router.poll_answer.register(vote_in_poll)
    return router


async def vote(query: CallbackQuery, callback_data: DuelCallback, requests: RequestService) -> None:
    """Store or change a vote. The message stays as it is: an edit for every vote is more than Telegram takes."""
    if await _here(query, callback_data, requests) is None:
        return
    store, letter = requests.store, callback_data.letter
    stored = await store.duel_votes.vote(callback_data.duel, query.from_user.id, letter, store.clock())
    if stored is None:
        await answer(query, _("The vote is over."), alert=True)
        return
    words = _("You voted for {letter}.") if stored.is_new else _("Your vote is now for {letter}.")
    count = _("Votes so far: {count}").format(count=stored.voters)
    await answer(query, together(words.format(letter=letter), count))


async def vote_in_poll(poll_answer: PollAnswer, requests: RequestService) -> None:
    """Store, change or withdraw a vote in a poll."""
    store = requests.store
    duel_id = await store.duel_votes.duel_of_poll(poll_answer.poll_id)
    voter = poll_answer.user or poll_answer.voter_chat
    found = await store.duels.standing(duel_id) if duel_id and voter else None
    if found is None or voter is None or requests.access.is_banned(voter.id):
        return
    letters = await _arrived(requests, found)
    chosen = [letters[place] for place in poll_answer.option_ids if place < len(letters)]
    if chosen:
        await store.duel_votes.vote(found.duel.id, voter.id, chosen[0], store.clock())
    else:
        await store.duel_votes.withdraw(found.duel.id, voter.id)


async def close(query: CallbackQuery, callback_data: DuelCallback, requests: RequestService, duels: Duels) -> None:
    """End the vote, and name the services: for the person who asked, and the chat's admins."""
    found = await _here(query, callback_data, requests)
    if found is None:
        return
    duel, who = found.duel, query.from_user.id
    is_admin = query.bot is not None and duel.chat_id < 0 and await is_chat_admin(query.bot, duel.chat_id, who)
    if not is_admin and not await owns(query, duel.user_id):
        await answer(query, _("Only the person who started the duel, or an admin, can end the vote."), alert=True)
        return
    await requests.store.duel_votes.end_now(duel.id, requests.store.clock())
    await answer(query)
    # What can't be told now is told when Telegram is back.
    with suppress(Undelivered):
        await duels.tell(duel.id)


async def open_picture(query: CallbackQuery, callback_data: DuelCallback, requests: RequestService) -> None:
    """Show the buttons of one picture."""
    found = await _here(query, callback_data, requests)
    message = await message_of(query) if found else None
    job = next((one for one in found.lettered if one.duel_letter == callback_data.letter), None) if found else None
    if found is None or message is None:
        return
    if job is None or found.duel.state is not DuelState.CLOSED:
        await answer(query, forgotten_text(), alert=True)
        return
    name = model_name(model_of_job(requests.providers, job))
    await answer(query, _("{name}: {value}").format(name=callback_data.letter, value=name))
    await restore_buttons(message, job, requests)


async def list_pictures(query: CallbackQuery, callback_data: DuelCallback, requests: RequestService) -> None:
    """Show the letters again."""
    found = await _here(query, callback_data, requests)
    message = await message_of(query) if found else None
    if found and message:
        await answer(query)
        late = await requests.store.duels.late(found.duel.id)
        await change_buttons(message, result_buttons(requests.providers, found, late))


async def _here(query: CallbackQuery, press: DuelCallback, requests: RequestService) -> DuelStanding | None:
    """The duel of a press, in whose chat the button is; None when the press was answered here."""
    found = await requests.store.duels.standing(press.duel)
    # Callback data can be forged: only those who see the pictures may vote on them.
    if found is None or query.message is None or query.message.chat.id != found.duel.chat_id:
        await answer(query, forgotten_text(), alert=True)
        return None
    return found


async def _arrived(requests: RequestService, found: DuelStanding) -> list[str]:
    """The letters of the poll: of the pictures that have arrived."""
    letters = []
    for job in found.lettered:
        pictures = await requests.store.pictures.of_job(job.id)
        if job.duel_letter and any(one.message_id is not None for one in pictures):
            letters.append(job.duel_letter)
    return letters
