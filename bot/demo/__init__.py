"""The bot without accounts: a Telegram on loopback, a chat page and the launcher that puts them together."""
