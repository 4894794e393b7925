"""Speaking Telegram well: sending, albums, pictures."""
