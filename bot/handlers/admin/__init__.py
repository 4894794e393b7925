"""`/admin`: the pages on which admins of the bot look after it, in their private chat."""
