"""The Bot API's methods that the simulator knows, each on aiogram's own model of its parameters."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiogram import methods as m
from aiogram.methods import TelegramMethod

from bot.demo.bot_api.methods import (
    answering,
    chats,
    editing,
    ephemeral,
    inline,
    polls,
    profile,
    sending,
    updating,
)
from bot.demo.bot_api.methods.call_context import CallContext

Handler = Callable[[CallContext, Any], Awaitable[Any]]

HANDLERS: Mapping[type[TelegramMethod[Any]], Handler] = {
    m.GetMe: profile.get_me,
    m.GetUpdates: updating.get_updates,
    m.SetWebhook: updating.set_webhook,
    m.DeleteWebhook: updating.delete_webhook,
    m.GetWebhookInfo: updating.get_webhook_info,
    m.SendMessage: sending.send_message,
    m.SendMessageDraft: sending.send_message_draft,
    m.SendPhoto: sending.send_photo,
    m.SendDocument: sending.send_document,
    m.SendMediaGroup: sending.send_media_group,
    m.SendPoll: polls.send_poll,
    m.StopPoll: polls.stop_poll,
    m.CopyMessage: sending.copy_message,
    m.ForwardMessage: sending.forward_message,
    m.EditMessageText: editing.edit_text,
    m.EditMessageCaption: editing.edit_caption,
    m.EditMessageMedia: editing.edit_media,
    m.EditMessageReplyMarkup: editing.edit_markup,
    m.EditEphemeralMessageText: ephemeral.edit_ephemeral_text,
    m.DeleteEphemeralMessage: ephemeral.delete_ephemeral,
    m.DeleteMessage: editing.delete_message,
    m.DeleteMessages: editing.delete_messages,
    m.SetMessageReaction: editing.set_reaction,
    m.AnswerCallbackQuery: answering.answer_callback_query,
    m.AnswerInlineQuery: inline.answer_inline_query,
    m.SendChatAction: answering.send_chat_action,
    m.GetFile: chats.get_file,
    m.GetUserProfilePhotos: profile.get_user_profile_photos,
    m.GetChat: chats.get_chat,
    m.LeaveChat: chats.leave_chat,
    m.GetChatMember: chats.get_chat_member,
    m.GetChatAdministrators: chats.get_chat_administrators,
    m.SetMyCommands: profile.set_my_commands,
    m.GetMyCommands: profile.get_my_commands,
    m.DeleteMyCommands: profile.delete_my_commands,
    m.SetMyName: profile.set_my_name,
    m.GetMyName: profile.get_my_name,
    m.SetMyDescription: profile.set_my_description,
    m.GetMyDescription: profile.get_my_description,
    m.SetMyShortDescription: profile.set_my_short_description,
    m.GetMyShortDescription: profile.get_my_short_description,
}
FLOOD_COUNTED = frozenset({
    m.SendMessage, m.SendPhoto, m.SendDocument, m.SendMediaGroup, m.SendPoll, m.CopyMessage, m.ForwardMessage,
    m.EditMessageText, m.EditMessageCaption, m.EditMessageMedia, m.EditMessageReplyMarkup, m.EditEphemeralMessageText,
})  # fmt: skip
"""The methods that flood control counts."""
