"""Simulated firing times beside the discrete analysis, neuron by neuron.

Every layer is judged by the spikes that really reached it: its expected firing times follow
from the simulated ones of the layer before. A fault is thereby found in the layer that has it,
and the layers behind are not blamed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from tdsnn_brian import SILENT, DiscreteAnalysis, Simulation, SpikingNetwork
from tdsnn_brian.coding import continuous_latency, round_up, tie_tolerance
from tdsnn_brian.discrete import bias_latency, without_threshold
from tdsnn_brian.propagation import activation, latest
from tdsnn_brian.spec import Layer, MaxPool2D

BOUNDARY = {"float64": 1e-6, "float32": 1e-2}
"""How near to a jump of the ceiling, in ticks, a firing time may differ from the expected one."""

READOUT_TOLERANCE = {"float64": 1e-6, "float32": 1e-2}
"""Largest difference of an output potential from the expected logit, relative to the largest."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LayerComparison:
    """One layer, simulated and expected.

    Attributes
    ----------
    name : str
    times : xarray.Dataset
        Over ``image`` and ``neuron``, in ticks after release: ``discrete`` (the analysis),
        ``simulated``, ``expected`` (from the spikes that reached the layer) and ``distance`` (of
        `L ln(A + 1)` from the ceiling's jump, `inf` for a max-pool); `nan` where silent.
        Empty for the output layer.
    window_ticks : int or None
        Longest inhibitory period, as simulated; None for a max-pool.
    window_faults : int
        Images whose inhibitory period was not the one intended.
    readout_faults : int
        Output potentials that differ from the expected logits.
    boundary : float
    """

    name: str
    times: xr.Dataset
    window_ticks: int | None
    boundary: float
    window_faults: int = 0
    readout_faults: int = 0

    @property
    def fires(self) -> bool:
        return bool(self.times)

    @property
    def neurons(self) -> int:
        return self.times.sizes["neuron"]

    @property
    def identical(self) -> float:
        """Share of firing times equal to those of the discrete analysis."""
        return float(_same(self.times.simulated, self.times.discrete).mean())

    @property
    def max_difference(self) -> float:
        """Largest difference from the discrete analysis in ticks, where both fire."""
        return float(np.abs(self.times.simulated - self.times.discrete).fillna(0).max())

    @property
    def mean_difference(self) -> float:
        """Mean of the absolute difference in ticks, where both fire."""
        return float(np.abs(self.times.simulated - self.times.discrete).fillna(0).mean())

    @property
    def missing(self) -> int:
        """Neurons that fire in one and are silent in the other."""
        return int((self.times.simulated.isnull() != self.times.discrete.isnull()).sum())

    @property
    def spikes_per_neuron(self) -> float:
        """Share of neurons that fired; each fires at most once an image."""
        return float(self.times.simulated.notnull().mean())

    @property
    def disagrees(self) -> xr.DataArray:
        """Where the simulated time is not the one that follows from the layer's input."""
        return ~_same(self.times.simulated, self.times.expected)

    @property
    def explained(self) -> int:
        """Disagreements at a jump of the ceiling."""
        return int((self.disagrees & (self.times.distance <= self.boundary)).sum())

    @property
    def unexplained(self) -> int:
        """Disagreements away from any jump, wrong windows and wrong output potentials."""
        faults = self.window_faults + self.readout_faults
        if not self.fires:
            return faults
        return faults + int((self.disagrees & (self.times.distance > self.boundary)).sum())

    @property
    def inherited(self) -> int:
        """Differences from the discrete analysis that came in with the layer's input."""
        return int((~_same(self.times.expected, self.times.discrete) & ~self.disagrees).sum())


def _same(left: xr.DataArray, right: xr.DataArray) -> xr.DataArray:
    return (left == right) | (left.isnull() & right.isnull())


