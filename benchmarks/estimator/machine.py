"""What this runs on, and how the instruction set is capped."""

import os
from dataclasses import dataclass
from pathlib import Path

NOTED = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True)
class Cap:
    """Environment that keeps libraries from newer instructions, and the precision that is left to OpenVINO.

    oneDNN (in OpenVINO and in torch) reads ONEDNN_MAX_CPU_ISA, torch's own kernels ATEN_CPU_CAPABILITY, OpenBLAS
    OPENBLAS_CORETYPE, numpy NPY_DISABLE_CPU_FEATURES. dlib from its wheel has AVX at most; Pillow and its JPEG library have no AVX-512.
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
    """This process's, with one thread and the cap."""
    return {**os.environ, **ONE_THREAD, **cap.environment, "PYTHONWARNINGS": "ignore"}


def described() -> str:
    """Model and the instructions that matter here."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    fields = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = fields.get("flags", "").split()
    return f"{fields.get('model name', 'unknown')}, {os.cpu_count()} cores; {', '.join(f for f in NOTED if f in flags)}"
