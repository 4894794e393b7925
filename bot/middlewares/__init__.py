"""Middlewares: every update passes them before a handler gets it."""