def compare(
    network: SpikingNetwork,
    analysis: DiscreteAnalysis,
    simulation: Simulation,
    *,
    windows: Mapping[str, int] | None = None,
    dtype: str = "float64",
) -> list[LayerComparison]:
    """Compare every layer of a simulation with what its input should have made of it.

    Parameters
    ----------
    network : SpikingNetwork
    analysis : DiscreteAnalysis
        Of the images that were simulated.
    simulation : Simulation
    windows : mapping of str to int, optional
        Fixed inhibitory periods in ticks; if not given, those that end with the last spike.
    dtype : {"float64", "float32"}, optional
        Of the simulated potentials; it decides how near to a jump is near.

    Returns
    -------
    list of LayerComparison
        In the order of the network, the output layer included.
    """
    spikes = _as_times(analysis.input_latencies)
    result = []
    for layer in network.firing_layers:
        simulated = simulation.latencies[layer.name]
        expected, distance = expected_times(
            network, layer, spikes, None if windows is None else windows.get(layer.name)
        )
        times = _dataset(
            layer,
            discrete=_as_times(analysis.latencies[layer.name]),
            simulated=simulated,
            expected=expected,
            distance=distance,
        )
        window, faults = _window(network, layer, simulation, spikes, windows)
        result.append(
            LayerComparison(
                name=layer.name, times=times, window_ticks=window, window_faults=faults,
                boundary=BOUNDARY[dtype],
            )
        )
        spikes = simulated
    logits = activation(network.output_layer, _gain(spikes, network.leak))
    wrong = ~np.isclose(
        simulation.potentials.reshape(logits.shape), logits,
        rtol=0, atol=READOUT_TOLERANCE[dtype] * max(1, np.abs(logits).max()),
    )
    result.append(
        LayerComparison(
            name=network.output_layer.name, times=xr.Dataset(), window_ticks=None,
            readout_faults=int(wrong.sum()), boundary=BOUNDARY[dtype],
        )
    )
    return result


def expected_times(
    network: SpikingNetwork, layer: Layer, spikes: NDArray, window: int | None = None
) -> tuple[NDArray, NDArray]:
    """Firing times that follow from input spikes, and their distance from the ceiling's jump.

    Parameters
    ----------
    network : SpikingNetwork
    layer : Layer
        A firing layer of it.
    spikes : ndarray
        (n_images, ...) firing times of the layer before in ticks, not necessarily whole; `nan`
        for neurons that are silent.
    window : int, optional
        Fixed inhibitory period in ticks; if not given, until the last spike of each image.

    Returns
    -------
    expected, distance : ndarray
        (n_images, *layer shape)
    """
    if isinstance(layer, MaxPool2D):
        last = latest(layer, np.where(np.isnan(spikes), np.inf, spikes))
        return np.where(np.isinf(last), np.nan, last), np.full(last.shape, np.inf)
    total = activation(layer, _gain(spikes, network.leak))
    last = last_spikes(network, layer, spikes) if window is None else np.full(len(spikes), window)
    total = without_threshold(network, layer, total, last)
    real = continuous_latency(total, network.leak)
    times = round_up(real).astype(np.float64)
    if network.silent_zeros:
        times[times == 0] = np.nan
    # The ceiling jumps a tie's width above every integer that is not negative. L ln(A + 1) goes
    # on below 0 by its tangent there.
    real = np.where(total < 0, network.leak * total, real) - tie_tolerance(real.dtype)
    return times, np.abs(real - np.maximum(np.rint(real), 0))


def _gain(times: NDArray, leak: float) -> NDArray:
    return np.where(np.isnan(times), 0, np.exp(np.nan_to_num(times) / leak))


def _as_times(latencies: NDArray) -> NDArray:
    return np.where(latencies == SILENT, np.nan, latencies)


def last_spikes(network: SpikingNetwork, layer: Layer, spikes: NDArray) -> NDArray:
    """(n_images,) ticks until the last presynaptic spike, the bias neuron's included."""
    last = np.nan_to_num(spikes.reshape(len(spikes), -1)).max(axis=1)
    has_bias = getattr(layer, "bias", None) is not None
    return np.maximum(last, bias_latency(network) if has_bias else 0)


def _dataset(layer: Layer, **values: NDArray) -> xr.Dataset:
    flat = {
        kind: (("image", "neuron"), times.reshape(len(times), -1))
        for kind, times in values.items()
    }
    return xr.Dataset(flat, attrs={"layer": layer.name, "shape": layer.output_shape})


def _window(network, layer, simulation, spikes, fixed) -> tuple[int | None, int]:
    """Longest inhibitory period in ticks, and in how many images it was not as intended."""
    if layer.name not in simulation.windows:
        return None, 0
    measured = simulation.windows[layer.name]
    if fixed is not None:
        intended = fixed[layer.name]
    else:
        intended = last_spikes(network, layer, spikes)
    faults = int(np.sum(~np.isclose(measured, intended, rtol=0, atol=1e-9)))
    longest = None if np.isnan(measured).all() else round(float(np.nanmax(measured)))
    return longest, faults
