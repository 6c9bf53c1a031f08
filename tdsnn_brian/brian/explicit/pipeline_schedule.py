"""When each level of a pipeline works on each image: layers that are released together."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...analysis.closed_form import DiscreteAnalysis
from ...arguments import check_choice
from ...errors import InvalidInputError
from ...firing_times import in_steps, last_spike
from ...network import SpikingNetwork
from ..levels import Levels, with_relays


@dataclass(frozen=True, eq=False)
class Schedule:
    """When each level works on each image, in steps; one row an image, one column a level.

    In a chain a level is a layer with its max-pools.

    Attributes
    ----------
    steps_per_tick : int
    onsets : ndarray
        (n_images,) first input spike.
    origins, releases, ends : ndarray
        (n_images, n_levels): a spike of latency 0 arrives, the ticking neuron first fires, the
        level is free. Layers that are read out are so after the step that `releases` has.
    """

    steps_per_tick: int
    onsets: NDArray
    origins: NDArray
    releases: NDArray
    ends: NDArray

    @property
    def latency(self) -> NDArray:
        """(n_images,) ticks from an image's onset to its result."""
        return (self.releases[:, -1] - self.onsets) / self.steps_per_tick

    @property
    def interval(self) -> float:
        """Mean number of ticks from one result to the next."""
        done = self.releases[:, -1]
        return float(np.diff(done).mean()) / self.steps_per_tick if len(done) > 1 else np.nan

    @property
    def throughput(self) -> float:
        """Images a tick."""
        return 1 / self.interval

    def mapped(self, function: Callable[[NDArray], NDArray]) -> "Schedule":
        """With `function` applied to what has an entry an image."""
        return replace(
            self,
            onsets=function(self.onsets),
            origins=function(self.origins),
            releases=function(self.releases),
            ends=function(self.ends),
        )


def plan_pipeline(
    network: SpikingNetwork, analysis: DiscreteAnalysis, window: str, steps: int = 1
) -> Schedule:
    """Earliest times at which every level can take every image.

    Parameters
    ----------
    network : SpikingNetwork
        With relays, where spikes would wait: see `tdsnn_brian.brian.levels.with_relays`.
    analysis : DiscreteAnalysis
        Of the images in their order.
    window : {"fixed", "dynamic"}
        Inhibitory periods of the longest image, or of the one at hand.
    steps : int, optional
        Integration steps a tick.
    """
    check_choice("window", window, ("fixed", "dynamic"))
    if with_relays(network) is not network:
        raise InvalidInputError(
            f"network {network.name!r} has spikes that wait for later ones, and several images "
            "are under way; plan for what tdsnn_brian.brian.levels.with_relays(network) gives"
        )
    levels = Levels(network)
    places = range(1, levels.count + 1)
    windows = np.stack(
        [
            np.max(
                [in_steps(analysis.windows[x.name], steps) for x in levels.released(level)], axis=0
            )
            for level in places
        ],
        axis=1,
    )
    if window == "fixed":
        windows = np.broadcast_to(windows.max(axis=0), windows.shape)
    active = np.concatenate([windows[:, 1:], np.zeros((len(windows), 1), int)], axis=1)
    for level in places:  # the last to fire may be one that nobody reads
        for layer in levels.released(level):
            if layer.fires:
                own = last_spike(analysis.latencies[layer.name])
                active[:, level - 1] = np.maximum(active[:, level - 1], own * steps)
    hops = [levels.hops(levels.released(level)[0]) for level in places]
    shape = windows.shape
    onsets = np.zeros(shape[0], int)
    origins, releases, ends = (np.zeros(shape, int) for _ in range(3))
    free, last_release = np.zeros(shape[1], int), np.full(shape[1], -(10**9))
    last_active = np.zeros(shape[1], int)
    for image in range(shape[0]):
        start = max(free[0] - hops[0], 0)
        onsets[image] = start
        for k in range(shape[1]):
            origin = start + hops[k]
            release = origin + windows[image, k] + 1
            if k + 1 < shape[1]:
                # ticks of the image before are still under way for two ticks
                release = max(
                    release,
                    free[k + 1] - hops[k + 1] - 1,
                    last_release[k] + last_active[k] + 2 * steps + 1,
                )
            origins[image, k], releases[image, k] = origin, release
            free[k] = ends[image, k] = release + active[image, k] + 3
            last_release[k], last_active[k] = release, active[image, k]
            start = release + 1
    return Schedule(steps, onsets, origins, releases, ends)
