"""The model card of an exported network, for people and model hubs.

It begins with the YAML that hubs read; its values are written as JSON, which is YAML.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from string import Template
from typing import Any

import adaptor_bench
from adaptor_bench.data.sizes import reference_size
from adaptor_bench.harness.equality import Equality
from adaptor_bench.harness.exported import Exported
from adaptor_bench.names import markdown, printable
from adaptor_bench.scoring.metrics import Counts, f1, precision, sensitivity
from adaptor_bench.values import readable

TASK = "keypoint-detection"
PHANTOM = "phantom"


_CARD = Path(__file__).with_suffix(".txt")


def card(exported: Exported, equality: Equality) -> str:
    """The model card, ``README.md``, in Markdown."""
    config, record = exported.configuration(), exported.record
    dataset = record.get("dataset", {})
    width, height = exported.size
    phantom = dataset.get("kind") == PHANTOM
    name = markdown(exported.spec.name)
    where = [
        f"{key} {markdown(str(record[key]))}" for key in ("domain", "fold", "seed") if key in record
    ]
    return Template(_CARD.read_text("utf-8")).substitute(
        yaml="\n".join(f"{k}: {json.dumps(v)}" for k, v in _front_matter(exported).items()),
        title=f"{name}: {markdown(exported.spec.card.title)}",
        version=adaptor_bench.__version__,
        whence=", ".join(
            [f"a run of {name}" if "fold" in record else f"weights of {name}", *where]
        ),
        method=f"{name}, profile {markdown(str(record.get('profile', '-')))}",
        file=exported.model.name,
        bytes=f"{config['file']['bytes']:,}",
        sha256=config["file"]["sha256"],
        width=width,
        height=height,
        output=f"({', '.join(map(str, config['output']['shape']))})",
        decoder=printable(repr(exported.method.decoder)),
        frame="x".join(map(str, exported.frame_size)) + " px; `config.json` says how points are "
        "taken back to the pixels of a frame",
        use=_use(exported),
        trained=_trained(exported),
        reached=_reached(exported),
        limits=_PHANTOM if phantom else _OTHERS,
        equality=markdown(str(equality)),
        licence=_LICENCE if phantom else _LICENCE_OTHERS,
        cite=_cite(exported),
    )


_PHANTOM = (
    "For trying things out, and as something to compare with. The weights were trained on the "
    "phantom, which is drawn: nothing is known of real frames. **This is no clinical tool and no "
    "medical device**, and no decision about a person may rest on it."
)
_OTHERS = (
    "For research on frames like those it was trained on; nothing is known of other surgeries, "
    "cameras, hospitals or landmarks. **This is no clinical tool and no medical device**, and no "
    "decision about a person may rest on it."
)
_LICENCE = "MIT, as adaptor_bench, which drew the data, too."
_LICENCE_OTHERS = (
    "Not stated. The code is MIT; what the weights may be used for also depends on the terms of "
    "the data. Whoever publishes them says it here and in the first lines of this file."
)


def _front_matter(exported: Exported) -> dict[str, Any]:
    """What a hub reads of the card: values are JSON, which is YAML."""
    counts, matching = exported.measured
    dataset = exported.record.get("dataset", {})
    phantom = dataset.get("kind") == PHANTOM
    total = sum(counts.values(), Counts())
    name = printable(exported.spec.name)
    licence = {"license": "mit"} if phantom else {"license": "other", "license_name": "not-stated"}
    result = {
        "task": {"type": TASK, "name": "Landmark detection"},
        "dataset": {
            "type": printable(str(dataset.get("kind", "unknown"))),
            "name": printable(str(dataset.get("name", "unknown"))),
        },
        "metrics": [
            {
                "type": "f1",
                "name": f"F1 on surgeries held out, {matching.radius:g} px",
                "value": round(f1(total), 4),
            }
        ],
    }
    scored = counts and f1(total) == f1(total)  # 0/0 is no number
    return {
        **licence,
        "library_name": "adaptor_bench",
        "pipeline_tag": TASK,
        "tags": ["landmark-detection", "heatmap-regression", "endoscopy", exported.form],
        "metrics": ["f1"],
        **({"model-index": [{"name": name, "results": [result]}]} if scored else {}),
    }


def _use(exported: Exported) -> str:
    if exported.form == "safetensors":
        return "    bench predict THIS_FOLDER --input PICTURES --overlay"
    if exported.form == "onnx":
        load = 'session = onnxruntime.InferenceSession("model.onnx")'
        draw = '(heatmap,) = session.run(None, {"image": image})'
        library = "onnxruntime"
    else:
        load = 'network = torch.jit.load("model.pt")'
        draw = (
            "with torch.inference_mode():\n    heatmap = network(torch.from_numpy(image)).numpy()"
        )
        library = "torch"
    decoder, decode = exported.method.decoder, ""
    if (module := type(decoder).__module__).startswith("adaptor_bench."):
        reference = reference_size(exported.frame_size)
        decode = f"""
