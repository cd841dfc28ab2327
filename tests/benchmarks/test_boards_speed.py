"""What a card, a comparison or a site waits for: the entries of a leaderboard, scored again.

Against only unpacking the same predictions (JSON of 5,760 frames). Draws the phantom `mini` into
the cache once. Run: ``pytest tests/benchmarks/test_boards_speed.py``.
"""

from __future__ import annotations

import time

from adaptor_bench.data.frames import index_dataset
from adaptor_bench.entries.entry import find_board, read_board, read_entries
from adaptor_bench.entries.packed import unpack
from adaptor_bench.phantom.default import cached_phantom
from adaptor_bench.progress import Progress
from adaptor_bench.results.sources import scored_entries


def test_entries_to_results(benchmark):
    board = read_board(find_board("phantom-mini"))
    entries = read_entries(board)
    dataset = index_dataset(cached_phantom("mini", Progress()))
    times = []
    for _ in range(3):
        began = time.perf_counter()
        frames = sum(len(points) for e in entries
                     for points in unpack(board.folder / e.predictions).values())  # fmt: skip
        times.append(time.perf_counter() - began)
    assert frames == 5760
    found = benchmark.pedantic(
        scored_entries, (board, entries, dataset, Progress(live=False)), rounds=3
    )
    assert sum(len(result.fold_results) for result in found[0]) == 108
    ratio = benchmark.stats.stats.min / min(times)
    benchmark.extra_info["ratio to unpacking"] = round(ratio, 2)
    assert ratio < 4
