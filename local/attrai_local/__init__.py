"""The services on one machine: a supervisor of child processes, and an embedded Valkey as broker and store.

Children that die are started again. They end with their parent, however it ends.
"""

from attrai_local.errors import ChildError, NotReadyError, SupervisionError
from attrai_local.service import Phase, Service, State
from attrai_local.supervisor import Supervisor

__all__ = ["ChildError", "NotReadyError", "Phase", "Service", "State", "SupervisionError", "Supervisor"]
