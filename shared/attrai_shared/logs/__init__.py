"""The logs of every service: structured records to the console and to Graylog, which never hold up who logs and carry no personal data."""

from attrai_shared.logs.events import event
from attrai_shared.logs.pipeline import LogPipeline, configure_logs
from attrai_shared.logs.target import LogTarget

__all__ = ["LogPipeline", "LogTarget", "configure_logs", "event"]
