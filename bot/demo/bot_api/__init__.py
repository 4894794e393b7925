"""The Bot API of the simulated Telegram, as strict as the real one, and the world behind it."""
