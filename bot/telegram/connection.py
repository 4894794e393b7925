"""The connection to Telegram, as the settings ask for it."""

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.middlewares.base import BaseRequestMiddleware
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.types import LinkPreviewOptions

from bot.settings import Settings
from bot.telegram.session import Session
from providers.proxies import way_of


def make_bot(settings: Settings, *middlewares: BaseRequestMiddleware) -> Bot:
    """The connection to Telegram (or to `telegram.api_url`). `middlewares`: what each call goes through, in order."""
    way = way_of(settings.telegram.proxy, "telegram.proxy")
    session = Session(api=TelegramAPIServer.from_base(settings.telegram.api_url), way=way)
    for middleware in middlewares:
        session.middleware(middleware)
    default = DefaultBotProperties(
        parse_mode=ParseMode.HTML, link_preview=LinkPreviewOptions(is_disabled=True), allow_sending_without_reply=True
    )
    return Bot(settings.telegram.token.get_secret_value(), session=session, default=default)
