"""The operation: wet, lobed tissue with blood in its creases, vessels, and a retractor."""

from __future__ import annotations

import cv2
import numpy as np

from .appearance import Appearance, Lighting, Palette, StaticScene, white_balance
from .geometry import FRAME_HEIGHT, FRAME_WIDTH, Ring, direction
from .raster import bezier, cloud_noise, fill, ribbon_outline, stroke
from .retractor import paint_retractor
from .tissue import (
    CANVAS_SHAPE,
    blend,
    canvas_grid,
    colour_at,
    paint_empty_holes,
    paint_fold,
    paint_specks,
    paint_strands,
    paint_thread_remnants,
    paint_wet_highlights,
    smoothstep,
    vary_colour,
)

LEAFLET_COLOURS = ((226, 198, 164), (222, 198, 184), (212, 188, 174), (218, 200, 184))
WALL_COLOURS = ((170, 120, 112), (158, 112, 107), (172, 134, 125), (178, 136, 119))
#: How far the outlines of lobes and folds are warped, px.
WARP_PX = 11.0


class IntraopAppearance(Appearance):
    """One operation."""

    def _draw_palette(self, rng: np.random.Generator) -> Palette:
        spread = self.difficulty.thread_variety
        white = vary_colour(rng, (218, 211, 208), spread)
        blue = vary_colour(rng, (96, 110, 126), spread)
        dark = vary_colour(rng, (78, 80, 90), spread)
        soaked = vary_colour(rng, (204, 152, 150), spread)
        leaflet = LEAFLET_COLOURS[rng.integers(len(LEAFLET_COLOURS))]
        wall = WALL_COLOURS[rng.integers(len(WALL_COLOURS))]
        self._leaflet = vary_colour(rng, leaflet, 0.4).astype(np.float32)
        self._wall = vary_colour(rng, wall, 0.7).astype(np.float32)
        self._blood = np.array(
            [rng.uniform(96, 138), rng.uniform(14, 26), rng.uniform(18, 30)], np.float32
        )
        return Palette(
            threads=np.stack([white, blue, dark, soaked]),
            thread_stain=self._blood * 1.25,
            stain_strength=0.32,
            hole=self._blood * 0.45,
            halo=self._blood * 1.3,
            halo_strength=float(rng.uniform(0.05, 0.25)),
            pledget=np.array([214.0, 192.0, 186.0]),
            metal=np.array([128.0, 122.0, 122.0]),
            metal_stain=self._blood,
            flap=self._leaflet * 0.97,
            drop=self._blood,
        )

    def _draw_lighting(self, rng: np.random.Generator) -> Lighting:
        return Lighting(
            centre=np.array(
                [rng.uniform(0.3, 0.6) * FRAME_WIDTH, rng.uniform(0.35, 0.6) * FRAME_HEIGHT]
            ),
            falloff=float(rng.uniform(0.25, 0.7)),
            exposure=float(rng.uniform(0.78, 0.98)),
            tint=white_balance(rng, self.difficulty.warmth),
            bloom=float(rng.uniform(0.3, 0.8)),
        )

    def paint_scene(self, rng: np.random.Generator, ring: Ring) -> StaticScene:
        x, y = canvas_grid()
        warp_x = x + WARP_PX * cloud_noise(rng, CANVAS_SHAPE, 7, 3)
        warp_y = y + WARP_PX * cloud_noise(rng, CANVAS_SHAPE, 7, 3)
        _, radius = ring.polar(x, y)
        ragged = radius + 0.085 * cloud_noise(rng, CANVAS_SHAPE, 6, 4, 0.55)
        image = self._paint_wall(rng, warp_x, warp_y)
        image = self._paint_atrial_folds(image, rng, ring)
        self._paint_leaflets(image, rng, ring, warp_x, warp_y, ragged)
        self._paint_annulus(image, rng, ragged)
        for _ in range(int(rng.integers(9, 16))):
            paint_fold(
                image, _fold_line(rng, ring), rng.uniform(1.5, 5), rng.uniform(0.2, 0.5), 0.16
            )
        self._paint_blood(image, rng, radius)
        image *= 1 + (self.difficulty.texture / 190) * self._grain(rng)[..., None]
        painted = np.clip(image, 0, 255).astype(np.uint8)
        self._paint_gap(painted, rng, ring)
        self._paint_vessels(painted, rng, ring)
        bright = np.minimum(self._leaflet * 1.15, 250)
        paint_specks(painted, rng, ring, self.difficulty.specks, self._blood, bright)
        difficulty = self.difficulty
        paint_empty_holes(
            painted,
            rng,
            ring,
            difficulty.empty_holes,
            difficulty.dimple_depth,
            difficulty.pinch,
            self.palette,
        )
        paint_thread_remnants(painted, rng, ring, difficulty.remnants, self.palette)
        highlights = paint_wet_highlights(rng, ring, self.difficulty.highlights, (0.05, 1.8))
        paint_retractor(painted, highlights, rng, ring)
        return StaticScene(cv2.GaussianBlur(painted, (0, 0), 0.6), highlights)

    @staticmethod
    def _grain(rng: np.random.Generator) -> np.ndarray:
        return cloud_noise(rng, CANVAS_SHAPE, 60, 3, 0.75)

    def _paint_wall(
        self, rng: np.random.Generator, warp_x: np.ndarray, warp_y: np.ndarray
    ) -> np.ndarray:
        """The atrium around the valve: mottled, with muscle fibres."""
        mottle = cloud_noise(rng, CANVAS_SHAPE, 5, 4, 0.6)
        along = direction(rng.uniform(0, np.pi))
        fibres = np.sin((warp_x * along[0] + warp_y * along[1]) / rng.uniform(2.4, 4.5))
        fibres *= smoothstep(cloud_noise(rng, CANVAS_SHAPE, 3, 2), 0.0, 1.2)
        level = 1 + 0.11 * mottle + 0.06 * fibres
        image = self._wall * level[..., None]
        flush = smoothstep(cloud_noise(rng, CANVAS_SHAPE, 4, 3), 0.2, 1.8)
        blend(image, np.array([150, 70, 66], np.float32), flush * 0.45)
        pale = smoothstep(cloud_noise(rng, CANVAS_SHAPE, 4, 3), 0.4, 1.8)
        blend(image, np.array([214, 188, 178], np.float32), pale * 0.55)
        return image

    def _paint_atrial_folds(
        self, image: np.ndarray, rng: np.random.Generator, ring: Ring
    ) -> np.ndarray:
        """One or two thick, smooth bulges of atrial wall beside the valve."""
        for _ in range(int(rng.integers(1, 4))):
            start = rng.uniform(0, 2 * np.pi)
            angles = start + np.linspace(0, rng.uniform(1.6, 3.4), 24)
            reach = rng.uniform(1.4, 1.9) + 0.12 * np.sin(2 * angles + rng.uniform(0, 6))
            line = ring.point(angles, reach + 0.25 * np.linspace(-1, 1, 24) ** 2)
            width = rng.uniform(30, 72)
            taper = width * np.sin(np.linspace(0.12, np.pi - 0.12, 24)) ** 0.7
            body = np.zeros(CANVAS_SHAPE, np.uint8)
            fill(body, ribbon_outline(line, taper), 255)
            soft = cv2.GaussianBlur(body, (0, 0), width / 5).astype(np.float32) / 255
            crest = np.zeros(CANVAS_SHAPE, np.uint8)
            fill(crest, ribbon_outline(line - width * 0.1, taper * 0.3), 255)
            shine = cv2.GaussianBlur(crest, (0, 0), width / 7).astype(np.float32) / 255
            border = soft * (1 - soft) * 4
            colour = self._wall * rng.uniform(0.95, 1.25) + (14, 10, 10)
            blend(image, colour.astype(np.float32), soft * 0.6)
            image *= (1 + 0.22 * shine - 0.24 * border * (1 - shine))[..., None]
        return image

    def _paint_leaflets(
        self,
        image: np.ndarray,
        rng: np.random.Generator,
        ring: Ring,
        warp_x: np.ndarray,
        warp_y: np.ndarray,
        ragged: np.ndarray,
    ) -> None:
        """Leaflet scallops: domes that meet in creases (a warped Voronoi diagram)."""
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
        level = 0.92 + 0.13 * dome + 0.05 * cloud_noise(rng, CANVAS_SHAPE, 9, 4, 0.6)
        level *= rng.uniform(0.9, 1.08, count).astype(np.float32)[cell]
        colours = self._leaflet + rng.normal(0, 4, (count, 3))
        leaflet = colours.astype(np.float32)[cell] * level[..., None]
        crease = np.exp(-((seam / np.float32(rng.uniform(3, 6))) ** 2))
        leaflet *= 1 - rng.uniform(0.25, 0.5) * crease[..., None]
        bleeding = smoothstep(cloud_noise(rng, CANVAS_SHAPE, 5, 2), -0.6, 0.9) * crease
        blend(leaflet, self._blood * 1.15, bleeding * rng.uniform(0.4, 0.85))
        # Toward the annulus the leaflets pale into the colour of the wall.
        blend(image, self._wall * np.float32(1.22), smoothstep(ragged, 1.45, 1.0) * 0.75)
        blend(image, leaflet, smoothstep(ragged, 1.22, 0.8))

    def _paint_annulus(
        self, image: np.ndarray, rng: np.random.Generator, ragged: np.ndarray
    ) -> None:
        """A pale ridge with a darker, partly bloody furrow outside."""
        ridge = np.exp(-(((ragged - 1.02) / 0.06) ** 2))
        furrow = np.exp(-(((ragged - rng.uniform(1.12, 1.25)) / 0.06) ** 2))
        furrow = furrow * smoothstep(cloud_noise(rng, CANVAS_SHAPE, 5, 2), -0.2, 1.6)
        image *= (1 + rng.uniform(0.02, 0.12) * ridge - rng.uniform(0.1, 0.3) * furrow)[..., None]
        red = furrow * smoothstep(cloud_noise(rng, CANVAS_SHAPE, 6, 2), 0.2, 1.2)
        blend(image, self._blood * 1.2, red * 0.7)

    def _paint_blood(self, image: np.ndarray, rng: np.random.Generator, radius: np.ndarray) -> None:
        """Pools in the valve and smears around it."""
        pool = cloud_noise(rng, CANVAS_SHAPE, 6, 5, 0.6)
        pool -= 0.9 * smoothstep(radius, 0.2, 0.9)
        level = rng.uniform(1.0, 2.4)
        mask = smoothstep(pool, level, level + 0.25)
        depth = 0.8 + 0.25 * cloud_noise(rng, CANVAS_SHAPE, 10, 3)
        blend(image, self._blood * depth[..., None], mask * 0.92)
        edge = mask * (1 - mask) * 4
        image *= 1 - 0.25 * edge[..., None]
        smear = cloud_noise(rng, CANVAS_SHAPE, 11, 4, 0.7, stretch=1.8)
        stain = smoothstep(smear, 1.0, 2.6) * rng.uniform(0.3, 0.7)
        blend(image, self._blood * 1.4, stain)

    def _paint_gap(self, image: np.ndarray, rng: np.random.Generator, ring: Ring) -> None:
        """The valve's opening, dark red, with chordae."""
        turn = rng.uniform(0, np.pi)
        centre = ring.point(rng.uniform(0, 2 * np.pi), rng.uniform(0.0, 0.3))
        reach = direction(turn) * rng.uniform(14, 36)
        aside = np.array([-reach[1], reach[0]]) / np.hypot(*reach)
        wide = rng.choice([2.0, 5.0, 12.0])
        bow = rng.normal(0, 7)
        lower = bezier(
            [
                centre - reach,
                centre - reach / 2 + aside * (bow + wide),
                centre + reach / 2 + aside * (bow + wide),
                centre + reach,
            ],
            16,
        )
        upper = bezier(
            [
                centre - reach,
                centre - reach / 3 + aside * bow,
                centre + reach / 3 + aside * bow,
                centre + reach,
            ],
            16,
        )
        lower = lower + rng.normal(0, 1.0, lower.shape)
        fill(image, np.concatenate([lower, upper[::-1]]), self._blood * 0.3)
        stroke(image, [upper], self._leaflet * 0.85)
        for _ in range(int(rng.integers(0, 4))):
            start = centre + reach * rng.uniform(-0.7, 0.7)
            end = start + aside * rng.normal(0, 9) + rng.normal(0, 6, 2)
            paint_strands(image, rng, start, end, self._leaflet * 0.95)

    def _paint_vessels(self, image: np.ndarray, rng: np.random.Generator, ring: Ring) -> None:
        """Thin red lines that branch; easily taken for threads."""
        for _ in range(int(rng.integers(6, 14))):
            start = ring.point(rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 1.6))
            heading = rng.uniform(0, 2 * np.pi)
            share = rng.uniform(0.25, 0.75)
            for _ in range(int(rng.integers(1, 4))):  # branches
                step = direction(heading + rng.normal(0, 0.5)) * rng.uniform(12, 48)
                bow = rng.normal(0, 5, (2, 2))
                inner = [start + step * 0.35 + bow[0], start + step * 0.7 + bow[1]]
                line = bezier([start, *inner, start + step], 12)
                tissue = colour_at(image, line[6])
                colour = tissue + (self._blood * 1.3 - tissue) * share
                wide = rng.uniform(0.8, 2.2)
                fill(image, ribbon_outline(line, np.linspace(wide, 0.5, 12)), colour)
                start = line[int(rng.integers(3, 12))]


def _fold_line(rng: np.random.Generator, ring: Ring) -> np.ndarray:
    """A crease (16, 2): around the valve, or from the annulus toward its opening."""
    start = rng.uniform(0, 2 * np.pi)
    if rng.random() < 0.5:
        angles = start + np.linspace(0, rng.uniform(0.3, 1.1), 16)
        return ring.point(angles, rng.uniform(0.85, 1.7) + 0.06 * np.sin(angles * 4 + start))
    inner = ring.point(start + rng.normal(0, 0.2), rng.uniform(0.15, 0.7))
    outer = ring.point(start, rng.uniform(0.85, 1.3))
    return bezier([inner, inner + rng.normal(0, 9, 2), outer + rng.normal(0, 9, 2), outer], 16)
