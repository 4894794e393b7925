"""The simulated Telegram: its Bot API, as strict as the real one, and the state behind it (`World`)."""
