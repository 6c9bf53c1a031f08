import itertools

import numpy as np
import pytest

from tdsnn_brian.analysis import pool_constraints as pooling

# "The constraint has solutions only for small T_m", checked against the figures found before
KNOWN = {
    (4, 1): 2,
    (4, 2): 2,
    (4, 3): 2,
    (4, 5): 3,
    (4, 8): 4,
    (4, 10): 4,
    (4, 20): 5,
    (9, 1): 1,
    (9, 2): 2,
    (9, 3): 2,
    (9, 5): 3,
    (9, 10): 3,
    (9, 20): 5,
}


@pytest.mark.parametrize("case", KNOWN)
def test_largest_latency_with_a_solution(case):
    assert pooling.largest_feasible(*case) == KNOWN[case]


def test_two_inputs_with_leak_one_have_solutions_for_all_latencies():
    assert pooling.largest_feasible(2, 1, limit=30) == 30
    assert {"N": 2, "L": 1, "T_m": None} in pooling.feasible_table()


@pytest.mark.parametrize("n", [2, 3, 4])
@pytest.mark.parametrize("leak", [1, 3, 5, 20])
def test_a_solved_ratio_fires_with_the_last_input_whatever_the_others_do(n, leak):
    for latest in range(pooling.largest_feasible(n, leak, limit=5) + 1):
        ratio = pooling.solve_weight_ratio(n, leak, latest)
        for others in itertools.product(range(latest + 1), repeat=n - 1):
            assert pooling.firing_tick(np.array([latest, *others]), leak, 1.0, 1 / ratio) == latest


@pytest.mark.parametrize("leak", [1, 5, 10])
def test_where_no_solution_exists_no_ratio_serves_all_windows(leak):
    n, latest = 4, pooling.largest_feasible(4, leak) + 1
    extremes = [np.full(n, latest), np.array([latest] + [0] * (n - 1))]
    for ratio in np.geomspace(1e-4, 1e2, 2000):
        fired = [pooling.firing_tick(inputs, leak, ratio, 1.0, limit=60) for inputs in extremes]
        assert fired != [latest, latest]


def test_the_error_names_the_case_and_the_way_out():
    with pytest.raises(pooling.InfeasiblePoolError, match=r"pool1.*N=4.*L=5.*T_m=4.*simplified"):
        pooling.solve_weight_ratio(4, 5, 4, name="pool1")
    with pytest.raises(ValueError, match="at least 1"):
        pooling.weight_ratio_bounds(4, 5, 0)
