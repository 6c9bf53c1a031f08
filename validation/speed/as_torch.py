"""The DNN that a network was converted from, as a torch module: what contenders compute."""

from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tdsnn_brian import SpikingNetwork
from tdsnn_brian.layers import Kind, Projection
from tdsnn_brian.population import Population

Padding = tuple[tuple[int, int], tuple[int, int]]


def tensor(values: NDArray) -> torch.Tensor:
    return torch.tensor(np.ascontiguousarray(values, dtype=np.float32))


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
    even : bool, optional
        Pad alike on all sides, kernels with zeros where need be: SpikingJelly knows no other
        padding.
    """

    def __init__(self, network: SpikingNetwork, *, even: bool = False):
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
                    _module(population, source, projection, first=index == 0, even=even)
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
    population: Population, source: Population, projection: Projection, *, first: bool, even: bool
) -> nn.Module:
    """One projection, with the population's bias if it is its `first` one.

    Made of torch's own modules, which SpikingJelly knows.
    """
    title = f"layer {population.name!r}"
    if projection.reads is not None:
        raise ImportError(f"{title}: neurons in another order are not timed")
    share = 1.0 if projection.share is None else float(projection.share[0, 0])
    if projection.share is not None and (projection.share != share).any():
        raise ImportError(f"{title}: means over windows of different sizes are not timed")
    bias = _bias(population) if first and population.bias is not None else None
    if len(population.shape) == 1:
        return _dense(source, projection, share, bias)
    if _is_identity(projection) and bias is None:
        return nn.Identity()
    window = projection.window
    if population.kind is Kind.MAX_POOL:
        module: nn.Module = nn.MaxPool2d(window.size, window.strides, 0, window.dilation)
        return _padded(module, window.padding)
    if projection.kernel is None and share == 1 / prod(window.size) and bias is None:
        return _padded(nn.AvgPool2d(window.size, window.strides), window.padding)
    weights = share * projection.weights.transpose(3, 2, 0, 1)
    padding = window.padding
    if even and window.dilation == (1, 1):
        weights, padding = _evenly(weights, padding)
    own = bias is not None and bias.shape[1:] == (1, 1)
    convolution = nn.Conv2d(
        window.input_shape[2],
        window.n_channels,
        weights.shape[2:],
        window.strides,
        0,
        window.dilation,
        window.groups,
        bias=own,
    )
    convolution.weight = nn.Parameter(tensor(weights))
    if own:
        convolution.bias = nn.Parameter(tensor(bias[:, 0, 0]))
    module = _padded(convolution, padding)
    return module if own or bias is None else nn.Sequential(module, _Shift(bias))


def _padded(module: nn.Module, padding: Padding) -> nn.Module:
    """A module that looks through windows, with zeros around its input."""
    (top, bottom), (left, right) = padding
    if (top, left) == (bottom, right):
        module.padding = (top, left)
        return module
    return nn.Sequential(nn.ZeroPad2d((left, right, top, bottom)), module)


def _evenly(weights: NDArray, padding: Padding) -> tuple[NDArray, Padding]:
    """The same sums with as much padding before as behind: the weights have zeros there."""
    (top, bottom), (left, right) = padding
    rows, columns = max(top, bottom), max(left, right)
    more = ((0, 0), (0, 0), (rows - top, rows - bottom), (columns - left, columns - right))
    return np.pad(weights, more), ((rows, rows), (columns, columns))


class _Shift(nn.Module):
    """Biases that differ between positions."""

    def __init__(self, bias: NDArray):
        super().__init__()
        self.bias = nn.Parameter(tensor(bias))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.bias


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


def _dense(
    source: Population, projection: Projection, share: float, bias: NDArray | None
) -> nn.Module:
    """Inputs in torch's order, which flattens channels first."""
    weights = share * projection.weights[0, 0]
    if len(source.shape) == 3:
        weights = weights.reshape(*source.shape, -1).transpose(2, 0, 1, 3)
    linear = nn.Linear(prod(source.shape), projection.window.n_channels, bias=bias is not None)
    linear.weight = nn.Parameter(tensor(weights.reshape(linear.in_features, -1).T))
    if bias is not None:
        linear.bias = nn.Parameter(tensor(bias))
    return nn.Sequential(nn.Flatten(), linear)
