"""Image services behind one contract, `providers.base`. This package knows neither Telegram nor the store."""
