"""Pixels: every kind an image can hold becomes what a viewer shows, or is refused by name."""

from __future__ import annotations

import io
import json
import os
import struct
import threading
import zlib

import numpy as np
import pytest
from commands import invoke
from frame_files import write_frame
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageOps
from tifffile import imwrite

from adaptor_bench.data import check, images
from adaptor_bench.data.check import load_frames
from adaptor_bench.data.frames import index_dataset
from adaptor_bench.data.images import image_size, read_image
from adaptor_bench.errors import InputError
from adaptor_bench.harness import predict
from adaptor_bench.method import Resize

pytestmark = pytest.mark.quick

GREY = np.array([[0, 1, 127], [128, 254, 255]], np.uint8)
COLOUR = np.arange(18, dtype=np.uint8).reshape(2, 3, 3) * 14


def three(grey):
    return np.repeat(np.asarray(grey, np.uint8)[:, :, None], 3, axis=2)


def palette():
    image = Image.fromarray(GREY % 3).convert("P")
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    return image


PALETTE = np.array([[10, 20, 30], [40, 50, 60], [70, 80, 90]], np.uint8)[GREY % 3]
WITH_ALPHA = Image.fromarray(np.dstack([COLOUR, np.full((2, 3), 255, np.uint8)]))
GREY_ALPHA = Image.fromarray(np.dstack([GREY, np.full((2, 3), 255, np.uint8)]))
READ = {
    "1": (Image.fromarray(GREY > 127), three((GREY > 127) * 255)),
    "L": (Image.fromarray(GREY), three(GREY)),
    "LA, opaque": (GREY_ALPHA, three(GREY)),
    "P": (palette(), PALETTE),
    "RGB": (Image.fromarray(COLOUR), COLOUR),
    "RGBA, opaque": (WITH_ALPHA, COLOUR),
    # 257 k is k: a picture of 8 bits that was widened comes back; nothing is clipped.
    "16-bit grey": (Image.fromarray(GREY.astype(np.uint16) * 257), three(GREY)),
    "16-bit grey, low byte": (Image.fromarray(GREY.astype(np.uint16) * 256 + 255), three(GREY)),
}


@pytest.mark.parametrize(("image", "expected"), READ.values(), ids=READ)
def test_png_modes(tmp_path, image, expected):
    image.save(tmp_path / "a.png")
    found = read_image(tmp_path / "a.png")
    assert found.dtype == np.uint8 and found.shape == (2, 3, 3)
    assert (found == expected).all()
    assert image_size(tmp_path / "a.png") == (3, 2)


def chunk(name: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )


