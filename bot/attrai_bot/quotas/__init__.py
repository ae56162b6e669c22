"""The ledger: who has how many photos under way, what is reserved, who answers what, and how long an estimate takes."""

from attrai_bot.quotas.ledger import Ledger
from attrai_bot.quotas.records import Admitted, Claim, Earlier, Limits, Record
from attrai_bot.quotas.timings import Load, Timings

__all__ = ["Admitted", "Claim", "Earlier", "Ledger", "Limits", "Load", "Record", "Timings"]
