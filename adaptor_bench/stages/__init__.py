"""The exchangeable parts of a detector: translators, targets, networks, losses, decoders.

One file a component, found by itself: a frozen dataclass of its settings, marked by
:func:`adaptor_bench.stages.registry.stage`. Reading such a file loads nothing heavy; torch is
imported inside its functions, or in a file whose name begins with ``_``, which only they import.
"""
