"""TensorBoard: `tensorboard --logdir <out>/<dataset>/trackers/tensorboard`."""

from __future__ import annotations

import time
from pathlib import Path

from adaptor_bench.trackers import TrackedFold


def log(fold: TrackedFold, folder: Path) -> None:
    """An event file in a folder of the fold's own name, with its settings as a text."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(folder / fold.name))

    def add(step: int, summary: object) -> None:
        writer.add_event(Event(wall_time=time.time(), step=step, summary=summary))

    table = "| setting | value |\n|---|---|\n"
    table += "".join(f"| {key} | {value} |\n" for key, value in fold.settings.items())
    kind = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text"))
    text = TensorProto(dtype="DT_STRING", string_val=[table.encode()])
    add(0, Summary(value=[Summary.Value(tag="settings", metadata=kind, tensor=text)]))
    last = 0
    for step, values in fold.steps.items():
        add(step, Summary(value=[Summary.Value(tag=k, simple_value=v) for k, v in values.items()]))
        last = step
    results = [Summary.Value(tag=f"fold/{k}", simple_value=v) for k, v in fold.results.items()]
    add(last, Summary(value=results))
    writer.close()
