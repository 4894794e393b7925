"""A job's life: from the queue to the album. Knows the providers' contract and the store; knows no Telegram."""
