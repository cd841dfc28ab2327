"""Parts that do not fit what they are put into: told before anything is trained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from adaptor_bench.data.sizes import FRAME_SIZE
from adaptor_bench.errors import UsageError, listed
from adaptor_bench.harness.plan import RunRequest
from adaptor_bench.method import Method, OnDevices
from adaptor_bench.progress import message
from adaptor_bench.stages.ceiling import Decoding, NotDecodedError, perfect_points
from adaptor_bench.stages.registry import mark_of

_LANDMARKS = np.array([[128.0, 96.0], [384.0, 192.0]])  # of a frame to try a decoder on


def refuse_misfits(
    methods: Mapping[str, Method], request: RunRequest, there: Iterable[str]
) -> None:
    """Raise UsageError for a decoder that gives no points, or no score for each, for a method that
    cannot train on so many devices, and for a translator that was asked for and has nothing to
    translate for any of the domains of ``request``, where the dataset has those ``there``."""
    for name, method in methods.items():
        if devices_for(method, request) > 1 and isinstance(method, OnDevices):
            for problem in method.refuses_devices(request.devices):
                raise UsageError(f"method {name!r}, --devices {request.devices}: {problem}")
        if isinstance(method, Decoding) and (problem := _wrong_decoding(method)):
            raise UsageError(f"method {name!r}: {problem}")
    asked, domains = request.settings.get("translate", "none"), request.domains
    if asked == "none":
        return
    for name, method in methods.items():
        gains = (method.other_domains(d, [o for o in there if o != d]) for d in domains)
        if not any(map(tuple, gains)):
            word = asked if isinstance(asked, str) else getattr(mark_of(asked), "name", "..")
            raise UsageError(
                f"method {name!r}: translate={word} has nothing to translate for "
                f"{listed(domains)}: {_directions(method, list(there))}",
                hint="Leave it out, or run a domain it translates into, with frames of another.",
            )


def _directions(method: Method, there: list[str]) -> str:
    """What a translator could do with frames of these domains."""
    ways = [
        f"{listed(sources)} into {domain}"
        for domain in there
        if (sources := method.other_domains(domain, [o for o in there if o != domain]))
    ]
    if ways:
        return f"here it only translates {listed(ways)}"
    return f"the dataset has frames of {listed(there)} alone"


def devices_for(method: Method, request: RunRequest) -> int:
    """How many devices a method trains on at a time."""
    return request.devices if isinstance(method, OnDevices) else 1


def tell_of_one_device(
    methods: Mapping[str, Method], request: RunRequest, *, tell: bool = True
) -> None:
    """Say what of the methods is trained on one device though more are asked for."""
    if request.devices == 1 or not tell:
        return
    for name, method in methods.items():
        translator = getattr(method, "translate", None)
        if devices_for(method, request) == 1:
            message(f"{name} uses one device: --devices {request.devices} changes nothing for it")
        elif getattr(translator, "resumes", False):
            title = getattr(translator, "title", "the translator")
            message(f"{name}: {title} is trained on one device, the network on {request.devices}")


def _wrong_decoding(method: Decoding) -> str:
    """What is wrong with what its decoder gives of two perfect landmarks; empty: nothing."""
    mark = mark_of(method.decode)
    decoder = f"decode={mark.name} ({mark.origin})" if mark else type(method.decode).__name__
    try:
        points, scores = perfect_points(method, _LANDMARKS, FRAME_SIZE)
        shape = np.shape(scores) if scores is not None else None
    except NotDecodedError as error:
        return f"{decoder} must give a Decoded, and gives {error}"
    except Exception:  # told of the fold in which it happens
        return ""
    if shape == (len(points),):
        return ""
    given = "none" if shape is None else f"an array of shape {shape}"
    return f"{decoder} must give a score for each point, and gives {given} for {len(points)} points"
