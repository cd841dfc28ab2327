"""One surgery of the phantom: puts geometry, appearance and film together, frame by frame."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import cv2
import numpy as np

from .clutter import Blob, Clutter
from .film import Film
from .geometry import FRAME_HEIGHT, FRAME_WIDTH, Camera, Ring, View
from .instruments import Instrument, InstrumentTray
from .looks import difficulty_of, draw_look
from .marks import paint_marks
from .options import STANDARD, Difficulty, PhantomOptions
from .paint_objects import cast_shadows, paint_blob, paint_instrument, paint_needle
from .paint_threads import (
    ThreadArtwork,
    ThreadCoats,
    paint_pledget,
    paint_ridges,
    thread_colours,
)
from .profiles import REAL_VIDEOS, domain_of, video_frames
from .randomness import Stream
from .raster import CoverMap, ribbon_outline
from .sutures import plan_sutures, stitch_count
from .threads import ThreadPaths, join_shapes, trace_threads
from .visibility import visible

cv2.setNumThreads(1)  # surgeries are shared out over processes

#: Sway of a thread: bend (fraction of its length) and phase of its waves (rad).
SWAY_BEND, SWAY_PHASE = 0.035, 0.8
#: A pulled thread turns (rad) and rises differently (px), and changes the relief it causes (share).
PULL_TURN, PULL_HOOK, PULL_RELIEF = 0.3, 2.2, 0.35
#: How far the strands of a doubled thread part, rad.
STRAND_TURN = 0.12
#: How dark shadows are, and how far threads throw them, px.
SHADOW_DEPTH, THREAD_SHADOW, METAL_SHADOW = 0.3, np.array([1.5, 2.5]), np.array([5.0, 9.0])


@dataclass(frozen=True)
class PhantomFrame:
    """A frame and its labels.

    image: (288, 512, 3) uint8 RGB; points: (N, 2) float64 x, y in px, pixel centres at integers.
    """

    image: np.ndarray
    points: np.ndarray


@dataclass
class FrameGeometry:
    """Everything in one frame before it is painted; frame px."""

    index: int
    time: float
    view: View
    ends: list[tuple[int, int]]  # (stitch, end) of the first threads, in painting order
    paths: ThreadPaths  # of the stitches' threads, second strands, then the loose ones
    coats: ThreadCoats
    needles: list[np.ndarray | None]  # per loose thread
    instruments: list[Instrument]
    blobs: list[Blob]

    @property
    def landmarks(self) -> np.ndarray:
        """All entry and exit points (N, 2), visible or not."""
        return self.paths.centre[: len(self.ends), 0]


class PhantomSurgery:
    """All frames of one surgery; the result of `frame` depends on its index only."""

    def __init__(
        self,
        surgery: str,
        frames: int,
        seed: int = 0,
        *,
        options: PhantomOptions = STANDARD,
        difficulty: Difficulty | None = None,
    ) -> None:
        """Draw the anatomy and static scene of a surgery of ``frames`` frames in all its videos,
        each of which is filmed from its own viewpoint."""
        self.surgery, self.frames, self.seed, self.options = surgery, frames, seed, options
        self.domain = domain_of(surgery)
        self.difficulty = difficulty or difficulty_of(options.difficulty, self.domain, options.gap)
        self._video_ends = np.cumsum(list(video_frames(surgery, frames).values()))
        rng = self._stream(Stream.ANATOMY)
        self.ring = Ring.draw(rng, self.domain)
        self._camera = Camera(rng, len(self._video_ends))
        left, right = (0.15, 0.3), (-0.7, 0.9)
        handedness = float(rng.normal(*left) if self.domain == "sim" else rng.uniform(*right))
        count = stitch_count(self.difficulty, list(REAL_VIDEOS).index(surgery), seed)
        rng = self._stream(Stream.SUTURES)
        self.sutures = plan_sutures(rng, self.ring, self.domain, self.difficulty, count)
        rng = self._stream(Stream.CLUTTER)
        self._clutter = Clutter(rng, self.difficulty, handedness, self.domain)
        self._tray = InstrumentTray(rng, self.difficulty, self.domain, handedness)
        rng = self._stream(Stream.SCENE)
        look = draw_look(self.domain, options.gap, rng, self.difficulty, self.ring)
        self.palette, self._scene, self._highlights = look.palette, look.scene, look.highlights
        self._film = Film(self._stream(Stream.FILM), look.lighting, self.difficulty)

    def _stream(self, stream: Stream, frame: int | None = None) -> np.random.Generator:
        """The random numbers of one kind, or of one kind in one frame: they depend on no others."""
        key = [self.seed, zlib.crc32(self.surgery.encode()), int(stream)]
        return np.random.default_rng(key if frame is None else [*key, frame])

    def frame(self, index: int) -> PhantomFrame:
        """Frame number ``index`` of the surgery, counted over all its videos."""
        return self.paint(self.geometry(index))

    def geometry(self, index: int) -> FrameGeometry:
        """What is where in a frame."""
        if not 0 <= index < self.frames:
            raise IndexError(f"{self.surgery} has {self.frames} frames, not one number {index}")
        rng = self._stream(Stream.MOTION, index)
        time = (index + 0.5) / self.frames
        video = int(np.searchsorted(self._video_ends, index, side="right"))
        view = self._camera.view(time, min(video, len(self._video_ends) - 1), rng)
        plan = self.sutures
        ends = plan.visible_ends(time)
        flat = np.array([2 * stitch + end for stitch, end in ends], int)
        shapes = plan.shapes.take(flat)
        sway = plan.motion.at(time)[flat]
        shapes.bend = shapes.bend + SWAY_BEND * sway
        shapes.wave_phase = shapes.wave_phase + SWAY_PHASE * sway
        where = plan.pull.at(time)[flat // 2]  # both threads of a stitch are pulled together
        shapes.heading = shapes.heading + PULL_TURN * where
        shapes.hook = shapes.hook + PULL_HOOK * where
        shapes.width = shapes.width * (view.zoom * self.palette.thread_width)
        loose, ring = self._clutter.threads(time), self.ring
        count, landmarks = len(loose), len(flat)
        # A doubled thread has a second strand, which parts from the first away from the tissue.
        owner = np.flatnonzero(plan.double[flat // 2])
        strands = shapes.take(owner)
        strands.heading = strands.heading + STRAND_TURN * np.cos(strands.wave_phase)
        strands.wave_phase = strands.wave_phase + 2.0
        first = view.to_frame(plan.points.reshape(-1, 2)[flat])
        starts = np.array([thread.start(ring, view) for thread in loose]).reshape(count, 2)
        paths = trace_threads(
            np.concatenate([first, first[owner], starts]),
            join_shapes([shapes, strands, *(thread.shape for thread in loose)]),
        )
        ends_of = np.concatenate([np.arange(landmarks), owner])
        source = flat[ends_of]

        def coats(of_stitches: np.ndarray, of_loose: np.ndarray) -> np.ndarray:
            return np.concatenate([of_stitches, of_loose])

        phase = coats(plan.shapes.wave_phase[source], np.arange(count) * 1.7)
        knotted = np.cos(37.0 * phase) > 1 - 2 * self.difficulty.knots
        dressed = ThreadCoats(
            spool=coats(plan.spool[source // 2], np.array([t.spool for t in loose], int)),
            contrast=coats(
                plan.contrast[source // 2], np.array([t.contrast for t in loose], float)
            ),
            opacity=coats(plan.opacity.reshape(-1)[source], np.ones(count)),
            fade=coats(plan.fade.reshape(-1)[source], np.ones(count)),
            knot=np.where(knotted, 4 + (phase * 10).astype(int) % 9, 0),
            identity=1 + coats(ends_of, landmarks + np.arange(count)),
            stain_phase=phase,
            bare=coats(plan.bare.reshape(-1)[source], np.zeros(count, bool)),
        )
        return FrameGeometry(
            index=index,
            time=time,
            view=view,
            ends=ends,
            paths=paths,
            coats=dressed,
            needles=[thread.needle(ring, view) for thread in loose],
            instruments=self._tray.in_view(time, ring, view, rng),
            blobs=self._clutter.blobs(time, ring, view),
        )

    def paint(self, geometry: FrameGeometry) -> PhantomFrame:
        """Paint a frame and decide which of its landmarks are labelled."""
        rng = self._stream(Stream.PAINT, geometry.index)
        size = (FRAME_WIDTH, FRAME_HEIGHT)
        bare = cv2.warpAffine(
            self._scene, geometry.view.matrix, size, borderMode=cv2.BORDER_REFLECT
        )
        cover = CoverMap((FRAME_HEIGHT, FRAME_WIDTH))
        shaded = cast_shadows(bare, self._shadow_casters(geometry), SHADOW_DEPTH)
        image = shaded.copy()
        self._paint_sutures(image, cover, geometry, bare)
        for blob in geometry.blobs:
            paint_blob(image, cover, blob, self.palette, shaded)
        for instrument in geometry.instruments:
            paint_instrument(image, cover, instrument, self.palette)
        front = cover.top == CoverMap.FOREIGN
        final = self._film.record(image, self._highlights, geometry.view, geometry.time, rng, front)
        points = geometry.landmarks
        gain = self._film.gain_at(points, geometry.time)
        shown = visible(cover, shaded, image, final, gain, points)
        return PhantomFrame(final, self._annotate(points[shown], geometry.index))

    @staticmethod
    def _shadow_casters(geometry: FrameGeometry) -> list[tuple[np.ndarray, np.ndarray]]:
        paths = geometry.paths
        left, right = paths.sides(1.2)
        # Not from the start: there the thread lies on the tissue.
        outlines = np.concatenate([left[:, 3:], right[:, :2:-1]], axis=1)
        offsets = THREAD_SHADOW * (1 + 0.4 * paths.width[:, -1:])
        lifted = ~geometry.coats.bare
        casters = list(zip(outlines[lifted], offsets[lifted], strict=True))
        for instrument in geometry.instruments:
            for ribbon in instrument.ribbons:
                casters.append((ribbon_outline(ribbon.centre, ribbon.width), METAL_SHADOW))
        return casters

    def _paint_sutures(
        self, image: np.ndarray, cover: CoverMap, geometry: FrameGeometry, bare: np.ndarray
    ) -> None:
        """Stitches, threads and needles."""
        paths, coats, plan = geometry.paths, geometry.coats, self.sutures
        colours = thread_colours(bare, paths, coats, self.palette)
        artwork = ThreadArtwork(paths, colours, coats, self.palette)
        if geometry.ends:
            # An exit follows its entry in the list.
            exits = np.array([n for n, (_, end) in enumerate(geometry.ends) if end == 1], int)
            stitches = np.array([geometry.ends[number][0] for number in exits], int)
            both = np.stack([paths.centre[exits - 1, 0], paths.centre[exits, 0]], axis=1)
            paint_ridges(image, both, self.palette.threads[plan.spool[stitches]])
            for ends in both[plan.pledget[stitches]]:
                paint_pledget(image, ends, self.palette.pledget)
            flat = np.array([2 * stitch + end for stitch, end in geometry.ends], int)
            marks, palette = plan.marks.take(flat), self.palette
            pull = plan.pull.at(geometry.time)
            tension = np.clip(1 + PULL_RELIEF * pull[flat], 0.3, 1.7)
            marks.bulge = marks.bulge * tension
            marks.dimple = np.clip(marks.dimple * tension, -1, 1)
            marks.turn = marks.turn + PULL_TURN * pull[flat // 2]
            paint_marks(
                image,
                geometry.landmarks,
                marks,
                palette.hole,
                palette.halo,
                palette.halo_strength,
                palette.specks[1],
            )
        for number in range(len(coats.spool)):
            artwork.paint(image, cover, number)
            loose = number - (len(coats.spool) - len(geometry.needles))
            needle = geometry.needles[loose] if loose >= 0 else None
            if needle is not None:
                paint_needle(image, cover, needle, self.palette)

    def _annotate(self, points: np.ndarray, index: int) -> np.ndarray:
        """Labels of visible landmarks, with the annotator's flaws if there are any."""
        rng = self._stream(Stream.ANNOTATOR, index)
        kept = points[rng.random(len(points)) >= self.options.label_drop]
        noisy = kept + rng.normal(0, 1, kept.shape) * self.options.label_noise_px
        return np.clip(noisy, 0, (FRAME_WIDTH - 1, FRAME_HEIGHT - 1))
