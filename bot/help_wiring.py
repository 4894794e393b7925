"""The wiring of help with words."""

from aiogram import Bot

from bot.assistant.client import AssistantClient
from bot.assistant.helper import Helper, Rules
from bot.handlers.assistant_calls import HelpCalls
from bot.handlers.request_service import RequestService
from bot.settings import Settings
from bot.telegram.i18n import Languages
from providers.sessions import Sessions


def wire_help(
    settings: Settings,
    requests: RequestService,
    sessions: Sessions,
    bot: Bot,
    languages: Languages,
) -> HelpCalls | None:
    """Help with words; None where the operator has set up no assistant."""
    if not settings.assistant.is_on:
        return None
    requests.assistant, context = settings.assistant, requests.engine.context
    client = AssistantClient(settings.assistant, sessions.of(settings.assistant.proxy, "assistant.proxy"))
    rules = Rules(context.budgets, requests.access.is_admin)
    return HelpCalls(bot, languages, requests, Helper(client, requests.store, rules, lambda: context.worker.id))
