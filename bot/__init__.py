"""Telegram, and everything that is put together."""
