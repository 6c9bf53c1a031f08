"""How far simulated spike times are from the analysis and from continuous time, by layer."""

import xarray as xr

from ..judge.distances import kolmogorov_smirnov, rmse, van_rossum, victor_purpura, wasserstein
from ..simulated import Simulated

REFERENCES = {
    "discrete": "discrete analysis",
    "open_loop": "continuous, open loop",
    "closed_loop": "continuous, closed loop",
}


def distance_rows(run: Simulated, answers: dict[str, xr.Dataset]) -> list[dict]:
    """One row for each layer and what it is compared with."""
    rows = []
    for name, times in answers.items():
        leak = run.case.network.population(name).leak
        simulated = times.simulated.values
        for reference, title in REFERENCES.items():
            other = times[reference].values
            rows.append(
                {
                    "name": name,
                    "reference": title,
                    "rmse": rmse(simulated, other),
                    "victor_purpura": float(victor_purpura(simulated, other).mean()),
                    "van_rossum": float(van_rossum(simulated, other, leak).mean()),
                    "kolmogorov_smirnov": kolmogorov_smirnov(simulated, other),
                    "wasserstein": wasserstein(simulated, other),
                }
            )
    return rows
