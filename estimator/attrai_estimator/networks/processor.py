"""What this processor can do; the edge to the kernel's description of it."""

from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
BFLOAT16 = frozenset({"avx512_bf16", "amx_bf16"})
"""Flags of processors that multiply bfloat16 themselves. Others with AVX-512 imitate it, in more than twice the time of float32,
and OpenVINO's own list of capabilities does not tell them apart."""
INT8 = frozenset({"avx512_vnni", "avx_vnni", "amx_int8"})
"""Flags of processors that multiply bytes and add four products at once. Those without add two, in 16 bits, which can overflow."""


def multiplies_bfloat16(cpuinfo: Path = CPUINFO) -> bool:
    """Whether bfloat16 is quicker than float32 here; false where the kernel does not say."""
    return not BFLOAT16.isdisjoint(_flags(cpuinfo))


def multiplies_int8(cpuinfo: Path = CPUINFO) -> bool:
    """Whether int8 is quicker than float32 here, and right; false where the kernel does not say."""
    return not INT8.isdisjoint(_flags(cpuinfo))


def _flags(cpuinfo: Path) -> list[str]:
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return []
    return next((line.split(":", 1)[1] for line in lines if line.startswith("flags")), "").split()
