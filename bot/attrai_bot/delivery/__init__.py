"""The way back: from an outcome to what the user sees."""
