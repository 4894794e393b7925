"""What the bot remembers, in SQL. Knows neither Telegram nor the image services."""
