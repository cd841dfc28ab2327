"""Pixels in, and the exact coordinate mapping between a frame and its resized copy."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from adaptor_bench.atomic import complete_file
from adaptor_bench.bounded import open_file
from adaptor_bench.data.layout import NO_FRAMES
from adaptor_bench.errors import InputError

MOST_PIXELS = 200_000_000
"""Of one frame; more are refused."""
_STRIP = 1 << 24  # pixels that are taken out of a decoded image at once
_READERS: dict[bytes, type[ImageFile.ImageFile]] = {
    b"\x89PNG\r\n\x1a\n": PngImageFile,
    b"\xff\xd8\xff": JpegImageFile,
    b"II*\0": TiffImageFile,
    b"MM\0*": TiffImageFile,
    b"BM": BmpImageFile,
}
_OTHERS = {
    b"II+\0": "BigTIFF",
    b"MM\0+": "BigTIFF",
    b"GIF8": "GIF",
    b"RIFF": "WebP",
    b"DDS ": "DDS",
    b"\0\0\0\x0cjP": "JPEG 2000",
}
_WIDTH, _HEIGHT, _BITS, _WHAT, _SIGNED = 256, 257, 258, 262, 339  # tags of TIFF
_MODES = ("1", "L", "LA", "P", "RGB", "RGBA")
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read_image(path: Path) -> NDArray[np.uint8]:
    """Decode one frame to RGB, shape (height, width, 3), uint8, as a viewer shows it.

    PNG, JPEG, TIFF or BMP, by content. Grey, palette and 1-bit images become RGB; of 16 bits the
    upper eight count; an orientation (EXIF) is applied, for labels are made on what is shown.
    Raises InputError for anything else: transparent pixels, CMYK, several pictures, pixels of other
    than 8 or 16 bits, damage, too many pixels.
    """
    return _read(path, _rgb)


def read_picture(path: Path) -> NDArray[np.uint8]:
    """As :func:`read_image`, of a picture that no label belongs to: CMYK becomes RGB, and what is
    transparent lies over black. Raises InputError."""
    return _read(path, _shown)


def _read(path: Path, decode: Callable[[Image.Image], Image.Image]) -> NDArray[np.uint8]:
    with _opened(path) as image:
        # Pillow turns a TIFF itself, when it decodes it.
        turn = None if isinstance(image, TiffImageFile) else _TURNS.get(_orientation(image))
        early = "exif" in image.info
        rgb = decode(image)
        if not early and turn is None and "exif" in image.info:
            late = Image.Exif()
            late.load(image.info["exif"])
            if late.get(ExifTags.Base.Orientation) in _TURNS:
                raise ValueError("its EXIF orientation comes after the pixels; save it again")
        if turn is not None:
            rgb = rgb.transpose(turn)
        return _pixels(rgb)


def image_size(path: Path) -> tuple[int, int]:
    """(width, height) of what :func:`read_image` gives, from the header. Raises InputError."""
    with _opened(path) as image:
        width, height = _stored_size(image)
        return (height, width) if _orientation(image) >= 5 else (width, height)


def require_picture(path: Path) -> None:
    """Raise InputError for what :func:`read_picture` refuses, as far as the header tells."""
    with _opened(path) as image:
        _orientation(image)
        _require_shown(image)


@contextmanager
def _opened(path: Path) -> Iterator[ImageFile.ImageFile]:
    """The image, its pixels not yet decoded; whatever goes wrong in the block is an InputError."""
    try:
        with os.fdopen(open_file(path), "rb") as stream:
            start = stream.read(12)
            stream.seek(0)
            # Not Image.open: it tries every format there is, and warns about sizes that are ours.
            reader = next((r for magic, r in _READERS.items() if start.startswith(magic)), None)
            if reader is None:
                raise ValueError(f"{_format(start)}; frames are PNG, JPEG, TIFF or BMP")
            # Without its name: else Pillow maps the file, and mixes up sides of a TIFF it turns.
            with reader(stream) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise ValueError(
                        f"refused, {image.width}x{image.height} are more than "
                        f"{MOST_PIXELS // 1_000_000} megapixels"
                    )
                yield image
    except FileNotFoundError as error:
        there = [path.with_suffix(e) for end in NO_FRAMES for e in (end, end.upper())]
        other = next((p.name for p in there if p.exists()), None)
        hint = f"; there is {other}: convert it to PNG" if other else ""
        raise InputError(f"{path}: no such image{hint}") from error
    except (InputError, MemoryError):
        raise
    except Exception as error:  # whatever a decoder trips over, the file is at fault
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise InputError(f"{path}: not readable as an image: {reason}") from error


def _format(start: bytes) -> str:
    if start[4:8] == b"ftyp":
        return "it is AVIF or HEIF"
    known = (f"it is {name}" for magic, name in _OTHERS.items() if start.startswith(magic))
    return next(known, "not of a known format" if start else "it is empty")


def _stored_size(image: ImageFile.ImageFile) -> tuple[int, int]:
    """(width, height) before any turning; of a TIFF some versions of Pillow give the turned one."""
    if not isinstance(image, TiffImageFile):
        return image.size
    return int(image.tag_v2[_WIDTH]), int(image.tag_v2[_HEIGHT])


def _orientation(image: Image.Image) -> int:
    # Image's own method reads what stands before the pixels; that of PNG decodes all of them.
    return int(Image.Image.getexif(image).get(ExifTags.Base.Orientation, 1))


def _rgb(image: Image.Image) -> Image.Image:
    """Decoded, RGB, 8 bits. Raises ValueError where that would be a guess."""
    _require_usual(image)
    if image.mode.startswith("I"):  # grey of 16 bits
        grey = np.asarray(image)
        if (grey == image.info.get("transparency", -1)).any():
            raise ValueError(_transparent(image))
        return Image.fromarray((grey >> 8).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        opaque = image.convert("RGBA")  # not to RGB at once: Pillow warns about palettes
        if opaque.getchannel("A").getextrema() != (255, 255):
            raise ValueError(_transparent(image))
        return opaque.convert("RGB")
    image.load()
    return image if image.mode == "RGB" else image.convert("RGB")


def _shown(image: Image.Image) -> Image.Image:
    """Decoded, RGB, 8 bits, as a viewer with a black background shows it. Raises ValueError."""
    _require_shown(image)
    if image.mode == "CMYK":
        return image.convert("RGB")
    if image.mode.startswith("I") or not image.has_transparency_data:
        return _rgb(image)
    above = image.convert("RGBA")
    black = Image.new("RGBA", above.size, (0, 0, 0, 255))
    return Image.alpha_composite(black, above).convert("RGB")


def _require_shown(image: Image.Image) -> None:
    """Raise ValueError for what the header alone says is no picture."""
    if image.mode != "CMYK":
        _require_usual(image)


def _require_usual(image: Image.Image) -> None:
    """Raise ValueError for what the header alone says is no frame."""
    if getattr(image, "is_animated", False):
        raise ValueError("it holds several pictures")
    if isinstance(image, TiffImageFile):
        _require_usual_bits(image)
    if image.mode not in _MODES and not image.mode.startswith("I"):
        raise ValueError(f"its pixels are {image.mode}; save it as 8-bit RGB")


def _require_usual_bits(image: TiffImageFile) -> None:
    """Raise ValueError for a TIFF whose bits mean something else than those of a PNG."""
    bits = {int(n) for n in image.tag_v2.get(_BITS, (1,))}
    if not bits <= {1, 2, 4, 8, 16}:
        raise ValueError(f"its pixels have {max(bits)} bits; save it with 8 or 16")
    if 16 in bits and (image.tag_v2.get(_SIGNED, (1,))[0] != 1 or image.tag_v2.get(_WHAT) == 0):
        raise ValueError("its 16 bits are signed, or 0 is white; save it with 0 as black")


def _transparent(image: Image.Image) -> str:
    return f"some pixels are transparent ({image.mode}); save it as 8-bit RGB"


def _pixels(image: Image.Image) -> NDArray[np.uint8]:
    """As an array; large images a strip at a time, for Pillow copies what it hands out twice."""
    if image.width * image.height <= _STRIP:
        return np.asarray(image)
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    rows = max(1, _STRIP // image.width)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        pixels[top : top + rows] = np.asarray(strip)
    return pixels


def resize_image(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Resize to ``size`` (width, height); averages pixels when it shrinks."""
    if (image.shape[1], image.shape[0]) == size:
        return image
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX))


def resize_image_smoothly(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Resize to ``size`` (width, height) for the eye: no visible pixels when it grows."""
    if (image.shape[1], image.shape[0]) == size:
        return image
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))


def write_image(path: Path, image: NDArray[np.uint8], *, compression: int = 6) -> None:
    """Write (height, width, 3) uint8 RGB as PNG, in one step; folders are made as needed.

    ``compression`` 1 is several times faster than 6, for a somewhat larger file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with complete_file(path, durable=False) as temporary:
        Image.fromarray(image).save(temporary, "PNG", compress_level=compression)


def scale_points(
    points: NDArray[np.float64], source: tuple[int, int], target: tuple[int, int]
) -> NDArray[np.float64]:
    """Map points (N, 2) from a frame of ``source`` (width, height) to one of ``target``.

    Pixel centres are at integers, so the frame spans [-0.5, width - 0.5] and the mapping keeps
    its borders: x' = (x + 0.5) * w' / w - 0.5. Applying it back and forth is the identity.
    """
    scale = np.array(target, dtype=float) / np.array(source, dtype=float)
    return (np.asarray(points, dtype=float).reshape(-1, 2) + 0.5) * scale - 0.5
