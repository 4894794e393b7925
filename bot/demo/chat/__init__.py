"""The actions of people in the simulated Telegram, and the HTTP API for the chat page."""
