"""Image services behind one contract. Knows neither Telegram nor the store; start reading at `providers.base`."""
