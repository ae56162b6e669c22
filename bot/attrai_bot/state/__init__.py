"""What both processes share in Redis: live requests, quotas, claims, timings, counts, and the ETA from them."""

from attrai_bot.state.live_request import Admitted, Claim, Duplicate, LiveRequest, QuotaLimits
from attrai_bot.state.request_store import RequestStore
from attrai_bot.state.timings import QueueLoad, Timings

__all__ = ["Admitted", "Claim", "Duplicate", "LiveRequest", "QueueLoad", "QuotaLimits", "RequestStore", "Timings"]
