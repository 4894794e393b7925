"""The demo: a simulated Telegram on loopback, its chat page, and the launcher that runs the bot without accounts."""
