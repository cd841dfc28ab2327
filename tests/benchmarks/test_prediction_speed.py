"""Predicting a folder of frames against the network alone on the same frames in memory.

A thread computes maps, another reads frames, and the one that asked decodes and writes: with a
core for each, the network's thread is what is waited for. So that other programs do not matter,
CPU seconds are compared: what the network's thread does beside the network, and what the others do
in the time that the network takes. Run: ``pytest tests/benchmarks/test_prediction_speed.py``.
"""

from __future__ import annotations

import time

import numpy as np
import torch

from adaptor_bench.data.frames import index_dataset
from adaptor_bench.harness.outputs import write_prediction
from adaptor_bench.harness.predict import predicted, read_pixels
from adaptor_bench.method import Resize
from adaptor_bench.phantom.default import cached_phantom
from adaptor_bench.progress import Progress
from adaptor_bench.registry import discover
from adaptor_bench.train import inference
from adaptor_bench.train.device import computing

FRAMES, ROUNDS = 32, 3


def test_predicting_a_folder(held, tmp_path, monkeypatch):
    spec = discover().get("improved_heatmap/no_cyclegan")
    method = spec.build(spec.resolve("quick"))
    torch.manual_seed(0)
    network = method.network.build(1)
    frames = index_dataset(cached_phantom("tiny", Progress())).domain("intraop")
    frames = (frames * FRAMES)[:FRAMES]
    images = [read_pixels(f, Resize.of(method)).image for f in frames]
    monkeypatch.setattr(method, "trained", lambda: network)
    real, inside = inference.predict_maps, []

    def in_its_thread(*given, **settings):
        maps = real(*given, **settings)
        while True:
            began = time.thread_time()
            drawn = next(maps, None)
            inside.append(time.thread_time() - began)
            if drawn is None:
                return
            yield drawn

    alone, asked, whole = [], [], []
    with computing("cpu"):
        for _ in range(ROUNDS):
            began = time.thread_time()
            list(real(network, images, device="cpu"))
            alone.append(time.thread_time() - began)
            monkeypatch.setattr(inference, "predict_maps", in_its_thread)
            inside.clear()
            began, all_began = time.thread_time(), time.process_time()
            for frame, prediction in predicted(method, frames, "cpu", lambda *_: None):
                write_prediction(frame, prediction, tmp_path / "out")
            asked.append(time.thread_time() - began)
            whole.append((sum(inside), time.process_time() - all_began))
            monkeypatch.setattr(inference, "predict_maps", real)
    network_alone = np.median(alone)
    in_thread, everything = np.median(whole, axis=0)
    held("predicting: CPU of the network's thread / of the network alone",
         in_thread / network_alone, 1.05)  # fmt: skip
    held("predicting: decoding and writing meanwhile / the network alone",
         np.median(asked) / network_alone, 0.5)  # fmt: skip
    held("predicting: all CPU, reading included / the network alone",
         everything / network_alone, 1.4)  # fmt: skip
