"""The layers of the network: numbers cut into pieces, categories as vectors, members in step."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from include.flights.models.encoding import Numbers


class Pieces(nn.Module):
    """Each number as its way through each of its pieces, 0 to 1, and whether it is unknown."""

    start: Tensor
    slope: Tensor

    def __init__(self, numbers: int, bins: int) -> None:
        super().__init__()
        self.register_buffer("start", torch.zeros(numbers, bins))
        self.register_buffer("slope", torch.zeros(numbers, bins))

    def cut(self, train: Numbers) -> None:
        """Cut each number at the quantiles of its known training values.

        A number with few different values has fewer pieces; those that are left over have slope
        0, and stay silent.
        """
        bins = self.start.shape[1]
        for column, values in enumerate(train.T):
            known = values[np.isfinite(values)].astype(np.float64)
            if not len(known):
                continue
            edges = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)))
            widths = np.diff(edges)
            self.start[column, : len(widths)] = torch.from_numpy(edges[:-1])
            self.slope[column, : len(widths)] = torch.from_numpy(1 / widths)

    def forward(self, numbers: Tensor) -> Tensor:
        """(rows, numbers), unknown as NaN, to (rows, numbers * (bins + 1))."""
        unknown = numbers.isnan().unsqueeze(-1)
        # Beyond the first and last quantile of training nothing grows: an outlier stays harmless.
        through = ((numbers.unsqueeze(-1) - self.start) * self.slope).nan_to_num_(0).clamp_(0, 1)
        return torch.cat([through, unknown.to(through.dtype)], dim=-1).flatten(1)


class CategoryEmbedding(nn.Module):
    """Each category as a vector; one that training never saw is the zero vector."""

    first: Tensor

    def __init__(self, cardinalities: Sequence[int], size: int) -> None:
        super().__init__()
        firsts = np.cumsum([0, *cardinalities])
        self.register_buffer("first", torch.from_numpy(firsts[:-1]), persistent=False)
        self.table = nn.Embedding(int(firsts[-1]), size)
        nn.init.normal_(self.table.weight, std=size**-0.5)
        with torch.no_grad():
            self.table.weight[firsts[:-1]] = 0

    def forward(self, codes: Tensor) -> Tensor:
        """(rows, categories) to (rows, categories * category_size)."""
        embedded: Tensor = self.table(codes + self.first)
        return embedded.flatten(1)


class MemberLinear(nn.Module):
    """One linear layer for all members: shared weights, scaled by each on both sides."""

    def __init__(self, width: int, members: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width, width))
        self.scale_in = nn.Parameter(torch.ones(members, width, 1))
        self.scale_out = nn.Parameter(torch.ones(members, 1, width))
        self.bias = nn.Parameter(torch.empty(members, 1, width))
        nn.init.uniform_(self.weight, -(width**-0.5), width**-0.5)
        nn.init.uniform_(self.bias, -(width**-0.5), width**-0.5)

    def forward(self, hidden: Tensor) -> Tensor:
        """(members, rows, width) to the same."""
        # Scaling the weights instead of the rows gives the same product with far less work: a
        # batch has many more rows than the layer has inputs.
        return torch.baddbmm(self.bias, hidden, self.scale_in * self.weight * self.scale_out)
