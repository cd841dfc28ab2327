"""Any folder of pictures is predicted on: every format, any layout; and what is written of it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from commands import invoke
from finished_runs import put_fold
from method_files import put_method
from PIL import Image

from adaptor_bench.data.frames import Frame
from adaptor_bench.data.images import read_image, read_picture
from adaptor_bench.errors import InputError
from adaptor_bench.harness.outputs import write_csv
from adaptor_bench.method import Prediction

COLOUR = np.arange(6 * 9 * 3, dtype=np.uint8).reshape(6, 9, 3)
GREY = COLOUR[..., 0]


def saved(path: Path, pixels, **how) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(path, **how)
    return path


@pytest.mark.parametrize("ending", ["png", "tif", "bmp", "TIFF"])
def test_colours_come_back_whatever_the_format(tmp_path, ending):
    assert np.array_equal(read_picture(saved(tmp_path / f"a.{ending}", COLOUR)), COLOUR)


def test_a_jpeg_is_what_it_is_as_a_frame(tmp_path):
    path = saved(tmp_path / "a.JPG", np.repeat(COLOUR, 4, 0), format="JPEG")
    assert np.array_equal(read_picture(path), read_image(path))
    cmyk = saved(tmp_path / "b.jpg", Image.new("CMYK", (9, 6), (0, 255, 255, 0)))
    assert read_picture(cmyk)[0, 0].argmax() == 0, "red, for it is cyan that is lacking"


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_of_16_bits_the_upper_eight_count(tmp_path, ending):
    deep = GREY.astype(np.uint16) * 256 + 77
    read = read_picture(saved(tmp_path / f"a.{ending}", deep))
    assert np.array_equal(read, np.repeat(GREY[..., None], 3, 2))


def test_16_bits_of_colour_in_a_tiff(tmp_path):
    import cv2

    cv2.imwrite(str(tmp_path / "a.tif"), COLOUR[..., ::-1].astype(np.uint16) * 256 + 99)
    assert np.array_equal(read_picture(tmp_path / "a.tif"), COLOUR)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA"])
def test_grey_and_palettes_become_rgb(tmp_path, mode):
    image = Image.fromarray(COLOUR).convert(mode)
    read = read_picture(saved(tmp_path / "a.png", image))
    assert np.array_equal(read, np.asarray(image.convert("RGB")))


def test_what_is_transparent_lies_over_black(tmp_path):
    pixels = np.dstack([COLOUR, np.full(GREY.shape, 255, np.uint8)])
    pixels[:2, :, 3] = 0
    read = read_picture(saved(tmp_path / "a.png", pixels))
    assert not read[:2].any() and np.array_equal(read[2:], COLOUR[2:])


@pytest.mark.parametrize("ending", ["png", "tif", "jpg"])
@pytest.mark.parametrize("turn", [3, 6])
def test_an_orientation_is_applied_once(tmp_path, ending, turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    flat = np.zeros((16, 32, 3), np.uint8)
    flat[:8, :8] = 255
    read = read_picture(saved(tmp_path / f"a.{ending}", flat, exif=exif))
    corner = {3: (-1, -1), 6: (0, -1)}[turn]
    assert read.shape == ((16, 32, 3) if turn == 3 else (32, 16, 3))
    assert read[corner].min() > 200 and read[0, 0].max() < 50


def test_what_would_be_a_guess_is_refused(tmp_path):
    pages = [Image.fromarray(COLOUR)] * 2
    several = saved(tmp_path / "a.tif", pages[0], save_all=True, append_images=pages[1:])
    real = saved(tmp_path / "b.tif", GREY.astype(np.float32))
    text = tmp_path / "c.bmp"
    text.write_text("no picture")
    for path, says in ((several, "several pictures"), (real, "32 bits"), (text, "PNG, JPEG")):
        with pytest.raises(InputError, match=says):
            read_picture(path)


@pytest.fixture
def predict(tmp_path):
    mine = put_method(tmp_path / "mine")
    run = put_fold(tmp_path, "point", 1, [], parameters={"k": 1})

    def call(*more, code=0):
        return invoke("predict", run, "--input", tmp_path / "in", "--output", tmp_path / "out",
                      "--methods-from", mine, *more, code=code)  # fmt: skip

    return call


@pytest.fixture
def pictures(tmp_path) -> Path:
    """Flat and nested, of several formats."""
    big = np.zeros((200, 300, 3), np.uint8)
    for name in ("b10.PNG", "b9.jpg", "ward/day 1/left/x.Tif", "ward/y.bmp", ".hidden.png"):
        saved(tmp_path / "in" / name, big, format={"Tif": "TIFF"}.get(name.rpartition(".")[2]))
    (tmp_path / "in" / "notes.txt").write_text("not a picture")
    return tmp_path / "in"


NAMES = ["b9.jpg", "b10.PNG", "ward/y.bmp", "ward/day 1/left/x.Tif"]


def test_a_table_of_all_points(predict, pictures, tmp_path):
    _, told = predict("--format", "csv")
    assert "4 predictions written to" in told and "4 points" in told
    rows = list(csv.DictReader((tmp_path / "out" / "points.csv").read_text().splitlines()))
    assert [row["image"] for row in rows] == NAMES
    assert (rows[0]["x"], rows[0]["y"], rows[0]["score"]) == ("100.0", "100.0", "")


def test_a_table_names_pictures_without_points_and_is_imported_whole(tmp_path):
    found = [
        (
            Frame("a", "v", str(k), tmp_path / f"a/v/images/{k}.png", Path()),
            (9, 9),
            Prediction(np.array(points, float).reshape(-1, 2)),
        )
        for k, points in enumerate(([[1, 2]], []))
    ]
    write_csv(found, tmp_path, tmp_path, {})
    assert (tmp_path / "points.csv").read_text() == (
        "image,x,y,score\na/v/images/0.png,1.0,2.0,\na/v/images/1.png,,,\n"
    )
    command = ("data", "import", "csv", tmp_path / "points.csv", tmp_path / "sub", "--predictions")
    assert "2 frames, 1 point" in invoke(*command)[1]


def test_a_document_and_pictures_with_the_points(predict, pictures, tmp_path):
    predict("--format", "json", "--overlay")
    document = json.loads((tmp_path / "out" / "points.json").read_text())
    assert document["method"] == "point"
    assert [image["image"] for image in document["images"]] == NAMES
    first = document["images"][0]
    assert (first["width"], first["height"]) == (300, 200)
    assert first["points"] == [{"x": 100.0, "y": 100.0}]
    drawn = read_image(tmp_path / "out" / "overlays" / "ward" / "y.bmp.png")
    assert drawn.shape == (200, 300, 3)
    coloured = np.argwhere(drawn.any(2))
    assert abs(coloured.mean(0) - 100).max() < 0.5 and abs(coloured - 100).max() < 8


def test_the_layout_of_the_challenge(predict, pictures, tmp_path):
    predict()
    out = tmp_path / "out"
    written = sorted(p.relative_to(out).as_posix() for p in out.rglob("*.json"))
    assert written == [
        "in/frames/point_labels/b10.json",
        "in/frames/point_labels/b9.json",
        "ward/day 1-left/point_labels/x.json",
        "ward/frames/point_labels/y.json",
    ]
    invoke("validate", out)


def test_pictures_of_one_name_need_another_format(predict, pictures, tmp_path):
    saved(pictures / "b9.tif", COLOUR)
    assert "--format csv" in predict(code=1)[1]
    assert not (tmp_path / "out").exists()
    predict("--format", "csv")


def test_all_that_cannot_be_read_is_told_at_once(predict, pictures, tmp_path):
    (pictures / "bad.png").write_bytes(b"")
    (pictures / "worse.tif").write_bytes(b"II*\0")
    _, told = predict(code=1)
    assert "bad.png" in told and "worse.tif" in told
    assert not (tmp_path / "out").exists()


def test_a_folder_without_pictures_and_one_without_domains(predict, tmp_path):
    (tmp_path / "in").mkdir()
    assert "no picture found" in predict(code=1)[1]
    saved(tmp_path / "in" / "a.png", COLOUR)
    assert "has no domains" in predict("--domain", "sim", code=2)[1]


def test_folders_that_lead_in_a_circle_end(predict, pictures):
    (pictures / "ward" / "again").symlink_to(pictures)
    assert "4 predictions" in predict("--format", "csv")[1]
