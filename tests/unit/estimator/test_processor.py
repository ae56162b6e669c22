from pathlib import Path

import pytest
from attrai_estimator.networks.processor import multiplies_bfloat16, multiplies_int8


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("fpu sse2 avx2 fma", False),
        ("avx2 avx512f avx512bw avx512_vnni", False),
        ("avx2 avx512f avx512_bf16 avx512_vnni", True),
        ("avx512f amx_tile amx_bf16", True),
    ],
)
def test_bfloat16_is_for_processors_that_multiply_it_themselves(flags: str, expected: bool, tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nmodel name\t: one\nflags\t\t: {flags}\nbugs\t\t: avx512_bf16\n")
    assert multiplies_bfloat16(cpuinfo) is expected


@pytest.mark.parametrize(
    ("flags", "expected"),
    [("avx2 avx512f avx512bw", False), ("avx2 avx_vnni", True), ("avx512f avx512_vnni", True), ("amx_int8", True)],
)
def test_int8_is_for_processors_that_add_four_products_at_once(flags: str, expected: bool, tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(f"flags\t\t: {flags}\n")
    assert multiplies_int8(tmp_path / "cpuinfo") is expected


def test_where_nothing_is_said_it_is_not_used(tmp_path: Path) -> None:
    assert not multiplies_bfloat16(tmp_path / "absent")
    assert not multiplies_int8(tmp_path / "absent")
    (tmp_path / "cpuinfo").write_text("Features\t: asimd bf16\n")
    assert not multiplies_bfloat16(tmp_path / "cpuinfo")
