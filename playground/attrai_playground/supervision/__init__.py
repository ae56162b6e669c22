"""Child processes kept alive, and ended with their parent whichever way it goes."""

from attrai_playground.supervision.errors import ChildError, NotReadyError, PlaygroundError
from attrai_playground.supervision.service import Phase, Service, State
from attrai_playground.supervision.supervisor import Supervisor

__all__ = ["ChildError", "NotReadyError", "Phase", "PlaygroundError", "Service", "State", "Supervisor"]
