"""getUpdates, and the methods that set and remove the webhook."""

from aiogram.methods import DeleteWebhook, GetUpdates, GetWebhookInfo, SetWebhook

from bot.demo.bot_api.errors import conflict
from bot.demo.bot_api.methods.call_context import CallContext
from bot.demo.bot_api.model import JSON
from bot.demo.bot_api.updates import SET_WEBHOOK
from bot.demo.bot_api.webhook import check_target

WEBHOOK_ACTIVE = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"


async def get_updates(context: CallContext, call: GetUpdates) -> list[JSON]:
    """https://core.telegram.org/bots/api#getupdates."""
    if context.webhook.url:
        raise conflict(WEBHOOK_ACTIVE)
    updates = context.world.updates
    updates.allow(call.allowed_updates)
    return await updates.poll(call.offset or 0, call.limit or 100, call.timeout or 0)


async def set_webhook(context: CallContext, call: SetWebhook) -> bool:
    """https://core.telegram.org/bots/api#setwebhook."""
    if not call.url:
        return await remove(context, call.drop_pending_updates)
    check_target(call.url, call.secret_token or "")
    await remove(context, call.drop_pending_updates)
    context.world.updates.allow(call.allowed_updates)
    context.world.updates.end_polls(conflict(SET_WEBHOOK))
    context.webhook.start(call.url, call.secret_token or "", call.max_connections or 40)
    return True


async def delete_webhook(context: CallContext, call: DeleteWebhook) -> bool:
    """https://core.telegram.org/bots/api#deletewebhook."""
    return await remove(context, call.drop_pending_updates)


async def get_webhook_info(context: CallContext, _: GetWebhookInfo) -> JSON:
    """https://core.telegram.org/bots/api#getwebhookinfo."""
    return context.webhook.info()


async def remove(context: CallContext, drop: bool | None) -> bool:
    """Remove the webhook."""
    await context.webhook.clear()
    if drop:
        context.world.updates.drop()
    return True
