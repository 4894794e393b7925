"""Handlers of updates: one file for each thing that people do."""
