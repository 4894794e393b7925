"""Draws the pictures of simulated services: composes ready cut-outs and backgrounds by the words of a prompt."""
