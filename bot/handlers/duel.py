"""`/duel words`: one prompt for several services, after a question about its price; `/duel` alone: the chat's table."""

from html import escape

from aiogram import Bot, F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message, ReplyParameters
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import answer, change_buttons, change_text, message_of, owns
from bot.handlers.confirmations import ANSWER_SECONDS
from bot.handlers.duel_services import (
    Contender,
    TooFewServicesError,
    as_duel,
    begin,
    line_up,
    price_now,
    quote_services,
)
from bot.handlers.hints import spoken
from bot.handlers.imagine import NOT_FORWARDED, own_pictures
from bot.handlers.prompt_flags import FlagError
from bot.handlers.request_context import RequestContext
from bot.handlers.request_service import RequestService, quota_text
from bot.jobs.prices import is_within
from bot.money import shown
from bot.telegram.callback_data import DuelCallback
from bot.telegram.duel_texts import prices
from bot.telegram.formatting import say
from bot.telegram.keyboards import button, keyboard
from bot.telegram.message_input import pictures_replied_to
from bot.telegram.private_reply import reply_privately
from bot.telegram.provider_labels import title
from bot.telegram.unusable_media import why_reply_unusable, why_unusable
from storage.duel_records import AskedDuel, DuelState, ServiceRecord
from storage.quota import QuotaExceededError
from storage.records import Cost, Draft
from storage.settings_records import Preferences


def make_router() -> Router:
    """The command, and the answers to its question."""
    router = Router(name="duel")
    command = Command("duel", ignore_case=True)
    router.message.register(duel, command, NOT_FORWARDED)
    router.channel_post.register(duel, command, NOT_FORWARDED)
    router.callback_query.register(start, DuelCallback.filter(F.do == "start"))
    router.callback_query.register(refuse, DuelCallback.filter(F.do == "no"))
    return router


async def duel(
    message: Message,
    requests: RequestService,
    bot: Bot,
    language: str,
    preferences: Preferences,
    album: list[Message] | None = None,
) -> None:
    """Ask about a duel, or show the chat's table."""
    context = RequestContext.of_message(message, language, preferences)
    brought = album or [message]
    if odd := next((one for one in brought if why_unusable(one)), None):
        await reply_privately(odd, why_unusable(odd) or "")
        return
    _command, *rest = (message.text or message.caption or "").split(maxsplit=1)
    text = quote_services(await spoken(message, "".join(rest)), list(requests.providers))
    words = requests.scan(text)
    if not words.prompt:
        table = _table(requests, await requests.store.duel_votes.records(message.chat.id))
        await message.reply("\n\n".join([*table, how_to_start(list(requests.providers))]))
        return
    draft = await _draft(message, requests, context, brought)
    if draft is None:
        return
    try:
        references, _depicts = await requests.people.references_of(context, words.prompt, draft.references)
        contenders = await line_up(requests, context, words, Draft(references, draft.style))
    except FlagError as error:
        await reply_privately(message, say(*error.sentences))
    except TooFewServicesError as error:
        await reply_privately(message, _too_few(requests, error))
    else:
        await _ask(requests, bot, context, contenders)


async def _draft(
    message: Message, requests: RequestService, context: RequestContext, brought: list[Message]
) -> Draft | None:
    """The pictures that the words apply to; None when the message was answered here."""
    await requests.check(context)
    replied = await pictures_replied_to(message, requests.store, context.user_id)
    if not replied and (why := why_reply_unusable(message)):
        await reply_privately(message, why)
        return None
    own = await own_pictures(brought, requests, context)
    if replied:
        await requests.set_drafts_aside(context)
        draft = Draft(replied)
    else:
        there = message.reply_to_message
        draft = await requests.take_draft(context, there.message_id if there else None)
    known = {one.file_id for one in draft.references}
    return Draft((*draft.references, *(one for one in own if one.file_id not in known)), draft.style)


async def _ask(requests: RequestService, bot: Bot, context: RequestContext, contenders: list[Contender]) -> None:
    duel_id = await requests.store.duels.ask(as_duel(context, contenders), requests.store.clock())
    if duel_id is None:
        return
    sent = await bot.send_message(
        context.chat_id,
        question(requests, contenders),
        message_thread_id=context.thread_id,
        reply_parameters=ReplyParameters(message_id=context.message_id, allow_sending_without_reply=True),
        reply_markup=_buttons(duel_id),
    )
    await requests.store.duels.asked_at(duel_id, sent.message_id)


