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

from tdsnn_brian import DiscreteAnalysis, Simulation, SpikingNetwork
from tdsnn_brian.firing_times import with_nan
from tdsnn_brian.layers import Kind
from tdsnn_brian.population import Population

from .expected import expected_times

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
    times = {network.input: analysis.input_latencies} | {
        population: simulation.latencies[population.name]
        for population in network.populations
        if population.fires
    }
    result = []
    for population in network.populations:
        presynaptic = [times[source] for source in population.sources]
        fixed = None if windows is None else windows.get(population.name)
        if population.kind is Kind.OUTPUT:
            logits = population.activation(presynaptic)
            wrong = ~np.isclose(
                simulation.potentials,
                logits,
                rtol=0,
                atol=READOUT_TOLERANCE[dtype] * max(1, np.abs(logits).max()),
            )
            result.append(
                LayerComparison(
                    name=population.name,
                    times=xr.Dataset(),
                    window_ticks=None,
                    readout_faults=int(wrong.sum()),
                    boundary=BOUNDARY[dtype],
                )
            )
            continue
        expected = expected_times(population, presynaptic, fixed)
        dataset = _dataset(
            population,
            discrete=with_nan(analysis.latencies[population.name]),
            simulated=with_nan(simulation.latencies[population.name]),
            expected=with_nan(expected.times),
            distance=expected.distance,
        )
        window, faults = _window(population, simulation, presynaptic, fixed)
        result.append(
            LayerComparison(
                name=population.name,
                times=dataset,
                window_ticks=window,
                window_faults=faults,
                boundary=BOUNDARY[dtype],
            )
        )
    return result


def _dataset(population: Population, **values: NDArray) -> xr.Dataset:
    flat = {
        kind: (("image", "neuron"), times.reshape(len(times), -1)) for kind, times in values.items()
    }
    return xr.Dataset(flat, attrs={"layer": population.name, "shape": population.shape})


def _window(population, simulation, presynaptic, fixed) -> tuple[int | None, int]:
    """Longest inhibitory period in ticks, and in how many images it was not as intended."""
    if population.name not in simulation.windows:
        return None, 0
    measured = simulation.windows[population.name]
    intended = population.last_presynaptic(presynaptic) if fixed is None else fixed
    faults = int(np.sum(~np.isclose(measured, intended, rtol=0, atol=1e-9)))
    longest = None if np.isnan(measured).all() else round(float(np.nanmax(measured)))
    return longest, faults
