"""An alignment template: where a face's five landmarks lie in the square crop that a network was trained on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Template:
    """Five points as fractions of the crop's side, from the upper left corner, in a detection's order."""

    name: str
    size: int
    points: tuple[tuple[float, float], ...]
    """`size` is the side in pixels of the crop that the network takes."""
    weights: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0, 1.0)
    """How much the fit minds each point."""

    def __post_init__(self) -> None:
        if len(self.points) != 5:  # noqa: PLR2004 - five landmarks
            raise ValueError(f"template {self.name} has {len(self.points)} points, not 5")
        if len(self.weights) != len(self.points):
            raise ValueError(f"template {self.name} has {len(self.weights)} weights for {len(self.points)} points")
