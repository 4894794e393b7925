"""The texts and buttons of duels, in the current language. Before the vote is over no text names a service."""

from collections.abc import Iterable, Sequence
from html import escape

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from aiogram.utils.i18n import gettext as _

from bot.money import shown
from bot.telegram.callback_data import DuelCallback, JobCallback
from bot.telegram.formatting import duration, error_text
from bot.telegram.keyboards import button, keyboard
from bot.telegram.provider_labels import Providers, model_name, model_of_job, title
from storage.duel_records import DuelResult, DuelStanding
from storage.records import Cost, Job


def vote_text(standing: DuelStanding, letters: Sequence[str], *, by_poll: bool) -> str:
    """The message below the album that asks for votes. `letters`: of the pictures that have arrived."""
    lines = [_("⚔️ <b>Which picture is the best?</b>")]
    lines.append(_("In the album, in this order: {letters}").format(letters=_(", ").join(letters)))
    if (missing := len(standing.jobs) - len(letters)) == 1:
        lines.append(_("One service made no picture. I'll say which when the vote is over."))
    elif missing:
        lines.append(_("{count} services made no picture. I'll say which when the vote is over.").format(count=missing))
    if by_poll:
        lines.append(_("Vote in the poll above."))
    else:
        lines.append(_("Tap its letter. One vote each, and you can change it."))
    who = standing.first.user_name
    if who and standing.first.chat_id < 0:
        lines.append(_("I'll show the names in an hour, or when {name} ends the vote.").format(name=who))
    else:
        lines.append(_("I'll show the names in an hour, or when you end the vote."))
    return "\n".join([lines[0], *(escape(line, quote=False) for line in lines[1:])])


def vote_buttons(standing: DuelStanding, letters: Sequence[str], *, by_poll: bool) -> InlineKeyboardMarkup:
    """The buttons below the album."""
    duel_id = standing.duel.id
    votes = [button(letter, DuelCallback(do="vote", duel=duel_id, letter=letter)) for letter in letters]
    return keyboard([] if by_poll else votes, [button(_("🏁 Show the names"), DuelCallback(do="close", duel=duel_id))])


def result_text(providers: Providers, standing: DuelStanding, results: Sequence[DuelResult]) -> str:
    """The result of a vote, with the names."""
    jobs = {job.duel_letter: job for job in standing.lettered}
    ordered = sorted(results, key=lambda one: (-one.votes, one.letter))
    lines = [_outcome(providers, results), ""]
    for one in ordered:
        sign = "🏆 " if one.won else ""
        name = model_name(model_of_job(providers, jobs[one.letter])) if one.letter in jobs else one.provider
        details = [name, _("Votes: {count}").format(count=one.votes)]
        details += [duration(one.seconds)] if one.seconds is not None else []
        details += [shown(one.cost)] if one.cost else []
        lines.append(f"{sign}<b>{one.letter}</b> · {escape(' · '.join(details), quote=False)}")
    lines += [escape(line, quote=False) for line in without_picture(providers, standing)]
    return "\n".join([*lines, "", _("Tap a letter for the buttons of its picture.")])


def _outcome(providers: Providers, results: Sequence[DuelResult]) -> str:
    count = sum(one.votes for one in results)
    winner = next((one for one in results if one.won), None)
    if winner:
        name = escape(title(providers, winner.provider), quote=False)
        return _("⚔️ <b>{name} wins</b> with picture {letter}").format(name=name, letter=winner.letter)
    return _("⚔️ <b>It's a draw</b>") if count else _("⚔️ <b>The duel is over</b>: nobody voted.")


def without_picture(providers: Providers, standing: DuelStanding) -> list[str]:
    """A line for each service that made no picture, with the reason; not escaped."""
    lines = []
    for job in standing.jobs:
        if job.duel_letter is None and job not in standing.ready:
            why = error_text(job.error_message) if job.error_message else _("This didn't work.")
            lines.append(_("✖️ {name}: {why}").format(name=title(providers, job.provider), why=why))
    return lines


def only_one(providers: Providers, standing: DuelStanding) -> list[str]:
    """The lines under the picture of a duel of which no other service made one; not escaped."""
    return [_("⚔️ No duel: the other services made no picture."), *without_picture(providers, standing)]


def no_picture(providers: Providers, standing: DuelStanding) -> str:
    """The text of a duel in which no service made a picture."""
    return "\n".join([_("⚔️ No service made a picture."), *without_picture(providers, standing)])


def late_buttons(providers: Providers, standing: DuelStanding, late: Sequence[int]) -> list[list[InlineKeyboardButton]]:
    """A row for each job of which a picture may still come: see `Duels.late`."""
    jobs = [job for job in standing.jobs if job.id in late]
    words = _("🔎 Look again: {name}")
    return [
        [button(words.format(name=title(providers, job.provider)), JobCallback(do="look", job=job.id))] for job in jobs
    ]


def result_buttons(providers: Providers, standing: DuelStanding, late: Sequence[int]) -> InlineKeyboardMarkup:
    """The letters under a result: each shows the buttons of its picture. `late`: see `Duels.late`."""
    duel_id = standing.duel.id
    letters = [job.duel_letter for job in standing.lettered if job.duel_letter]
    row = [button(letter, DuelCallback(do="open", duel=duel_id, letter=letter)) for letter in letters]
    return keyboard(row, *late_buttons(providers, standing, late))


def with_way_back(buttons: InlineKeyboardMarkup, job: Job) -> InlineKeyboardMarkup:
    """The buttons of one picture of a duel, with one that leads back to the letters."""
    if job.duel_id is None or job.duel_letter is None:
        return buttons
    back = button(
        _("‹ {letter}: all pictures").format(letter=job.duel_letter), DuelCallback(do="list", duel=job.duel_id)
    )
    return keyboard(*buttons.inline_keyboard, [back])


def prices(costs: Iterable[Cost | None]) -> str:
    """The sum of prices, by currency; empty where none is known."""
    totals: dict[str, int] = {}
    for cost in costs:
        if cost:
            totals[cost.currency] = totals.get(cost.currency, 0) + cost.amount
    return " + ".join(shown(Cost(amount, currency)) for currency, amount in sorted(totals.items()))
