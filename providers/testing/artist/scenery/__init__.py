"""The sky, the land and the sea, in every light and weather."""
