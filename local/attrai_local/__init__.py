"""Child processes kept alive, and ended with their parent whichever way it goes."""

from attrai_local.errors import ChildError, NotReadyError, SupervisionError
from attrai_local.service import Phase, Service, State
from attrai_local.supervisor import Supervisor

__all__ = ["ChildError", "NotReadyError", "Phase", "Service", "State", "SupervisionError", "Supervisor"]
