"""Part of decoding: converts any mode of a container to 8-bit sRGB, transparency over white."""

import io

import numpy as np
from PIL import Image, ImageCms

BACKGROUND = (255, 255, 255)
SRGB = ImageCms.createProfile("sRGB")
CHART = np.stack(np.meshgrid(*[(0, 16, 48, 112, 192, 255)] * 3), axis=-1).reshape(6, 36, 3).astype(np.uint8)
"""216 colours that show how a profile differs from sRGB."""
SRGB_TOLERANCE = 3
"""Levels of 255. Compact sRGB curves differ by 1 or 2, a plain gamma of 2.2 by 9, linear light by 73."""
REDUCIBLE = frozenset({"L", "LA", "RGB", "RGBA", "CMYK", "YCbCr"})
"""Modes with samples of 8 bits, which may be averaged."""


def to_reducible(image: Image.Image) -> Image.Image:
    """Turn palettes, single bits and deep greys into a mode whose samples may be averaged."""
    if image.mode.startswith(("I", "F")):
        return _eight_bits(image)
    if image.has_transparency_data:
        return image if image.mode in {"LA", "RGBA"} else image.convert("RGBA")
    if image.mode in REDUCIBLE:
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def to_rgb(image: Image.Image) -> Image.Image:
    """Convert a reducible picture to RGB, as a copy: the original keeps its file's buffers in memory."""
    if image.has_transparency_data:
        return _over_background(image.convert("RGBA"))
    return _by_profile(image) or image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Keep the upper 8 bits of a 16-bit grey PNG or HEIC; Pillow would clip."""
    samples = np.asarray(image).astype(np.float32) / 257
    return Image.fromarray(samples.clip(0, 255).astype(np.uint8))


def _over_background(image: Image.Image) -> Image.Image:
    opaque = Image.new("RGB", image.size, BACKGROUND)
    opaque.paste(image, mask=image.getchannel("A"))
    return opaque


def _by_profile(image: Image.Image) -> Image.Image | None:
    """Convert by the embedded ICC profile. None without a profile, or if it is sRGB, broken or for another mode."""
    if not image.info.get("icc_profile"):
        return None
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        if image.mode == "RGB" and _is_srgb(profile):
            return None
        return ImageCms.profileToProfile(image, profile, SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    """The profile's primaries and curve leave colours as they are. Its name says nothing. Takes about 1 ms.

    Without optimization LittleCMS skips tables that pay off for a whole photo only.
    """
    transform = ImageCms.buildTransform(profile, SRGB, "RGB", "RGB", flags=ImageCms.Flags.NOOPTIMIZE)
    converted = np.asarray(ImageCms.applyTransform(Image.fromarray(CHART), transform))
    return bool(np.abs(converted.astype(int) - CHART).max() <= SRGB_TOLERANCE)
