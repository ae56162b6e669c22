from benchmarks.estimator.speed import Times
from benchmarks.estimator.tables import steps_table


def test_a_photo_without_a_face_has_no_steps_to_share() -> None:
    found = Times("Attrai", 0.004, 0.004, 1, {"decode": 0.001, "detect": 0.003})
    nothing = Times("Attrai", 0.004, 0.004, 0, {})
    table = steps_table([("portrait", [found]), ("wall", [nothing])])
    assert "3.0 (75%)" in table
    assert "wall" not in table
