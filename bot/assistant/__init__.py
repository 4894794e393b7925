"""Help with words by a chat service that speaks as OpenAI does. Knows neither Telegram nor the engine."""
