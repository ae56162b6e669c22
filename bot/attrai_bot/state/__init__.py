"""The request store: who has how many photos under way, what is reserved, who answers what, and how long an estimate takes."""

from attrai_bot.state.live_request import Admitted, Claim, Duplicate, LiveRequest, QuotaLimits
from attrai_bot.state.request_store import RequestStore
from attrai_bot.state.timings import QueueLoad, Timings

__all__ = ["Admitted", "Claim", "Duplicate", "LiveRequest", "QueueLoad", "QuotaLimits", "RequestStore", "Timings"]
