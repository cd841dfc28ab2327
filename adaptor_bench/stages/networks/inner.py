"""A network within another one, chosen by its name."""

from __future__ import annotations

from typing import Annotated, Any

from adaptor_bench.parameters import Number, OneOf
from adaptor_bench.stages.networks.bilinear_unet import BilinearUNet16
from adaptor_bench.stages.networks.payer_unet import PayerUNet
from adaptor_bench.stages.networks.resnext_unet import ResNextUNet
from adaptor_bench.stages.networks.small_unet import SmallUNet
from adaptor_bench.stages.networks.stern_unet import SternUNet
from adaptor_bench.stages.registry import mark_of

_PARTS = (BilinearUNet16, PayerUNet, ResNextUNet, SmallUNet, SternUNet)
# Written out, not looked up: what made a result is found by reading imports.
INNER: dict[str, type[Any]] = {mark.name: part for part in _PARTS if (mark := mark_of(part))}

Inner = Annotated[str, OneOf(*INNER)]
Width = Annotated[int | None, Number(1, 256)]


def inner_network(name: str, width: int | None) -> Any:
    """The network part ``name``, of that ``width``; None: as it is by default.

    Raises ValueError for a width of a network that has none.
    """
    if width is None:
        return INNER[name]()
    try:
        return INNER[name](width=width)
    except TypeError:
        raise ValueError(f"width is {width}, and the inner network {name} has none") from None