def png(kind: int, depth: int, rows: list[bytes], width: int, before=b"", after=b"") -> bytes:
    """A PNG that Pillow cannot write."""
    head = struct.pack(">IIBBBBB", width, len(rows), depth, kind, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = chunk(b"IHDR", head), before, chunk(b"IDAT", data), after, chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_16_bit_colour_is_read_like_16_bit_grey(tmp_path):
    wide = (COLOUR.astype(np.uint16) * 256 + 200).astype(">u2").reshape(2, -1)
    (tmp_path / "a.png").write_bytes(png(2, 16, [row.tobytes() for row in wide], 3))
    assert (read_image(tmp_path / "a.png") == COLOUR).all()


def test_grey_of_few_bits_spans_the_whole_range(tmp_path):
    (tmp_path / "a.png").write_bytes(png(0, 2, [bytes([0b00011011])], 4))
    assert read_image(tmp_path / "a.png")[0, :, 0].tolist() == [0, 85, 170, 255]


def transparent_palette():
    image = palette()
    image.info["transparency"] = bytes([255, 0, 255])
    return image


def keyed(image, key):
    image.info["transparency"] = key
    return image


HALF = np.dstack([COLOUR, np.full((2, 3), 128, np.uint8)])
REFUSED = {
    "transparent RGBA": (Image.fromarray(HALF), "some pixels are transparent (RGBA)"),
    "transparent LA": (Image.fromarray(HALF[:, :, 2:]), "some pixels are transparent (LA)"),
    "transparent P": (transparent_palette(), "some pixels are transparent (P)"),
    "keyed RGB": (keyed(Image.fromarray(COLOUR), (0, 14, 28)), "transparent (RGB)"),
    "keyed L": (keyed(Image.fromarray(GREY), 254), "transparent (L)"),
    "keyed 16-bit": (keyed(Image.fromarray(GREY.astype(np.uint16)), 254), "transparent (I"),
}


@pytest.mark.parametrize(("image", "reason"), REFUSED.values(), ids=REFUSED)
def test_transparent_pixels_are_refused(tmp_path, image, reason):
    image.save(tmp_path / "a.png", **{k: v for k, v in image.info.items() if k == "transparency"})
    with pytest.raises(InputError) as error:
        read_image(tmp_path / "a.png")
    assert error.value.message.startswith(f"{tmp_path}/a.png: ") and reason in error.value.message


def test_a_key_that_no_pixel_has_hides_nothing(tmp_path):
    for image, key in ((Image.fromarray(GREY), 3), (Image.fromarray(COLOUR), (1, 1, 1))):
        image.save(tmp_path / "a.png", transparency=key)
        assert (read_image(tmp_path / "a.png") == np.asarray(image.convert("RGB"))).all()


def test_a_palette_with_opaque_alpha_is_read_without_a_warning(tmp_path, recwarn):
    palette().save(tmp_path / "a.png", transparency=b"\xff\xff\xff")
    assert read_image(tmp_path / "a.png").tolist() == PALETTE.tolist()
    assert not recwarn.list


def test_jpeg_by_content(tmp_path):
    flat = np.full((16, 16, 3), (200, 100, 50), np.uint8)
    Image.fromarray(flat).save(tmp_path / "a.png", "JPEG", quality=100)
    assert np.abs(read_image(tmp_path / "a.png").astype(int) - flat).max() <= 3
    Image.fromarray(flat[:, :, 0]).save(tmp_path / "b.png", "JPEG", quality=100)
    assert np.abs(read_image(tmp_path / "b.png").astype(int) - 200).max() <= 3
    Image.fromarray(flat).convert("CMYK").save(tmp_path / "c.png", "JPEG")
    with pytest.raises(InputError, match=r"c\.png: .*its pixels are CMYK; save it as 8-bit RGB"):
        read_image(tmp_path / "c.png")


TIFFS = READ | {"16-bit grey, the other order": (
    Image.frombytes("I;16B", (3, 2), (GREY.astype(">u2") * 257).tobytes()), three(GREY),
)}  # fmt: skip


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate"])
@pytest.mark.parametrize(("image", "expected"), TIFFS.values(), ids=TIFFS)
def test_tiff_modes(tmp_path, image, expected, compression):
    image.save(tmp_path / "a.tif", compression=compression)
    assert (read_image(tmp_path / "a.tif") == expected).all()
    assert image_size(tmp_path / "a.tif") == (3, 2)


@pytest.mark.parametrize("kind", ["1", "L", "P", "RGB"])
def test_bmp_modes(tmp_path, kind):
    image, expected = READ[kind]
    image.save(tmp_path / "a.bmp")
    assert (read_image(tmp_path / "a.bmp") == expected).all()


@pytest.mark.parametrize(("kind", "compression"), [("PNG", "-"), ("TIFF", "zlib"), ("TIFF", None)])
@given(
    pixels=st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3])).flatmap(
        lambda shape: arrays(np.uint8, shape)
    ),
    turn=st.integers(1, 8),
)
@settings(deadline=None, max_examples=15, suppress_health_check=list(HealthCheck))
def test_16_bits_come_back_as_8_whatever_the_orientation(tmp_path, kind, compression, pixels, turn):
    """16-bit pictures, grey and (TIFF) in colour, as tifffile writes them; PNG through Pillow."""
    wide = pixels.astype(np.uint16) * 257
    path = tmp_path / f"a.{kind.lower()}"
    if kind == "PNG":
        wide, pixels = wide[:, :, 0], three(pixels[:, :, 0])
        exif = Image.Exif()
        exif[0x0112] = turn
        Image.fromarray(wide).save(path, exif=exif)
    else:
        what = "minisblack" if wide.shape[2] == 1 else "rgb"
        imwrite(path, wide[:, :, 0] if what != "rgb" else wide, photometric=what,
                compression=compression, extratags=[(274, 3, 1, turn, True)])  # fmt: skip
        pixels = np.broadcast_to(pixels, (*pixels.shape[:2], 3))
    flipped = {2: pixels[:, ::-1], 3: pixels[::-1, ::-1], 4: pixels[::-1]}
    straight = flipped.get(turn, pixels)
    turned = {
        5: pixels.transpose(1, 0, 2),
        6: np.rot90(pixels, -1),
        7: np.rot90(pixels, 2).transpose(1, 0, 2),
        8: np.rot90(pixels),
    }
    expected = turned.get(turn, straight)
    assert (read_image(path) == expected).all()
    assert image_size(path) == expected.shape[1::-1]


