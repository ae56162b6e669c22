"""Limits of the Bot API and of a photo, as far as a message tells them."""

MAX_DOWNLOAD_MEGABYTES = 20
"""Size of a file that a bot may download, in MB (Bot API, getFile)."""
MAX_DOWNLOAD_BYTES = MAX_DOWNLOAD_MEGABYTES * 1024 * 1024
MIN_SIDE = 40
"""Pixels of the shorter side. The estimator has the same limit for files whose message tells no size."""
MAX_RATIO = 20
"""Longer to shorter side (Bot API, sendPhoto)."""
