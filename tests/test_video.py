"""Frames out of videos, which the tests make themselves."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from commands import invoke

from adaptor_bench import extras
from adaptor_bench.data.images import read_image
from adaptor_bench.data.labels import read_points

av = pytest.importorskip("av", reason="the extra [video] is not installed: no PyAV")
pytestmark = pytest.mark.quick

SIZE = (64, 48)


def picture(number: int) -> np.ndarray:
    """Grey by the number, red in its upper left corner."""
    image = np.full((SIZE[1], SIZE[0], 3), 10 + 20 * number, np.uint8)
    image[:8, :8] = 255, 0, 0
    return image


def put_video(path: Path, number: int = 10, *, codec="ffv1", pixels="bgr0", rate=10) -> Path:
    """``number`` frames, without loss in a .mkv."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = *SIZE, pixels
        for k in range(number):
            frame = av.VideoFrame.from_ndarray(picture(k), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def put_sound(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def taken(out: Path, folder="film/all") -> dict[str, np.ndarray]:
    return {p.stem: read_image(p) for p in sorted((out / folder / "images").iterdir())}


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (("--every", 4), [0, 4, 8]),
        (("--every", 1), list(range(10))),
        (("--frame", 9, "--frame", 2, "--frame", 2), [2, 9]),
        (("--at", 0), [0]),
        (("--at", 0.29, "--at", 0.3, "--at", 0.999), [2, 3, 9]),
        (("--every", 5, "--frame", 6, "--at", 0.55), [0, 5, 6]),
    ],
)
def test_frames_keep_their_numbers(words, numbers):
    video = put_video(Path("film.mkv"))
    _, told = invoke("data", "frames", video, "out", *words)
    assert f"{len(numbers)} frame" in told
    found = taken(Path("out"))
    assert list(found) == [f"{n:06}" for n in numbers]
    for number, image in zip(numbers, found.values(), strict=True):
        np.testing.assert_array_equal(image, picture(number))


@pytest.mark.parametrize(
    "text",
    [
        "frame,x,y,score\n3,10.5,20.25,0.5\n3,30,40,1\n7,1,2,0.25\n",
        "index,axis-0,axis-1,axis-2\n0,3,20.25,10.5\n1,3,40,30\n0,7,2,1\n",
        " ,X,Y,Slice\n1,10.5,20.25,4\n2,30,40,4\n3,1,2,8\n",  # Fiji counts from 1
    ],
)
def test_points_find_their_frames(text):
    Path("points.csv").write_text(text)
    video = put_video(Path("film.mkv"))
    words = ("--points", "points.csv", "--surgery", "op1", "--video", "v2")
    _, told = invoke("data", "frames", video, "out", *words, "--frame", 0)
    assert "3 frames and 3 points taken: out" in told
    found = taken(Path("out"), "op1/v2")
    assert list(found) == ["000000", "000003", "000007"]
    labels = {p.stem: read_points(p) for p in Path("out/op1/v2/point_labels").iterdir()}
    assert sorted(labels) == ["000003", "000007"]
    assert labels["000003"].points.tolist() == [[10.5, 20.25], [30, 40]]
    assert labels["000003"].size == SIZE
    assert (labels["000003"].scores is not None) == ("score" in text)


def test_points_in_other_units_say_how_large_a_px_is():
    Path("spots.csv").write_text("POSITION_X,POSITION_Y,FRAME\n(micron),(micron),\n5,10,3\n")
    video = put_video(Path("film.mkv"))
    words = ("data", "frames", video, "out", "--points", "spots.csv")
    assert "say with --pixel-size" in invoke(*words, code=1)[1]
    invoke(*words, "--pixel-size", 0.5)
    (label,) = Path("out").rglob("*.json")
    assert read_points(label).points.tolist() == [[10, 20]]


