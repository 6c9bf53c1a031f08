"""The DNN that a network was converted from, as a torch module: what contenders compute."""

from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from tdsnn_brian import SpikingNetwork
from tdsnn_brian.layers import Kind, Projection
from tdsnn_brian.population import Population


def tensor(values: NDArray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))


def batch(images: NDArray) -> torch.Tensor:
    """Images (n, rows, columns, channels) as torch has them, channels first."""
    return tensor(images.transpose(0, 3, 1, 2))


class AsTorch(nn.Module):
    """ReLU of weighted sums, population by population; without activation at the end.

    Its weights are those of the network, so that it is the DNN where `adapt` neither scaled nor
    compensated. A symbolic trace of it has a module for each projection and each ReLU.

    Parameters
    ----------
    network : SpikingNetwork
        With images as inputs, and transfers that are ReLU.
    """

    def __init__(self, network: SpikingNetwork):
        super().__init__()
        self.order = []
        self.steps = nn.ModuleList()
        self.relus = nn.ModuleList()
        places = {population: index for index, population in enumerate(network.populations, 1)}
        places[network.input] = 0
        for population in network.populations:
            self.order.append([places[source] for source in population.sources])
            inputs = zip(population.sources, population.projections, strict=True)
            self.steps.append(
                nn.ModuleList(
                    _module(population, source, projection, first=index == 0)
                    for index, (source, projection) in enumerate(inputs)
                )
            )
            ticked = population.kind is Kind.TICKED
            self.relus.append(nn.ReLU() if ticked else nn.Identity())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        values = [x]
        for sources, modules, relu in zip(self.order, self.steps, self.relus, strict=True):
            total = modules[0](values[sources[0]])
            for source, module in zip(sources[1:], list(modules)[1:], strict=True):
                total = total + module(values[source])
            values.append(relu(total))
        return values[-1]


def _module(
    population: Population, source: Population, projection: Projection, *, first: bool
) -> nn.Module:
    """One projection, with the population's bias if it is its `first` one."""
    if projection.reads is not None:
        raise ImportError(f"layer {population.name!r}: neurons in another order are not timed")
    if population.kind is Kind.MAX_POOL:
        return _MaxPool(projection)
    bias = _bias(population) if first and population.bias is not None else None
    if len(population.shape) == 1:
        return _dense(source, projection, bias)
    if _is_identity(projection) and bias is None:
        return nn.Identity()
    if projection.kernel is None:
        return _Mean(projection, bias)
    return _Convolution(projection, bias)


def _bias(population: Population) -> NDArray:
    """A value a channel, or for layers whose borders differ a value a neuron."""
    values = population.bias_values.reshape(population.shape)
    if len(population.shape) == 1:
        return values
    channels = values[0, 0]
    return channels[:, None, None] if (values == channels).all() else values.transpose(2, 0, 1)


def _is_identity(projection: Projection) -> bool:
    window, kernel = projection.window, projection.kernel
    alone = window.size == window.strides == (1, 1) and window.groups == window.n_channels
    return alone and projection.share is None and kernel is not None and bool((kernel == 1).all())


def _dense(source: Population, projection: Projection, bias: NDArray | None) -> nn.Module:
    """Inputs in torch's order, which flattens channels first."""
    weights = projection.weights[0, 0]
    if len(source.shape) == 3:
        weights = weights.reshape(*source.shape, -1).transpose(2, 0, 1, 3)
    linear = nn.Linear(prod(source.shape), projection.window.n_channels, bias=bias is not None)
    linear.weight = nn.Parameter(tensor(weights.reshape(linear.in_features, -1).T))
    if bias is not None:
        linear.bias = nn.Parameter(tensor(bias))
    return nn.Sequential(nn.Flatten(), linear)


class _Window(nn.Module):
    """Values under a window, padded where its margins differ."""

    def __init__(self, projection: Projection):
        super().__init__()
        window = projection.window
        (top, bottom), (left, right) = window.padding
        even = (top, left) == (bottom, right)
        self.margins = None if even else (left, right, top, bottom)
        self.padding = (top, left) if even else (0, 0)
        self.size, self.strides, self.dilation = window.size, window.strides, window.dilation
        self.groups = window.groups

    def padded(self, x: torch.Tensor) -> torch.Tensor:
        return x if self.margins is None else functional.pad(x, self.margins)


class _MaxPool(_Window):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Values are positive: zeros around them change no maximum."""
        return functional.max_pool2d(
            self.padded(x), self.size, self.strides, self.padding, self.dilation
        )


class _Weighted(_Window):
    def __init__(self, projection: Projection, bias: NDArray | None):
        super().__init__(projection)
        share = projection.share
        self.share = None if share is None else nn.Parameter(tensor(share))
        self.bias = None if bias is None else nn.Parameter(tensor(bias))

    def finished(self, total: torch.Tensor) -> torch.Tensor:
        if self.share is not None:
            total = total * self.share
        return total if self.bias is None else total + self.bias


class _Mean(_Weighted):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        total = functional.avg_pool2d(
            self.padded(x), self.size, self.strides, self.padding, divisor_override=1
        )
        return self.finished(total)


class _Convolution(_Weighted):
    def __init__(self, projection: Projection, bias: NDArray | None):
        own = bias is not None and bias.shape[1:] == (1, 1) and projection.share is None
        super().__init__(projection, None if own else bias)
        self.own = nn.Parameter(tensor(bias[:, 0, 0])) if own else None
        self.weight = nn.Parameter(tensor(projection.weights.transpose(3, 2, 0, 1)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        total = functional.conv2d(
            self.padded(x),
            self.weight,
            self.own,
            self.strides,
            self.padding,
            self.dilation,
            self.groups,
        )
        return self.finished(total)