def test_what_a_tiff_may_not_be(tmp_path):
    grey = (GREY.astype(np.uint16) + 1) * 15
    for n, (how, told) in enumerate((
        ({"data": np.stack([grey, grey]), "photometric": "minisblack"}, "several pictures"),
        ({"data": grey.astype(np.int16)}, "signed"),
        ({"data": grey, "photometric": "miniswhite"}, "0 is white"),
        ({"data": grey.astype(np.float32)}, "32 bits"),
        ({"data": grey, "bigtiff": True}, "it is BigTIFF"),
        ({"data": np.dstack([COLOUR, GREY]), "photometric": "separated"}, "CMYK"),
    )):  # fmt: skip
        imwrite(tmp_path / f"{n}.tif", **how)
        with pytest.raises(InputError, match=f"not readable as an image: .*{told}"):
            read_image(tmp_path / f"{n}.tif")
    content = (tmp_path / "0.tif").read_bytes()
    for length in (8, 20, len(content) // 2):
        (tmp_path / "cut.tif").write_bytes(content[:length])
        with pytest.raises(InputError, match=r"cut\.tif: not readable as an image: "):
            read_image(tmp_path / "cut.tif")


@pytest.mark.parametrize("ending", ["JPG", "Jpeg", "tif", "TIFF", "bmp", "PNG"])
def test_frames_of_any_ending_are_read_everywhere(tmp_path, ending):
    for surgery in "ab":
        label = write_frame(tmp_path / "ds", surgery, "000000", [(5, 6)], size=(32, 16))
        image = label.parent.parent / "images" / "000000.png"
        with Image.open(image) as picture:
            picture.convert("RGB").save(image.with_suffix(f".{ending}"))
        image.unlink()
        document = json.loads(label.read_text())
        label.write_text(json.dumps({"points": document["points"]}))  # the image says how large
    assert "no problem found" in invoke("data", "check", tmp_path / "ds")[0]
    invoke("data", "export", "labelme", tmp_path / "ds", tmp_path / "theirs", "--with-images")
    copy = tmp_path / "theirs" / "a" / "video_1" / f"000000.{ending}"
    assert copy.is_file() and json.loads(copy.with_suffix(".json").read_text())[
        "imagePath"
    ] == copy.name  # fmt: skip
    invoke("data", "import", "labelme", tmp_path / "theirs", tmp_path / "back")
    assert "no problem found" in invoke("data", "check", tmp_path / "back")[0]
    for path in (tmp_path / "ds").rglob("point_labels/*.json"):
        path.unlink()
    told = invoke("validate", tmp_path / "back", "--reference", tmp_path / "ds", code=0)[0]
    assert "frame-" not in told and "point-outside" not in told


def test_a_png_goes_before_another_picture_of_its_name(tmp_path):
    label = write_frame(tmp_path / "ds", "a", "000000", [(5, 6)], size=(32, 16))
    images_ = label.parent.parent / "images"
    Image.new("RGB", (8, 8)).save(images_ / "000000.jpg")
    invoke("data", "check", tmp_path / "ds")
    (images_ / "000000.png").unlink()
    Image.new("RGB", (8, 8)).save(images_ / "000000.bmp")
    _, said = invoke("data", "check", tmp_path / "ds", code=1)
    assert "the same name twice" in said and "000000.bmp" in said and "000000.jpg" in said


OTHERS = {"GIF": "GIF", "WEBP": "WebP", "DDS": "DDS",
          "JPEG2000": "JPEG 2000", "AVIF": "AVIF", "PPM": "not of a known format"}  # fmt: skip


@pytest.mark.parametrize("kind", OTHERS)
def test_other_formats_are_named(tmp_path, kind):
    label = write_frame(tmp_path / "ds", "case_1", "000000", [(1, 1)], size=(8, 8))
    path = label.parent.parent / "images" / "000000.png"
    try:
        Image.new("RGB", (8, 8)).save(path, kind)
    except (KeyError, OSError):
        pytest.skip(f"this Pillow writes no {kind}")
    _, said = invoke("data", "check", tmp_path / "ds", code=1)
    assert (
        f"000000.png: not readable as an image: {'it is ' * (kind != 'PPM')}{OTHERS[kind]}" in said
    )
    assert "frames are PNG, JPEG, TIFF or BMP" in said


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_an_orientation_is_applied(tmp_path, turn, kind):
    pixels = np.zeros((16, 32, 3), np.uint8)
    pixels[:8, :8] = 255
    exif = Image.Exif()
    exif[0x0112] = turn
    Image.fromarray(pixels).save(tmp_path / "a.png", kind, exif=exif, quality=100)
    with Image.open(tmp_path / "a.png") as image:
        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    assert (read_image(tmp_path / "a.png") == expected).all()
    assert image_size(tmp_path / "a.png") == ((32, 16) if turn < 5 else (16, 32))
    corner = {1: (0, 0), 2: (0, -1), 3: (-1, -1), 4: (-1, 0), 5: (0, 0), 6: (0, -1), 7: (-1, -1),
              8: (-1, 0)}[turn]  # fmt: skip
    assert expected[corner].min() > 200


def test_an_orientation_after_the_pixels_is_not_missed(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    late = png(0, 8, [bytes(3)], 3, after=chunk(b"eXIf", exif.tobytes()[6:]))
    (tmp_path / "a.png").write_bytes(late)
    with pytest.raises(InputError, match="orientation comes after the pixels"):
        read_image(tmp_path / "a.png")


def test_a_label_of_the_frame_as_stored_contradicts_it_as_shown(tmp_path):
    label = write_frame(tmp_path / "ds", "case_1", "000000", [(5, 30)], size=(40, 60))
    exif = Image.Exif()
    exif[0x0112] = 6
    path = label.parent.parent / "images" / "000000.png"
    Image.new("RGB", (40, 60)).save(path, exif=exif)
    _, said = invoke("data", "check", tmp_path / "ds", code=1)
    assert "says 40x60, its image is 60x40" in said
    document = json.loads(label.read_text()) | {"imageWidth": 60, "imageHeight": 40}
    label.write_text(json.dumps(document))
    invoke("data", "check", tmp_path / "ds")


def saved(**options) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(COLOUR).save(stream, "PNG", **options)
    return stream.getvalue()


def broken_stream() -> bytes:
    data = bytearray(png(0, 8, [bytes(range(60))] * 60, 60))
    at = data.index(b"IDAT") + 10
    data[at : at + 20] = b"\xff" * 20
    return bytes(data)


MANY = 20_000
NOISE = np.random.default_rng(0)
DAMAGED = {
    "empty": b"",
    "cut in the header": saved()[:20],
    "cut in the pixels": png(0, 8, [NOISE.bytes(500) for _ in range(50)], 500)[:9000],
    "broken deflate": broken_stream(),
    "no size": png(0, 8, [], 0),
    "several pictures": saved(save_all=True, append_images=[Image.fromarray(COLOUR[::-1])]),
    "too large": b"\x89PNG\r\n\x1a\n" + chunk(
        b"IHDR", struct.pack(">IIBBBBB", MANY, MANY, 8, 2, 0, 0, 0)) + chunk(b"IDAT", b"x"),
}  # fmt: skip


@pytest.mark.parametrize("kind", DAMAGED)
def test_damage_is_one_plain_line(tmp_path, kind):
    label = write_frame(tmp_path / "ds", "case_1", "000000", [(1, 1)], size=(8, 8))
    (label.parent.parent / "images" / "000000.png").write_bytes(DAMAGED[kind])
    _, said = invoke("data", "check", tmp_path / "ds", code=1)
    line = next(line for line in said.splitlines() if "000000.png" in line)
    assert ": not readable as an image: " in line and not line.rstrip().endswith(":")
    if kind == "too large":
        assert "20000x20000 are more than 200 megapixels" in line


def test_a_pipe_or_device_is_no_image(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    for name, what in (("pipe.png", "a pipe"), ("zero.png", "a device")):
        for read in (read_image, image_size):
            with pytest.raises(InputError, match=rf"{name}: .*{what}, not a regular file"):
                read(tmp_path / name)


def test_another_format_beside_is_named(tmp_path):
    label = write_frame(tmp_path / "ds", "case_1", "000000", [(1, 1)], size=(8, 8))
    folder = label.parent.parent / "images"
    (folder / "000000.png").rename(folder / "000000.webp")
    _, said = invoke("data", "check", tmp_path / "ds", code=1)
    assert "000000.png: no such image; there is 000000.webp: convert it to PNG" in said


def test_large_frames_are_read_in_strips_and_without_a_warning(tmp_path, monkeypatch):
    pixels = np.random.default_rng(0).integers(0, 255, (50, 40, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    monkeypatch.setattr(images, "_STRIP", 170)
    assert (read_image(tmp_path / "a.png") == pixels).all()
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)  # Pillow's limit; warnings are errors here
    assert (read_image(tmp_path / "a.png") == pixels).all()


def test_large_frames_are_decoded_one_by_one(tmp_path, monkeypatch):
    for i in range(6):
        write_frame(tmp_path / "ds", f"case_{i}", "0", [(1, 1)], size=(32, 16))
    dataset = index_dataset(tmp_path / "ds")
    usual = load_frames(dataset, ["intraop"])["intraop"].fingerprint
    monkeypatch.setattr(check, "_LARGE", 100)
    monkeypatch.setattr(check.os, "cpu_count", lambda: 8)
    threads = set()

    def prepare(image):
        threads.add(threading.get_ident())
        return image

    loaded = load_frames(dataset, ["intraop"], prepare=prepare)["intraop"]
    assert len(threads) == 1 and loaded.fingerprint == usual
    (dataset.domain("intraop")[3].image).write_bytes(b"")
    with pytest.raises(InputError, match=r"1 problem in 6 frames"):
        load_frames(dataset, ["intraop"])


def test_frames_are_handed_over_few_at_a_time_where_they_are_large(tmp_path, monkeypatch):
    for i in range(7):
        write_frame(tmp_path / "ds", "a", str(i), [], size=(10, 10 if i else 30))
    frames = index_dataset(tmp_path / "ds").domain("intraop")

    def sizes():
        resize = Resize(None, False)
        chunks = list(predict.in_chunks(frames, resize, 3))
        assert [f for some, _ in chunks for f in some] == list(frames)
        assert all([f.key for f in some] == [p.key for p in pixels] for some, pixels in chunks)
        return [len(some) for some, _ in chunks]

    assert sizes() == [3, 3, 1]
    monkeypatch.setattr(predict, "_BYTES", 600)
    assert sizes() == [1, 2, 2, 2]
