"""Deployment without ticking neurons (Fig. 6) and streams of images (Fig. 3)."""

import numpy as np
import pytest
from brian2 import ms

import tdsnn_brian as td
from helpers import assert_same, network_with_a_loose_end, random_images, small_network
from tdsnn_brian.brian.deployment import deploy
from tdsnn_brian.brian.explicit.pipeline import run_pipeline
from tdsnn_brian.brian.explicit.pipeline_schedule import plan_pipeline

pytestmark = pytest.mark.usefixtures("numpy_target")


@pytest.mark.parametrize("silent_zeros", [False, True])
@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("projection", ["explicit", "shared"])
def test_deployment_gives_what_the_ticking_network_gives(projection, silent_zeros, steps):
    network = small_network(silent_zeros=silent_zeros)
    images = random_images(network, 4)
    deployed = deploy(network, images, dt=1 * ms / steps, projection=projection)
    assert_same(deployed, td.analyse(network, images))


def test_deployed_neurons_keep_the_sign_of_their_weights(monkeypatch):
    from tdsnn_brian.brian.explicit import groups

    def negated(*arguments, sign, original=groups.weighted_synapses, **options):
        return original(*arguments, sign=-sign, **options)

    monkeypatch.setattr(groups, "weighted_synapses", negated)
    network = small_network()
    images = random_images(network, 2)
    with pytest.raises(AssertionError):
        assert_same(deploy(network, images), td.analyse(network, images))


def test_a_threshold_cannot_be_deployed():
    network = small_network(v_threshold=0.01)
    with pytest.raises(td.InvalidInputError, match="neurons that never fire and so no threshold"):
        deploy(network, random_images(network, 1))


@pytest.mark.parametrize("steps", [1, 4])
@pytest.mark.parametrize("window", ["fixed", "dynamic"])
def test_a_stream_gives_what_single_images_give(window, steps):
    network = small_network()
    images = random_images(network, 6)
    images[2] = 0  # short windows between long ones
    run = run_pipeline(network, images, window=window, dt=1 * ms / steps)
    assert_same(run, td.analyse(network, images))
    np.testing.assert_array_equal(run.predictions, td.analyse(network, images).predictions)


def test_brian2_has_nothing_to_warn_of(caplog):
    network = small_network()
    with caplog.at_level("WARNING", logger="brian2"):
        run_pipeline(network, random_images(network, 2))
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


@pytest.mark.parametrize("window", ["fixed", "dynamic"])
def test_a_stream_waits_for_neurons_that_nobody_listens_to(window):
    network, images = network_with_a_loose_end()
    assert_same(run_pipeline(network, images, window=window), td.analyse(network, images))


@pytest.mark.parametrize("window", ["fixed", "dynamic"])
def test_layers_work_on_different_images_at_once_but_on_one_each(window):
    network = small_network()
    analysis = td.analyse(network, random_images(network, 8))
    plan = plan_pipeline(network, analysis, window, steps=10)
    assert (plan.origins[1:] >= plan.ends[:-1]).all()
    first_out, second_in = plan.releases[0, -1], plan.onsets[1]
    assert second_in < first_out
    assert plan.interval < plan.latency.mean() / 1.5
    assert plan.throughput == pytest.approx(1 / plan.interval)


def test_dynamic_windows_are_no_slower():
    network = small_network()
    analysis = td.analyse(network, random_images(network, 8))
    fixed, dynamic = (plan_pipeline(network, analysis, kind) for kind in ("fixed", "dynamic"))
    assert dynamic.releases[-1, -1] <= fixed.releases[-1, -1]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"silent_zeros": True}, "'conv1' has silent zeros: a pipeline"),
        ({"v_threshold": 0.01}, "'conv1' has thresholds: a pipeline"),
    ],
)
def test_networks_that_cannot_stream_are_refused(fields, why):
    network = small_network(**fields)
    with pytest.raises(td.InvalidInputError, match=why):
        run_pipeline(network, random_images(network, 2))
    with pytest.raises(td.InvalidInputError, match="'fixed' or 'dynamic'"):
        plan_pipeline(network, td.analyse(network, random_images(network, 2)), "long")
