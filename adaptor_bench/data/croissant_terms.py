"""The vocabulary of Croissant 1.1: its context, fields, sets of files and records, splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adaptor_bench.data.folds import FoldPlan

VERSION = "http://mlcommons.org/croissant/1.1"
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "name": {"@container": "@language"},
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "containedIn": "cr:containedIn",
    "arrayShape": "cr:arrayShape",
    "equivalentProperty": "cr:equivalentProperty",
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context that the specification fixes; mlcroissant warns about any other."""


def record_set(
    name: str, description: str, fields: Sequence[Mapping[str, Any]], *, key: str = ""
) -> dict[str, Any]:
    """A record set; ``key`` names the field that no two records share."""
    found: dict[str, Any] = {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": description,
    }
    if key:
        found["key"] = {"@id": f"{name}/{key}"}
    return found | {"field": list(fields)}


def column(
    record: str,
    name: str,
    type: str,
    table: str,
    description: str,
    *,
    of: str = "",
    regex: str = "",
) -> dict[str, Any]:
    """The field ``name`` from a column of a table: its own, or ``of``. ``regex``: of the cell its
    group is taken."""
    source: dict[str, Any] = {
        "fileObject": {"@id": table},
        "extract": {"column": of or name},
    }
    if regex:
        source["transform"] = {"regex": regex}
    return _field(record, name, type, description) | {"source": source}


def reference(field: str) -> dict[str, Any]:
    """That the values of a field are those of another one."""
    return {"references": {"field": {"@id": field}}}


def file_set(name: str, includes: str, format: str) -> dict[str, Any]:
    """Files below the dataset's folder, by a pattern of their paths."""
    return {
        "@type": "cr:FileSet",
        "@id": name,
        "name": name,
        "encodingFormat": format,
        "includes": includes,
    }


def pictures(ending: str) -> dict[str, Any]:
    """The record set of the images of the file set ``images-<ending>``."""
    files, name = {"fileSet": {"@id": f"images-{ending}"}}, f"pixels-{ending}"
    return record_set(
        name,
        "The images themselves, by their paths.",
        [
            {
                "@type": "cr:Field",
                "@id": f"{name}/path",
                "name": "path",
                "description": "As in frames/image.",
                "dataType": "sc:Text",
                "source": files | {"extract": {"fileProperty": "fullpath"}},
            },
            {
                "@type": "cr:Field",
                "@id": f"{name}/image",
                "name": "image",
                "description": "The decoded image.",
                "dataType": "sc:ImageObject",
                "source": files | {"extract": {"fileProperty": "content"}},
            },
        ],
        key="path",
    )


def tables_of_splits(plans: Mapping[str, FoldPlan]) -> list[dict[str, Any]]:
    """The splits, and which surgery is what in each fold; nothing where there are no folds."""
    data = [
        {
            "folds/domain": domain,
            "folds/fold": fold.number,
            "folds/surgery": surgery,
            "folds/split": split,
        }
        for domain, plan in plans.items()
        for fold in plan.folds
        for split, surgeries in (("train", fold.train), ("validation", fold.validation))
        for surgery in surgeries
    ]
    if not data:
        return []
    splits = record_set(
        "splits",
        "The sides of a fold.",
        [
            _field("splits", "name", "sc:Text", "Name of the split."),
            _field("splits", "url", "sc:URL", "What it is for."),
        ],
        key="name",
    )
    splits["dataType"] = "cr:Split"
    splits["data"] = [
        {"splits/name": "train", "splits/url": "cr:TrainingSplit"},
        {"splits/name": "validation", "splits/url": "cr:ValidationSplit"},
    ]
    names = ", ".join(f"{domain}: {plan.name}" for domain, plan in plans.items())
    folds = record_set(
        "folds",
        f"Which surgeries a fold trains on and which it is reported on ({names}).",
        [
            _field("folds", "domain", "sc:Text", "As in frames/domain."),
            _field("folds", "fold", "sc:Integer", "Number of the fold, from 1."),
            _field("folds", "surgery", "sc:Text", "As in frames/surgery."),
            _field("folds", "split", "sc:Text", "As in splits/name."),
        ],
    )
    folds["data"] = data
    return [splits, folds]


def _field(record: str, name: str, type: str, description: str) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"{record}/{name}",
        "name": name,
        "description": description,
        "dataType": type,
    }
