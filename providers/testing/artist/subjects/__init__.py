"""All that can stand in a picture."""
