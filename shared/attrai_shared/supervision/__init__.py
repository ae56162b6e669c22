"""Child processes kept alive, and ended with their parent whichever way it goes."""

from attrai_shared.supervision.errors import ChildError, NotReadyError, SupervisionError
from attrai_shared.supervision.service import Phase, Service, State
from attrai_shared.supervision.supervisor import Supervisor

__all__ = ["ChildError", "NotReadyError", "Phase", "Service", "State", "SupervisionError", "Supervisor"]
