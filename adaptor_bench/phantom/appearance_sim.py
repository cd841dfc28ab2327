"""The simulator: a silicone valve in a printed cup, a holder plate, a box with two screws."""

from __future__ import annotations

import numpy as np

from .appearance import Appearance, Palette
from .geometry import CANVAS_WIDTH, direction, perpendicular, polar_angle
from .raster import bezier, cloud_noise, ellipse_outline, fill, stroke
from .relief import light_on
from .tissue import CANVAS_SHAPE, blend, canvas_grid, mask_of, smoothstep

#: Radius of the cup relative to the valve's ring.
CUP_RADIUS = (1.34, 1.62)
#: Spacing of the printed layers and number of printed spokes.
LAYER_PX = 2.7
SPOKES = 260
#: White, pale blue, blue grey, off-white.
THREAD_COLOURS = ((234, 236, 240), (164, 196, 214), (112, 132, 156), (212, 214, 218))
#: The cup's plastic and the valve's silicone, as in the published example frames.
CUP_COLOUR, VALVE_COLOUR = (156, 164, 186), (170, 179, 187)


class SimAppearance(Appearance):
    """One simulator session."""

    LIGHT_X = (0.28, 0.5)
    LIGHT_Y = (0.4, 0.65)
    FALLOFF = (0.45, 0.95)
    EXPOSURE = (0.8, 1.18)
    BLOOM = (0.3, 0.7)
    SLOPE = (0.0, 0.15)
    VEIL = (0.0, 6.0)
    DEFOCUS = (0.0, 1.2)
    SHARPENING = (0.25, 0.6)
    CHROMA_LOSS = 1
    GLINTS = (20, 150)
    FOLDS = (4, 8)
    FOLD_WIDTH = (2, 7)
    FOLD_DARK = (0.04, 0.16)
    FOLD_BRIGHT = 0.1
    WET = (0.1, 1.5)

    def _draw_palette(self) -> Palette:
        rng, spread = self.rng, self.difficulty.thread_variety
        white, pale_blue, grey_blue, cream = (self._vary(c, spread) for c in THREAD_COLOURS)
        cool = rng.uniform(-1, 1)
        shade, hue = rng.uniform(0.9, 1.06), np.array([-7 * cool, -2 * cool, 4 * cool])
        self._cup = ((np.array(CUP_COLOUR) + hue) * shade).astype(np.float32)
        self._silicone = ((np.array(VALVE_COLOUR) + hue) * shade).astype(np.float32)
        return Palette(
            threads=np.stack([white, pale_blue, grey_blue, cream]),
            thread_width=1.0,
            braid=0.25,
            sheen=22.0,
            wet=0.0,
            thread_stain=np.array([120.0, 122.0, 130.0]),
            stain_strength=0.25,
            hole=self._silicone * 0.3,
            halo=np.array([225.0, 226.0, 235.0]),
            halo_strength=0.3,
            pledget=np.array([205.0, 205.0, 210.0]),
            metal=np.array([150.0, 148.0, 146.0]),
            metal_stain=np.array([90.0, 88.0, 90.0]),
            flap=self._silicone * 1.12,
            drop=self._silicone * 1.18,
            specks=(self._silicone * 0.35, np.array([235.0, 236.0, 242.0])),
        )

    def _paint_tissue(self) -> np.ndarray:
        rng, ring = self.rng, self.ring
        x, y = canvas_grid()
        image = self._paint_room(x)
        cup_centre = ring.centre + rng.normal(0, 7, 2)
        cup_radius = ring.mean_radius * rng.uniform(*CUP_RADIUS)
        dx, dy = x - float(cup_centre[0]), y - float(cup_centre[1])
        radius, turn = np.hypot(dx, dy) / float(cup_radius), polar_angle(dy, dx)
        self._paint_plate(image, cup_centre, cup_radius)
        self._paint_box(image, cup_centre, cup_radius)
        self._paint_cup(image, radius, turn, cup_radius)
        self._paint_valve(image, *ring.polar(x, y))
        self._paint_folds(image)
        return image

    def _paint_room(self, x: np.ndarray) -> np.ndarray:
        """The dim grey wall behind everything, with a few vertical pleats."""
        rng = self.rng
        wall = np.array([72, 73, 79], np.float32) * rng.uniform(0.75, 1.25)
        pleats = cloud_noise(rng, CANVAS_SHAPE, 9, 2, 0.5, stretch=0.35) * 5
        fine = cloud_noise(rng, CANVAS_SHAPE, 60, 2) * 1.2
        slope = (x / CANVAS_WIDTH - 0.7) * rng.uniform(-25, 15)
        return wall + (pleats + fine + slope)[..., None]

    def _paint_plate(self, image: np.ndarray, centre: np.ndarray, radius: float) -> None:
        """The translucent holder plate: chamfered corners, a bright cut edge."""
        rng = self.rng
        right = centre[0] + radius * rng.uniform(1.0, 1.2)
        top, bottom = centre[1] - radius * 1.25, centre[1] + radius * 1.3
        cut = radius * rng.uniform(0.2, 0.4)
        outline = np.array(
            [
                [-20, top], [right - cut, top], [right, top + cut],
                [right, bottom - cut], [right - cut, bottom], [-20, bottom],
            ]
        )  # fmt: skip
        blend(image, np.array([126, 128, 145], np.float32), mask_of(outline) * 0.55)
        edge = np.zeros(CANVAS_SHAPE, np.uint8)
        stroke(edge, [outline], 255, 2)
        stroke(edge, [outline - np.array([4.5, 0])], 110, 1)
        blend(image, np.array([186, 189, 204], np.float32), edge.astype(np.float32) / 255 * 0.5)

    def _paint_box(self, image: np.ndarray, centre: np.ndarray, radius: float) -> None:
        """The grey box with two screws to the right of the cup."""
        rng = self.rng
        left = centre[0] + radius * rng.uniform(1.08, 1.3)
        top = centre[1] + rng.uniform(15, 60)
        width, height = rng.uniform(78, 100), rng.uniform(48, 60)
        lean = rng.uniform(-0.06, 0.1)
        corners = np.array([[0, 0], [width, lean * width], [width * 0.98, height], [0, height]])
        box = corners + np.array([left, top])
        blend(image, image * 0.6, mask_of(box + np.array([7, 7]), blur=5))
        face = np.array([128.0, 128.0, 135.0]) * rng.uniform(0.8, 1.1)
        fill(image, box, face)
        fill(image, np.concatenate([box[:2], box[:2][::-1] + np.array([0, 5])]), face * 1.15)
        stroke(image, [box[[0, 3]]], face * 1.2)
        for share in (0.17, 0.68):
            screw = np.array([left + share * width, top + 0.5 * height])
            fill(image, ellipse_outline(screw, (9, 10), 0.0), face * 0.45)
            fill(image, ellipse_outline(screw + np.array([1, 0]), (7, 8), 0.0), face * 0.95)
            fill(image, ellipse_outline(screw, (5, 6), 0.0), face * 0.3)
            slot = ellipse_outline(screw, (3.4, 3.6), rng.uniform(0, 1), 6)
            stroke(image, [np.vstack([slot, slot[:1]])], face * 1.3)

    def _paint_cup(
        self, image: np.ndarray, radius: np.ndarray, turn: np.ndarray, cup_radius: float
    ) -> None:
        """The printed cup: a wall of fine layers and spokes, with a few bright ribs."""
        rng = self.rng
        clouds = cloud_noise(rng, CANVAS_SHAPE, 5, 4)
        layers = np.sin(radius * float(2 * np.pi * cup_radius / LAYER_PX))
        spokes = np.sin(SPOKES * turn + 2 * radius)
        # The print shows on the wall, most on one side where the light grazes it.
        side = smoothstep(np.cos(turn - rng.uniform(2.2, 4.0)), -0.4, 0.9)
        wall = smoothstep(radius, 0.72, 0.86)
        level = wall * (0.02 + 0.13 * side) * layers * (0.5 + spokes) + 0.05 * clouds
        # Ribs and rim depend on the radius alone: computed on a line, looked up everywhere.
        line = np.linspace(0, 3, 3072, dtype=np.float32)
        profile = 0.97 - 0.12 * smoothstep(line, 0.8, 1.0)
        for rib in (0.82, 0.985):
            place = rib + rng.normal(0, 0.02)
            profile += rng.uniform(0.04, 0.16) * np.exp(-(((line - place) / 0.010) ** 2))
            profile -= rng.uniform(0.03, 0.12) * np.exp(-(((line - place + 0.03) / 0.02) ** 2))
        rim = rng.uniform(0.2, 0.5) * np.exp(-(((line - 1.03) / 0.02) ** 2))
        index = np.minimum(radius * 1023.67, 3071).astype(np.int32)
        cup = self._cup * (level + profile[index])[..., None]
        blend(image, cup, smoothstep(radius, 1.006, 0.994))
        image *= (1 - rim)[index][..., None]

    def _paint_valve(self, image: np.ndarray, angle: np.ndarray, radius: np.ndarray) -> None:
        """Silicone leaflets: cloudy, milky, with an uneven shelf at the annulus."""
        rng = self.rng
        ragged = radius + 0.02 * cloud_noise(rng, CANVAS_SHAPE, 12, 2)
        milky = cloud_noise(rng, CANVAS_SHAPE, 6, 5, 0.62)
        grain = cloud_noise(rng, CANVAS_SHAPE, 70, 3, 0.7)
        level = 1.0 + 0.075 * milky - 0.05 * ragged
        # Soft bumps and shallow creases toward the rim, lit from one side.
        height = 3.0 * cloud_noise(rng, CANVAS_SHAPE, 7, 3, 0.5)
        rays = np.sin(angle * float(rng.integers(24, 60)) + 4 * milky)
        height += np.float32(rng.uniform(0.0, 0.35)) * rays * smoothstep(radius, 0.5, 0.95)
        shade, shine = light_on(height, rng.uniform(0, 2 * np.pi), 0.1 * grain)
        level *= 0.4 + 0.6 * shade
        level += rng.uniform(0.0, 0.12) * shine
        # The dome of the larger leaflet.
        toward = rng.uniform(0, 2 * np.pi)
        level += rng.uniform(0.04, 0.16) * np.cos(angle - toward) * np.minimum(radius, 1)
        patches = smoothstep(cloud_noise(rng, CANVAS_SHAPE, 7, 4, 0.6), 0.7, 1.7)
        level += 0.18 * patches
        level += self.difficulty.texture / 160 * grain
        # Shelf: bright lip inside, soft shadow outside of the annulus, where stitches lie.
        lip = rng.uniform(0.0, 0.14) * np.exp(-(((ragged - 0.94) / 0.03) ** 2))
        ditch = rng.uniform(0.03, 0.14) * np.exp(-(((ragged - 1.07) / 0.05) ** 2))
        level += lip - ditch
        mask = smoothstep(ragged, 1.3, 0.85)
        blend(image, self._silicone * level[..., None], mask)

    def _paint_gap(self, image: np.ndarray) -> None:
        """The opening between the leaflets: a slit or a crescent, with chordae in it."""
        rng = self.rng
        turn = rng.uniform(-0.5, 0.7)
        centre = self._anywhere(0.05, 0.35)
        reach = direction(turn) * rng.uniform(18, 48)
        aside = perpendicular(reach) / np.hypot(*reach)
        wide = rng.choice([2.5, 5.0, 14.0, 24.0])
        bow = rng.uniform(-0.3, 0.5) * wide + rng.normal(0, 6)
        lower, upper = self._slit(centre, reach, bow, (wide, wide * 0.7))
        jag = rng.normal(0, 1.1, lower.shape) * np.sin(np.linspace(0, np.pi, 16))[:, None]
        opening = np.concatenate([lower + jag, upper[::-1]])
        if wide > 10:
            # The leaflet above the opening is lifted and catches the light.
            lifted = np.concatenate([upper, (upper - aside * rng.uniform(10, 22))[::-1]])
            fill(image, lifted, np.minimum(self._silicone * 1.22, 245))
        fill(image, opening, np.array([16.0, 15.0, 19.0]))
        stroke(image, [upper], self._silicone * 1.25)
        for _ in range(int(rng.integers(0, 4))):
            share = rng.uniform(0.2, 0.8)
            start = centre + reach * (2 * share - 1) + rng.normal(0, 2, 2)
            end = start + aside * rng.uniform(5, 8 + wide) + rng.normal(0, 5, 2)
            self._paint_chorda(image, start, end, np.array([210.0, 210.0, 218.0]))

    def _fold_line(self) -> np.ndarray:
        """A curved crease on the leaflets or along the annulus."""
        rng, ring = self.rng, self.ring
        start = rng.uniform(0, 2 * np.pi)
        if rng.random() < 0.5:
            angles = start + np.linspace(0, rng.uniform(0.5, 1.6), 16)
            return ring.point(angles, rng.uniform(0.8, 1.2) + 0.05 * np.sin(angles * 3))
        inner = ring.point(start, rng.uniform(0.1, 0.5))
        outer = ring.point(start, rng.uniform(0.8, 1.1))
        return bezier(
            [inner, inner + rng.normal(0, 12, 2), outer + rng.normal(0, 12, 2), outer], 16
        )
