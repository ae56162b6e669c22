"""The edge to /proc/cpuinfo: which arithmetic this processor has."""

from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
BFLOAT16 = frozenset({"avx512_bf16", "amx_bf16"})
"""Flags of processors with bfloat16 multiplication.

Others with AVX-512 emulate it in over twice the time of float32. OpenVINO does not tell them apart."""
INT8 = frozenset({"avx512_vnni", "avx_vnni", "amx_int8"})
"""Flags of processors that add four products of bytes at once. Others add two, in 16 bits, which can overflow."""


def multiplies_bfloat16(cpuinfo: Path = CPUINFO) -> bool:
    """Whether bfloat16 is faster than float32; false if unknown."""
    return not BFLOAT16.isdisjoint(_flags(cpuinfo))


def multiplies_int8(cpuinfo: Path = CPUINFO) -> bool:
    """Whether int8 is faster than float32 and exact; false if unknown."""
    return not INT8.isdisjoint(_flags(cpuinfo))


def _flags(cpuinfo: Path) -> list[str]:
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return []
    return next((line.split(":", 1)[1] for line in lines if line.startswith("flags")), "").split()
