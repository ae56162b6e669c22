"""The error of Bot API methods, with Telegram's own descriptions.

ApiError
└── PhotoRejected   data that Telegram does not accept as a photo
"""

REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    413: "Request Entity Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
}
"""The beginning of each description."""


class ApiError(Exception):
    """A call that failed: `code` as in HTTP, `detail` after the reason, `retry_after` in seconds for 429."""

    def __init__(self, code: int, detail: str = "", retry_after: int | None = None) -> None:
        self.code = code
        self.retry_after = retry_after
        self.description = f"{REASONS.get(code, 'Error')}: {detail}" if detail else REASONS.get(code, "Error")
        super().__init__(self.description)


class PhotoRejected(ApiError):
    pass


def bad_request(detail: str) -> ApiError:
    """A 400 with Telegram's description."""
    return ApiError(400, detail)


def too_many_requests(retry_after: int) -> ApiError:
    """A 429 that asks for a pause of `retry_after` seconds."""
    return ApiError(429, f"retry after {retry_after}", retry_after)
