"""The logs of every service: structured records to console and Graylog, which hold nobody up and nothing personal."""

from attrai_shared.logs.events import event
from attrai_shared.logs.pipeline import LogPipeline, configure_logs
from attrai_shared.logs.target import LogTarget

__all__ = ["LogPipeline", "LogTarget", "configure_logs", "event"]
