"""Frames of the phantom a core draws and writes in a second of its time.

Run: ``pytest tests/benchmarks/test_phantom_speed.py``.
"""

from __future__ import annotations

import time

import cv2
import pytest

from adaptor_bench.phantom.dataset import STANDARD, draw_frames

FRAMES = 24


@pytest.mark.parametrize("surgery", ["aicm1", "aicm11"])
def test_drawing(held, tmp_path, surgery):
    cv2.setNumThreads(1)
    began = time.process_time()
    drawn = draw_frames(tmp_path, "mini", 0, STANDARD, surgery, surgery, 0, FRAMES)
    rate = drawn / (time.process_time() - began)
    held(f"phantom: frames a second and core, {surgery}", rate, 10, least=True)