def test_a_film_that_was_turned_is_turned_back():
    path = put_video(Path("film.mp4"), 3, codec="mpeg4", pixels="yuv420p")
    content = bytearray(path.read_bytes())
    at = content.find(b"tkhd") + 44  # its matrix
    one = 1 << 16
    for quarter, matrix in enumerate(
        [(one, 0, 0, one), (0, one, -one, 0), (-one, 0, 0, -one), (0, -one, one, 0)]
    ):
        a, b, c, d = matrix
        content[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
        path.write_bytes(content)
        invoke("data", "frames", path, f"out{quarter}", "--frame", 1)
        (image,) = taken(Path(f"out{quarter}")).values()
        expected = np.rot90(picture(1), -quarter)  # clockwise
        assert image.shape == expected.shape
        assert np.abs(image.astype(int) - expected).mean() < 5


def test_what_is_no_video_is_told_in_a_line():
    Path("words.mp4").write_text("no video at all")
    Path("empty.mp4").write_bytes(b"")
    whole = put_video(Path("film.mp4"), codec="mpeg4", pixels="yuv420p").read_bytes()
    Path("cut.mp4").write_bytes(whole[: len(whole) // 2])
    Path("list.m3u8").write_text("#EXTM3U\n#EXTINF:1,\nfilm.mp4\n#EXT-X-ENDLIST\n")
    Path("list.txt").write_text("ffconcat version 1.0\nfile film.mp4\n")
    for name in ("words.mp4", "empty.mp4", "cut.mp4", "list.m3u8", "list.txt"):
        _, told = invoke("data", "frames", name, "out", "--every", 1, code=1)
        assert told.startswith(f"error: {name}: not readable as a video: "), told
        assert len(told.strip().splitlines()) == 1
    sound = put_sound(Path("sound.mkv"))
    _, told = invoke("data", "frames", sound, "out", "--every", 1, code=1)
    assert told.strip() == "error: sound.mkv: has no video stream, only audio"
    assert not Path("out").exists()


def test_frames_that_are_not_there_are_all_named():
    video = put_video(Path("film.mkv"))
    words = ("--frame", 3, "--frame", 10, "--frame", 99, "--at", 1.5)
    _, told = invoke("data", "frames", video, "out", *words, code=1)
    assert "has 10 frames, counted from 0, and lasts 1.00 s; it does not have:" in told
    assert [line.strip() for line in told.splitlines()[1:4]] == ["frame 10", "frame 99", "1.5 s"]
    assert not Path("out").exists()


def test_a_film_that_ends_too_early_has_what_is_left():
    video = put_video(Path("film.mkv"))
    video.write_bytes(video.read_bytes()[: -video.stat().st_size // 2])
    _, told = invoke("data", "frames", video, "out", "--frame", 9, code=1)
    assert told.startswith("error: film.mkv: ") and not Path("out").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x,y\n1,2\n", "points without the number of a frame"),
        ("image,x,y\na/v/left.png,1,2\n", "'a/v/left.png'"),
        ("image,x,y\na/3.png,1,2\nb/03.png,1,2\n", "two names of frame 3"),
        ("team,place\na,1\n", "of no format that is read"),
        ("frame,x,y\n0.5,1,2\n", "is not the number of a frame"),
    ],
)
def test_points_without_frames_are_told(text, said):
    Path("points.csv").write_text(text)
    video = put_video(Path("film.mkv"), 2)
    _, told = invoke("data", "frames", video, "out", "--points", "points.csv", code=1)
    assert said in told and "points.csv" in told and not Path("out").exists()


def test_a_film_with_fewer_frames_than_it_states_is_told():
    video = put_video(Path("film.mp4"), 12, codec="mjpeg", pixels="yuvj420p")
    content = bytearray(video.read_bytes())
    media, index = content.index(b"mdat") - 4, content.index(b"moov") - 4
    moov = bytearray(content[index:])
    at = moov.index(b"stco") + 8  # the index goes first, as of a film for the web
    for n in range(int.from_bytes(moov[at : at + 4], "big")):
        place = slice(at + 4 + 4 * n, at + 8 + 4 * n)
        moved = int.from_bytes(moov[place], "big") + len(moov)
        moov[place] = moved.to_bytes(4, "big")
    whole = content[:media] + moov + content[media:index]
    video.write_bytes(whole)
    assert "note" not in invoke("data", "frames", video, "all", "--every", 1)[1]
    begin = -1
    for _ in range(6):  # five frames are left
        begin = whole.index(b"\xff\xd8\xff", begin + 1)
    video.write_bytes(whole[:begin])
    _, told = invoke("data", "frames", video, "out", "--every", 1)
    assert len(taken(Path("out"))) == 5
    assert "note: film.mp4: states 12 frames, 5 could be read" in told.replace("\n", " ")
    _, told = invoke("data", "frames", video, "lacking", "--frame", 11, code=1)
    assert "has 5 frames, of 12 that it states" in told


def test_points_outside_the_picture_are_counted():
    Path("points.csv").write_text("frame,x,y\n0,63.4,1\n0,64,1\n1,1,48\n1,1,-9\n")
    video = put_video(Path("film.mkv"), 2)
    _, told = invoke("data", "frames", video, "out", "--points", "points.csv")
    assert "note: 3 points of 2 frames outside the picture, the first in 000000" in told


def test_wrong_usage_is_told(monkeypatch):
    video = put_video(Path("film.mkv"), 2)
    for what in ("surgery", "video"):
        words = ("--every", 1, f"--{what}", "../evil")
        _, told = invoke("data", "frames", video, "out", *words, code=2)
        assert f"--{what}: '../evil' cannot be the name of a {what}" in told
    assert "which frames?" in invoke("data", "frames", video, "out", code=2)[1]
    Path("there").mkdir()
    assert "exists already" in invoke("data", "frames", video, "there", "--every", 1, code=2)[1]
    monkeypatch.setitem(extras.EXTRAS, "video", ("a_library_nobody_has",))
    _, told = invoke("data", "frames", video, "out", "--every", 1, code=2)
    assert 'pip install "adaptor-bench[video]"' in told


def test_a_table_can_be_parquet(tmp_path):
    pytest.importorskip("pyarrow", reason="the extra [parquet] is not installed")
    import pandas as pd

    pd.DataFrame({"frame": [1], "x": [2.5], "y": [3.5]}).to_parquet("points.parquet")
    invoke("data", "frames", put_video(Path("film.mkv"), 2), "out", "--points", "points.parquet")
    document = json.loads(Path("out/film/all/point_labels/000001.json").read_text())
    assert [(p["x"], p["y"]) for p in document["points"]] == [(2.5, 3.5)]
