"""What Telegram allows a bot, and what is refused from a message's own words alone."""

MEGABYTES = 20
"""Size of a file that a bot may download, in MB (Bot API, getFile)."""
MAX_BYTES = MEGABYTES * 1024 * 1024
MIN_SIDE = 40
"""Pixels of the shorter side; the estimator says the same of files that do not tell their size."""
MAX_RATIO = 20
"""Longer to shorter side (Bot API, sendPhoto)."""