# The decoder of adaptor_bench, or your own by the settings in config.json:
from {module} import {type(decoder).__name__}

found = {decoder!r}.decode(heatmap[0], {reference})
points = (found.points + 0.5) * np.array(frame.size) / {reference} - 0.5
"""
    text = _CARD.with_name("modelcard_use.txt").read_text("utf-8").rstrip()
    return Template(text).substitute(
        library=library, load=load, draw=draw, size=exported.size, decode=decode
    )


def _trained(exported: Exported) -> str:
    record = exported.record
    dataset = record.get("dataset", {})
    names = {
        key: ", ".join(markdown(str(s)) for s in record.get(key, ())) or "not known"
        for key in ("train", "validation")
    }
    lines = [
        f"Data: {markdown(str(dataset.get('name', 'not known')))} "
        f"({markdown(str(dataset.get('kind', 'not known')))}, fingerprint "
        f"`{markdown(str(dataset.get('fingerprint', '')))[:16]}`).",
        f"Surgeries trained on: {names['train']}. Held out: {names['validation']}.",
    ]
    if others := record.get("others"):
        settings = ", ".join(
            f"`{key}={markdown(readable(exported.parameters[key]))}`"
            for key in ("translate", "training.translated_share")
            if key in exported.parameters
        )
        lines.append(
            "Trained on frames of another domain as well: "
            + ", ".join(
                f"{markdown(str(domain))} (fingerprint `{markdown(str(sha))[:16]}`)"
                for domain, sha in others.items()
            )
            + (f"; {settings}." if settings else ".")
        )
    if exported.parameters.get("network.pretrained"):
        lines.append("The encoder began with weights learnt from ImageNet.")
    lines += [markdown(str(note)) for note in record.get("notes", ())]
    return "\n\n".join(lines)


def _reached(exported: Exported) -> str:
    counts, matching = exported.measured
    if not counts:
        return "It was not scored."
    rows = {**counts, "all": sum(counts.values(), Counts())}
    lines = [
        "| held out | F1 % | precision % | sensitivity % | TP / FP / FN |",
        "|---|---|---|---|---|",
    ]
    for name, of in rows.items():
        ratios = (100 * ratio(of) for ratio in (f1, precision, sensitivity))
        shown = ("-" if math.isnan(value) else f"{value:.1f}" for value in ratios)  # 0/0
        lines.append(f"| {markdown(name)} | {' | '.join(shown)} | {of.tp} / {of.fp} / {of.fn} |")
    return "\n".join([*lines, "", f"One network, one fold, one seed. {matching.describe()}"])


def _cite(exported: Exported) -> str:
    about = exported.spec.card
    lines = ["adaptor_bench: `CITATION.cff` in its repository."]
    if about.paper:
        lines.insert(0, f"The method: {markdown(about.paper)}. {markdown(about.url)}".strip())
    return "\n\n".join(lines)
