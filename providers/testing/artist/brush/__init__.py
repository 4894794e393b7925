"""Colours, outlines and the canvas: a small vector painter on Pillow."""
