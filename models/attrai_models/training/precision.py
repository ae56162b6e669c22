"""bfloat16 in training, on devices that compute in it: a GPU, or a CPU with AVX-512 BF16 or AMX."""

import torch


def supports_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 faster than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def autocast(device: torch.device) -> torch.autocast:
    """A context in which networks compute in bfloat16 if the device supports it."""
    return torch.autocast(device.type, torch.bfloat16, enabled=supports_bfloat16(device))
