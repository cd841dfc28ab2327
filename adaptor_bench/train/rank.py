"""One of the processes that train a network together, each on a device of its own (a *rank*).

Each takes its share of every batch. The loss is that of the whole batch, for which ranks tell each
other what their network draws and was to draw; then gradients are averaged. So several devices
compute what one would, but for rounding, whatever the loss is. Batch norm is computed over the
whole batch on GPUs; on the CPU, where torch cannot, over a rank's own share, and the running
statistics are those of the first rank.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, MutableSequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn

from adaptor_bench.errors import TrainingError
from adaptor_bench.train.samples import SampleStream

_LOOK = 0.05  # seconds between two looks at whether the first rank is done


@dataclass
class Rank:
    """The ``number``-th, from 0, of the ``of`` processes that train one network, on ``device``.

    ``seed`` is of its dropout. Two arrays are seen by all: ``spent`` has the CPU seconds of each
    since it ``began`` (seconds of its process), ``tried`` how often the first has told the others
    something. torch.distributed must have been initialised.
    """

    number: int
    of: int
    device: str
    seed: int
    spent: MutableSequence[float]
    tried: MutableSequence[int]
    began: float = 0.0
    _alone: nn.Module | None = field(default=None, init=False)
    _told: int = field(default=0, init=False)

    @property
    def leads(self) -> bool:
        """Whether it is the one that tries the network, keeps savepoints and tells."""
        return self.number == 0

    def share(self, stream: SampleStream) -> SampleStream:
        """A stream of this rank's shares of the batches."""
        return replace(stream, part=(self.number, self.of))

    def shared(self, network: nn.Module) -> tuple[nn.Module, nn.Module]:
        """The network to train, and the same as it is called, so that gradients are averaged."""
        from torch.nn.parallel import DistributedDataParallel

        ids = None
        if self.device.startswith("cuda"):
            if self.leads:
                self._alone = copy.deepcopy(network)
            network = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
            ids = [torch.device(self.device)]
        # Else buckets would be formed anew after the first step, also after the first one of a
        # resumed training, and with them the order in which gradients are added.
        model = DistributedDataParallel(network, ids, find_unused_parameters=True)
        return network, model

    def alone(self, network: nn.Module) -> nn.Module:
        """The network, to be used by this rank while the others wait."""
        if self._alone is None:
            return network
        self._alone.load_state_dict(network.state_dict())
        return self._alone

    def begin(self, step: int) -> None:
        """A step: dropout differs between ranks, and does not depend on what was before."""
        self.tell_spent()
        drawn = np.random.SeedSequence([self.seed, step, self.number])
        torch.manual_seed(int(drawn.generate_state(1, np.uint64)[0] >> np.uint64(1)))

    def tell_spent(self) -> None:
        """Let all see what this rank has spent until now."""
        self.spent[self.number] = time.process_time() - self.began

    def backward(
        self, loss_of: Callable[[Tensor, Tensor], Tensor], logits: Tensor, target: Tensor
    ) -> Tensor:
        """The loss of the whole batch, of which ``logits`` and ``target`` are this rank's; its
        gradients, averaged over ranks, are those of the whole batch."""
        loss = loss_of(self._gathered(logits), self._gathered(target))
        # Here only this rank's logits have a gradient; averaging divides by the number of ranks.
        (loss * self.of).backward()  # type: ignore[no-untyped-call]
        return loss

    def require_same(self, network: nn.Module) -> None:
        """Raise TrainingError, in all ranks, if one has come to other weights than the first."""
        own = torch.stack([p.detach().double().sum().cpu() for p in network.parameters()])
        sums = [torch.empty_like(own) for _ in range(self.of)]
        dist.all_gather(sums, own)
        odd = [str(n) for n, of_rank in enumerate(sums) if not torch.equal(of_rank, sums[0])]
        if odd:
            raise TrainingError(
                f"rank {', '.join(odd)} of {self.of} came to other weights than rank 0"
            )

    def of_leader(self, value: float | None) -> float | None:
        """What the first rank gives, for all; None as well.

        The others wait for it however long it works alone, to try the network say, which may take
        longer than torch lets one rank wait for another. Should it end, they are ended.
        """
        self._told += 1
        if self.leads:
            self.tried[0] = self._told
        while self.tried[0] < self._told:
            time.sleep(_LOOK)
        told = torch.tensor([np.nan if value is None else value], dtype=torch.float64)
        dist.broadcast(told, 0)
        number = float(told)
        return None if np.isnan(number) else number

    def _gathered(self, own: Tensor) -> Tensor:
        """That of all ranks, one after the other (of * B, ..); others' without gradients."""
        sent = own.detach().contiguous()
        parts = [torch.empty_like(sent) for _ in range(self.of)]
        dist.all_gather(parts, sent)
        parts[self.number] = own
        return torch.cat(parts)
