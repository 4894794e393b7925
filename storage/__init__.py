"""The bot's database, in SQL. It knows neither Telegram nor the image services."""