def question(requests: RequestService, contenders: list[Contender]) -> str:
    """The question about a duel: who takes part, and the price of all."""
    names = _(", ").join(title(requests.providers, one.request.provider) for one in contenders)
    lines = [_("⚔️ A duel: {names}").format(names=names)]
    total = prices(one.price for one in contenders)
    if not total:
        lines.append(_("Each makes one picture."))
    elif all(one.price for one in contenders):
        lines.append(_("Each makes one picture: {price} in all.").format(price=total))
    else:
        lines.append(
            _("Each makes one picture: {price} in all, plus the services without a set price.").format(price=total)
        )
    lines.append(_("Nobody sees which is whose until the vote is over."))
    return escape("\n".join(lines), quote=False)


async def start(query: CallbackQuery, callback_data: DuelCallback, requests: RequestService, language: str) -> None:
    """Begin the duel. A second press changes nothing."""
    asked = await _answered(query, callback_data, requests)
    message = await message_of(query) if asked else None
    if asked is None or message is None:
        return
    await requests.check(RequestContext.of_press(query, message, message.message_id, language))
    if any(one.provider not in requests.providers for one in asked.requests):
        await answer(query, _("This service is no longer available. See /models."), alert=True)
        return
    if not _is_agreed_to(requests, asked):
        await answer(query, _("The prices have changed. Send your words again."), alert=True)
        return
    try:
        await begin(requests, asked)
    except QuotaExceededError as error:
        await answer(query, quota_text(error), alert=True)
        return
    await answer(query, _("On its way."))
    await change_buttons(message, keyboard())


async def refuse(query: CallbackQuery, callback_data: DuelCallback, requests: RequestService) -> None:
    """Don't begin it."""
    asked = await _answered(query, callback_data, requests)
    if asked is None:
        return
    await requests.store.duels.drop(asked.duel.id)
    await answer(query)
    if message := await message_of(query):
        await change_text(message, _("Not made. Nothing was charged."), None)


async def _answered(query: CallbackQuery, press: DuelCallback, requests: RequestService) -> AskedDuel | None:
    """The duel that a press is about, if the person may answer; else the press is answered here."""
    found = await requests.store.duels.asked(press.duel)
    if found is None:
        known = await requests.store.duels.get(press.duel)
        if known and known.state is not DuelState.ASKED and await owns(query, known.user_id):
            await answer(query, _("On its way."))
            if message := await message_of(query):
                await change_buttons(message, keyboard())
            return None
    elif not await owns(query, found.duel.user_id):
        await answer(query, _("Only the person who asked for it can answer this."), alert=True)
        return None
    if found is None or requests.store.clock() - found.duel.created_at > ANSWER_SECONDS:
        await answer(query, _("This question has expired. Please send your words again."), alert=True)
        return None
    return found


def _is_agreed_to(requests: RequestService, asked: AskedDuel) -> bool:
    """Whether each request costs no more than the person was told."""
    pairs = ((price_now(requests, new), agreed) for new, agreed in zip(asked.requests, asked.prices, strict=True))
    return all(now is None or (agreed is not None and is_within(now, agreed)) for now, agreed in pairs)


def _buttons(duel_id: int) -> InlineKeyboardMarkup:
    return keyboard(
        [
            button(_("⚔️ Start"), DuelCallback(do="start", duel=duel_id), "primary"),
            button(_("No"), DuelCallback(do="no", duel=duel_id)),
        ]
    )


def how_to_start(names: list[str]) -> str:
    """The text that explains duels, with an example to copy."""
    words = _(
        "⚔️ In a duel two to four services draw the same words, and the chat votes for the best picture:\n"
        "<code>/duel a red fox in the snow</code>\n"
        "Reply to a photo with it, and they'll work from that photo. You can also name the services: "
        "<code>/duel a red fox --provider {names}</code>"
    )
    return words.format(names=escape(",".join(names[:2])))


def _too_few(requests: RequestService, error: TooFewServicesError) -> str:
    if not error.able:
        return _("No service can do this right now. See /models.")
    name = escape(title(requests.providers, error.able[0]), quote=False)
    return _("Only {name} can do this right now, and a duel needs two services. See /models.").format(name=name)


def _table(requests: RequestService, records: list[ServiceRecord]) -> list[str]:
    """How the services did in this chat."""
    if not records:
        return []
    lines = [_("🏆 <b>Duels in this chat</b>")]
    for place, one in enumerate(records, 1):
        name = title(requests.providers, one.provider)
        wins = _("wins: {wins} of {duels}").format(wins=one.wins, duels=one.duels)
        costs = [shown(Cost(round(cost.amount / one.wins), cost.currency)) for cost in one.costs if one.wins]
        cost = [_("{price} a win").format(price=" + ".join(costs))] if costs else []
        lines.append(escape(f"{place}. " + " · ".join([name, wins, *cost]), quote=False))
    return ["\n".join(lines)]
