"""What people do in the simulated Telegram, and the HTTP by which the chat page lets them."""
