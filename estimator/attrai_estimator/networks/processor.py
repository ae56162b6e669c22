"""What this processor can do; the edge to the kernel's description of it."""

from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
BFLOAT16 = frozenset({"avx512_bf16", "amx_bf16"})
"""Flags of processors that multiply bfloat16 themselves. Others with AVX-512 imitate it, in more than twice the time of float32,
and OpenVINO's own list of capabilities does not tell them apart."""


def multiplies_bfloat16(cpuinfo: Path = CPUINFO) -> bool:
    """Whether bfloat16 is quicker than float32 here; false where the kernel does not say."""
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return False
    flags = next((line.split(":", 1)[1] for line in lines if line.startswith("flags")), "")
    return not BFLOAT16.isdisjoint(flags.split())
