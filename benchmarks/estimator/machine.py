"""The processor's description and the instruction set caps."""

import os
from dataclasses import dataclass
from pathlib import Path

REPORTED_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True)
class Cap:
    """Environment variables that disable newer instructions, and the precision that OpenVINO then uses.

    oneDNN (in OpenVINO and in torch) reads ONEDNN_MAX_CPU_ISA, torch's own kernels ATEN_CPU_CAPABILITY, OpenBLAS
    OPENBLAS_CORETYPE, numpy NPY_DISABLE_CPU_FEATURES. dlib's wheel uses AVX at most.
    Pillow and its JPEG library do not use AVX-512.
    """

    name: str
    environment: dict[str, str]
    precision: str


NONE = Cap("not capped", {}, "native")
AVX2 = Cap(
    "capped to AVX2",
    {
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    },
    "f32",
)
AVX512 = Cap("capped to AVX-512 without VNNI and bfloat16", {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE"}, "f32")
CAPS = (NONE, AVX512, AVX2)


def environment(cap: Cap) -> dict[str, str]:
    """This process's environment with one thread and the cap."""
    return {**os.environ, **ONE_THREAD, **cap.environment, "PYTHONWARNINGS": "ignore"}


def describe_processor() -> str:
    """The processor's model, core count and relevant instruction sets."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    fields = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = fields.get("flags", "").split()
    reported = ", ".join(flag for flag in REPORTED_FLAGS if flag in flags)
    return f"{fields.get('model name', 'unknown')}, {os.cpu_count()} cores; {reported}"
