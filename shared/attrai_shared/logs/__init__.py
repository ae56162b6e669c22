"""The logs of every service: structured records to the console and to Graylog.

Logging never blocks and carries nothing personal.

Written here rather than taken from structlog or python-json-logger: those format records, which is 30 of these lines.
The rest removes what other libraries put into records, and delivers from a bounded queue with exact counts, also after
a fork; no library does that. graypy encodes GELF.
"""

from attrai_shared.logs.events import event
from attrai_shared.logs.graylog import LogTarget
from attrai_shared.logs.pipeline import LogPipeline, configure_logs

__all__ = ["LogPipeline", "LogTarget", "configure_logs", "event"]
