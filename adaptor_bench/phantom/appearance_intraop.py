"""The operation: wet, lobed tissue with blood in its creases, vessels, and a retractor."""

from __future__ import annotations

import cv2
import numpy as np

from .appearance import Appearance, Palette
from .geometry import direction, perpendicular
from .raster import bezier, cloud_noise, fill, ribbon_outline, stroke
from .relief import light_on
from .retractor import paint_retractor
from .tissue import CANVAS_SHAPE, blend, canvas_grid, colour_at, mask_of, smoothstep

#: Nearly black, dark blue, brown with blood; a white one, soaked.
THREAD_COLOURS = ((46, 48, 54), (42, 58, 74), (72, 46, 42), (232, 188, 184))
LEAFLET_COLOURS = ((226, 206, 178), (222, 206, 160), (216, 190, 182), (226, 214, 200))
WALL_COLOURS = ((146, 94, 92), (176, 138, 134), (190, 162, 156), (162, 118, 106), (208, 184, 180))
#: How far the outlines of lobes and folds are warped, px.
WARP_PX = 11.0


class IntraopAppearance(Appearance):
    """One operation."""

    LIGHT_X = (0.2, 0.8)
    LIGHT_Y = (0.2, 0.8)
    FALLOFF = (0.3, 0.9)
    EXPOSURE = (0.84, 1.12)
    BLOOM = (0.5, 1.2)
    SLOPE = (0.05, 0.35)
    VEIL = (0.0, 12.0)
    DEFOCUS = (0.3, 2.4)
    SHARPENING = (0.0, 0.2)
    CHROMA_LOSS = 2
    GLINTS = (60, 255)
    FOLDS = (9, 16)
    FOLD_WIDTH = (1.5, 5)
    FOLD_DARK = (0.2, 0.5)
    FOLD_BRIGHT = 0.16
    WET = (0.05, 1.8)

    def _draw_palette(self) -> Palette:
        rng, spread = self.rng, self.difficulty.thread_variety
        threads = np.stack([self._vary(colour, spread) for colour in THREAD_COLOURS])
        leaflet = LEAFLET_COLOURS[rng.integers(len(LEAFLET_COLOURS))]
        wall = WALL_COLOURS[rng.integers(len(WALL_COLOURS))]
        self._leaflet = self._vary(leaflet, 0.4).astype(np.float32)
        self._wall = self._vary(wall, 0.7).astype(np.float32)
        self._blood = np.array(
            [rng.uniform(92, 136), rng.uniform(16, 32), rng.uniform(20, 36)], np.float32
        )
        return Palette(
            threads=threads,
            thread_width=0.95,
            braid=0.0,
            sheen=48.0,
            wet=0.9,
            thread_stain=self._blood * 1.1,
            stain_strength=0.35,
            hole=self._blood * 0.45,
            halo=self._blood * 0.9,
            halo_strength=float(rng.uniform(0.4, 0.75)),
            pledget=np.array([214.0, 192.0, 186.0]),
            metal=np.array([128.0, 122.0, 122.0]),
            metal_stain=self._blood,
            flap=self._leaflet * 0.97,
            drop=self._blood,
            specks=(self._blood, np.minimum(self._leaflet * 1.15, 250)),
        )

    def _paint_tissue(self) -> np.ndarray:
        rng = self.rng
        x, y = canvas_grid()
        warp_x = x + WARP_PX * self._noise(7, 3)
        warp_y = y + WARP_PX * self._noise(7, 3)
        _, radius = self.ring.polar(x, y)
        ragged = radius + 0.085 * self._noise(6, 4, 0.55)
        height = rng.uniform(2.0, 5.0) * self._noise(6, 3) + 0.45 * self._noise(30, 2, 0.5)
        image = self._paint_wall(warp_x, warp_y)
        self._paint_atrial_folds(image, height)
        self._paint_leaflets(image, height, warp_x, warp_y, ragged)
        self._paint_annulus(image, height, ragged)
        self._paint_folds(image)
        self._paint_blood(image, height, radius)
        self._paint_light(image, height)
        image *= 1 + (self.difficulty.texture / 190) * self._noise(60, 3, 0.75)[..., None]
        return image

    def _paint_light(self, image: np.ndarray, height: np.ndarray) -> None:
        """Shading from the side, darker and redder valleys, and where it is wet the shine."""
        rng = self.rng
        ripple = rng.uniform(0.15, 0.4) * self._noise(64, 2, 0.6)
        shade, shine = light_on(height, rng.uniform(0, 2 * np.pi), ripple)
        hollow = cv2.GaussianBlur(height, (0, 0), 12) - height
        hollow = smoothstep(hollow, 1.0, 9.0)
        blend(image, self._blood * 0.9, hollow * rng.uniform(0.2, 0.5))
        image *= (shade * (1 - 0.25 * hollow))[..., None]
        wet = smoothstep(self._noise(4, 3), -0.4, 1.2) * np.float32(rng.uniform(120, 255))
        self._shine = np.clip(shine * wet, 0, 255).astype(np.uint8)

    def _paint_highlights(self) -> np.ndarray:
        """As everywhere, and the reflections of wet bumps, in clusters."""
        return cv2.add(super()._paint_highlights(), cv2.GaussianBlur(self._shine, (0, 0), 0.7))

    def _paint_above(self, image: np.ndarray, highlights: np.ndarray) -> None:
        paint_retractor(image, highlights, self.rng.spawn(1)[0], self.ring)

    def _noise(
        self, cells: float, octaves: int, persistence: float = 0.5, stretch: float = 1.0
    ) -> np.ndarray:
        return cloud_noise(self.rng, CANVAS_SHAPE, cells, octaves, persistence, stretch)

    def _paint_wall(self, warp_x: np.ndarray, warp_y: np.ndarray) -> np.ndarray:
        """The atrium around the valve: mottled, with muscle fibres."""
        rng = self.rng
        mottle = self._noise(5, 4, 0.6)
        along = direction(rng.uniform(0, np.pi))
        fibres = np.sin((warp_x * along[0] + warp_y * along[1]) / rng.uniform(2.4, 4.5))
        fibres *= smoothstep(self._noise(3, 2), 0.0, 1.2)
        level = 1 + 0.11 * mottle + 0.06 * fibres
        image = self._wall * level[..., None]
        flush = smoothstep(self._noise(4, 3), 0.2, 1.8)
        blend(image, np.array([150, 70, 66], np.float32), flush * 0.45)
        pale = smoothstep(self._noise(4, 3), 0.4, 1.8)
        blend(image, np.array([214, 188, 178], np.float32), pale * 0.55)
        return image

    def _paint_atrial_folds(self, image: np.ndarray, height: np.ndarray) -> None:
        """A few thick, smooth bulges of atrial wall beside the valve."""
        rng, ring = self.rng, self.ring
        for _ in range(int(rng.integers(1, 4))):
            start = rng.uniform(0, 2 * np.pi)
            angles = start + np.linspace(0, rng.uniform(1.6, 3.4), 24)
            reach = rng.uniform(1.4, 1.9) + 0.12 * np.sin(2 * angles + rng.uniform(0, 6))
            line = ring.point(angles, reach + 0.25 * np.linspace(-1, 1, 24) ** 2)
            width = rng.uniform(30, 72)
            taper = width * np.sin(np.linspace(0.12, np.pi - 0.12, 24)) ** 0.7
            soft = mask_of(ribbon_outline(line, taper), width / 5)
            colour = self._wall * rng.uniform(0.95, 1.25) + (14, 10, 10)
            blend(image, colour.astype(np.float32), soft * 0.6)
            height += np.float32(width * rng.uniform(0.25, 0.45)) * soft

    def _paint_leaflets(
        self,
        image: np.ndarray,
        height: np.ndarray,
        warp_x: np.ndarray,
        warp_y: np.ndarray,
        ragged: np.ndarray,
    ) -> None:
        """Leaflet scallops: domes that meet in creases (a warped Voronoi diagram)."""
        rng, ring = self.rng, self.ring
        count = int(rng.integers(5, 9))
        angles = np.arange(count) * 2 * np.pi / count + rng.normal(0, 0.3, count)
        seeds = ring.point(angles, rng.uniform(0.35, 0.85, count)).astype(np.float32)
        nearest = np.full(CANVAS_SHAPE, np.inf, np.float32)
        second = nearest.copy()
        cell = np.zeros(CANVAS_SHAPE, np.uint8)
        for number, (seed_x, seed_y) in enumerate(seeds):
            distance = cv2.magnitude(warp_x - seed_x, warp_y - seed_y)
            cell[distance < nearest] = number
            np.minimum(second, np.maximum(nearest, distance), out=second)
            np.minimum(nearest, distance, out=nearest)
        dome = 1 - (nearest / np.float32(0.75 * ring.mean_radius)) ** 2
        seam = second - nearest
        level = 0.92 + 0.13 * dome + 0.05 * self._noise(9, 4, 0.6)
        level *= rng.uniform(0.9, 1.08, count).astype(np.float32)[cell]
        colours = self._leaflet + rng.normal(0, 4, (count, 3))
        leaflet = colours.astype(np.float32)[cell] * level[..., None]
        crease = np.exp(-((seam / np.float32(rng.uniform(3, 6))) ** 2))
        leaflet *= 1 - rng.uniform(0.25, 0.5) * crease[..., None]
        bleeding = smoothstep(self._noise(5, 2), -0.6, 0.9) * crease
        blend(leaflet, self._blood * 0.8, bleeding * rng.uniform(0.5, 0.95))
        inside = smoothstep(ragged, 1.25, 0.95)
        height += inside * (np.float32(rng.uniform(7, 14)) * dome - np.float32(3.5) * crease)
        # Toward the annulus the leaflets pale into the colour of the wall.
        blend(image, self._wall * np.float32(1.22), smoothstep(ragged, 1.45, 1.0) * 0.75)
        blend(image, leaflet, smoothstep(ragged, 1.22, 0.8))

    def _paint_annulus(self, image: np.ndarray, height: np.ndarray, ragged: np.ndarray) -> None:
        """A pale ridge with a darker, partly bloody furrow outside."""
        rng = self.rng
        ridge = np.exp(-(((ragged - 1.02) / 0.06) ** 2))
        furrow = np.exp(-(((ragged - rng.uniform(1.12, 1.25)) / 0.06) ** 2))
        furrow = furrow * smoothstep(self._noise(5, 2), -0.2, 1.6)
        image *= (1 + rng.uniform(0.02, 0.12) * ridge - rng.uniform(0.1, 0.3) * furrow)[..., None]
        height += np.float32(rng.uniform(1, 4)) * ridge - np.float32(rng.uniform(2, 7)) * furrow
        red = furrow * smoothstep(self._noise(6, 2), 0.2, 1.2)
        blend(image, self._blood * 1.2, red * 0.7)

    def _paint_blood(self, image: np.ndarray, height: np.ndarray, radius: np.ndarray) -> None:
        """Blood: pools with a level surface in the valve's hollows, and smears around it."""
        rng = self.rng
        low = cv2.GaussianBlur(height, (0, 0), 3)
        bottom = low + 9 * smoothstep(radius, 0.2, 1.0) + 2 * self._noise(9, 4, 0.6)
        # Low-lying canvas under blood: its share is drawn, the level follows from a coarse sample.
        sample = np.sort(bottom[::8, ::8], axis=None)
        level = float(sample[int(rng.uniform(0.015, 0.11) * len(sample))])
        # Thin at its border, where the tissue shines through.
        mask = 0.55 * smoothstep(bottom, level + 0.9, level)
        mask += 0.42 * smoothstep(bottom, level - 0.4, level - 3.0)
        depth = 0.62 + 0.16 * self._noise(8, 3) + 0.38 * smoothstep(bottom, level - 5, level)
        blend(image, self._blood * depth[..., None], mask)
        height += mask * (level - low)
        smear = self._noise(11, 4, 0.7, stretch=1.8)
        stain = smoothstep(smear, 1.0, 2.6) * rng.uniform(0.3, 0.8)
        blend(image, self._blood * 1.3, stain)

    def _paint_gap(self, image: np.ndarray) -> None:
        """The valve's opening, dark red, with chordae; and the vessels around it."""
        rng = self.rng
        turn = rng.uniform(0, np.pi)
        centre = self._anywhere(0.0, 0.3)
        reach = direction(turn) * rng.uniform(14, 36)
        aside = perpendicular(reach) / np.hypot(*reach)
        wide = rng.choice([2.0, 5.0, 12.0])
        lower, upper = self._slit(centre, reach, rng.normal(0, 7), (wide, wide))
        lower = lower + rng.normal(0, 1.0, lower.shape)
        fill(image, np.concatenate([lower, upper[::-1]]), self._blood * 0.3)
        stroke(image, [upper], self._leaflet * 0.85)
        for _ in range(int(rng.integers(0, 4))):
            start = centre + reach * rng.uniform(-0.7, 0.7)
            end = start + aside * rng.normal(0, 9) + rng.normal(0, 6, 2)
            self._paint_chorda(image, start, end, self._leaflet * 0.95)
        self._paint_vessels(image)

    def _paint_vessels(self, image: np.ndarray) -> None:
        """Thin red lines that branch; easily taken for threads."""
        rng = self.rng
        for _ in range(int(rng.integers(2, 6))):
            start = self._anywhere(0.3, 1.6)
            # Fresh vessels are red, clefts of the tissue nearly black, like threads.
            dark = rng.uniform(0.35, 0.8) if rng.random() < 0.5 else 1.3
            heading = rng.uniform(0, 2 * np.pi)
            share = rng.uniform(0.25, 0.75)
            for _ in range(int(rng.integers(1, 4))):  # branches
                step = direction(heading + rng.normal(0, 0.5)) * rng.uniform(12, 48)
                bow = rng.normal(0, 5, (2, 2))
                inner = [start + step * 0.35 + bow[0], start + step * 0.7 + bow[1]]
                line = bezier([start, *inner, start + step], 12)
                tissue = colour_at(image, line[6])
                colour = tissue + (self._blood * dark - tissue) * share
                wide = rng.uniform(0.8, 2.6)
                fill(image, ribbon_outline(line, np.linspace(wide, 0.5, 12)), colour)
                start = line[int(rng.integers(3, 12))]

    def _fold_line(self) -> np.ndarray:
        """A crease around the valve, or from the annulus toward its opening."""
        rng, ring = self.rng, self.ring
        start = rng.uniform(0, 2 * np.pi)
        if rng.random() < 0.5:
            angles = start + np.linspace(0, rng.uniform(0.3, 1.1), 16)
            return ring.point(angles, rng.uniform(0.85, 1.7) + 0.06 * np.sin(angles * 4 + start))
        inner = ring.point(start + rng.normal(0, 0.2), rng.uniform(0.15, 0.7))
        outer = ring.point(start, rng.uniform(0.85, 1.3))
        return bezier([inner, inner + rng.normal(0, 9, 2), outer + rng.normal(0, 9, 2), outer], 16)
