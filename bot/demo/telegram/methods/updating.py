"""Methods by which the bot gets its updates."""

from aiogram.methods import DeleteWebhook, GetUpdates, GetWebhookInfo, SetWebhook

from bot.demo.telegram.errors import ApiError
from bot.demo.telegram.methods.desk import Desk
from bot.demo.telegram.model import JSON
from bot.demo.telegram.webhook import check_target


async def get_updates(desk: Desk, call: GetUpdates) -> list[JSON]:
    """https://core.telegram.org/bots/api#getupdates."""
    if desk.webhook.url:
        raise ApiError(
            409,
            "Conflict: can't use getUpdates method while webhook is active; "
            "use deleteWebhook to delete the webhook first",
        )
    updates = desk.world.updates
    updates.allow(call.allowed_updates)
    return await updates.poll(call.offset or 0, call.limit or 100, call.timeout or 0)


async def set_webhook(desk: Desk, call: SetWebhook) -> bool:
    """https://core.telegram.org/bots/api#setwebhook."""
    if not call.url:
        return await remove(desk, call.drop_pending_updates)
    check_target(call.url, call.secret_token or "")
    await remove(desk, call.drop_pending_updates)
    desk.world.updates.allow(call.allowed_updates)
    desk.world.updates.end_polls()
    desk.webhook.start(call.url, call.secret_token or "", call.max_connections or 40)
    return True


async def delete_webhook(desk: Desk, call: DeleteWebhook) -> bool:
    """https://core.telegram.org/bots/api#deletewebhook."""
    return await remove(desk, call.drop_pending_updates)


async def get_webhook_info(desk: Desk, _: GetWebhookInfo) -> JSON:
    """https://core.telegram.org/bots/api#getwebhookinfo."""
    return desk.webhook.info()


async def remove(desk: Desk, drop: bool | None) -> bool:
    """Take the webhook away."""
    await desk.webhook.clear()
    if drop:
        desk.world.updates.drop()
    return True
