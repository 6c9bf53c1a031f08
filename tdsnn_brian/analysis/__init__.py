"""All that needs no simulator: firing times in closed form and by Algorithm 1, costs, limits."""

from .algorithm_1 import run_algorithm_1
from .closed_form import DiscreteAnalysis, analyse, discrete_latencies, input_latencies

__all__ = [
    "DiscreteAnalysis",
    "analyse",
    "discrete_latencies",
    "input_latencies",
    "run_algorithm_1",
]
