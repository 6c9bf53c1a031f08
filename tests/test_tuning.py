"""Settings measured, compared and chosen, without Keras."""

from dataclasses import replace

import numpy as np
import pytest

from helpers import random_images, small_network
from tdsnn_brian import analyse
from tdsnn_brian.analysis.operations import Operations, measure_snn, total
from tdsnn_brian.analysis.timeline import ticks_to_answer
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.settings import Setting, between
from tdsnn_brian.tuning import Limits, Measured, Share, frontier, ladder, measure, surest


def measured(loss, ticks, operations=100.0, error=0.0, leak=1.0, agreement=1.0):
    return Measured(
        setting=Setting(leak=leak),
        images=10_000,
        accuracy=None,
        agreement=Share(value=agreement, error=0.0),
        loss=Share(value=loss, error=error),
        ticks=ticks,
        operations=operations,
        energy=1.0,
    )


def test_a_share_has_the_standard_error_of_a_mean():
    share = Share.of(np.array([True] * 90 + [False] * 10))
    assert share.value == 0.9
    assert share.error == pytest.approx(np.sqrt(0.9 * 0.1 / 99))
    assert str(share) == "90.00 ± 3.02 %"


def test_a_loss_is_paired():
    """Errors that model and network share have no part in the error of the loss."""
    network, labels = small_network(), np.zeros(40, np.int64)
    images = random_images(network, 40)
    answers = analyse(network, images).predictions
    one = measure(network, Setting(leak=5), images, answers, labels)
    assert (one.loss.value, one.loss.error) == (0, 0)
    assert one.accuracy.value == np.mean(answers == 0)
    assert one.agreement.value == 1
    expected = answers.copy()
    expected[:4] = (answers[:4] + 1) % 3
    other = measure(network, Setting(leak=5), images, expected, None)
    assert other.accuracy is None
    assert other.agreement.value == 0.9
    assert other.loss.value == pytest.approx(0.1)


def test_what_is_measured_is_what_the_analysis_counts():
    network = small_network()
    images = random_images(network, 6)
    analysis = analyse(network, images)
    one = measure(network, Setting(leak=5), images, analysis.predictions, None)
    counted = total(measure_snn(network, analysis.input_latencies, analysis.latencies))
    assert one.operations == counted.additions + counted.multiplications
    assert one.energy == pytest.approx(
        (0.9 * counted.additions + 3.7 * counted.multiplications) / 1000
    )
    assert one.ticks == sum(values.max() for values in analysis.windows.values())


def test_the_ticks_are_those_that_a_simulated_image_takes():
    pytest.importorskip("brian2")
    from tdsnn_brian.analysis.closed_form import choose_windows
    from tdsnn_brian.brian.timing import schedule

    network = small_network()
    analysis = analyse(network, random_images(network, 3))
    timing = schedule(network, choose_windows(network, analysis, "fixed"), 1000)
    simulated = timing.releases[network.output.name] / 1000
    assert ticks_to_answer(network, analysis.windows) == pytest.approx(simulated, abs=0.02)


def test_a_mac_takes_the_energy_of_both():
    assert Operations(additions=10, multiplications=10).energy == pytest.approx(46)


def test_the_frontier_leaves_out_what_is_beaten():
    cheap, good = measured(0.2, 5), measured(0.0, 20)
    beaten, frugal = measured(0.2, 6), measured(0.3, 9, operations=10)
    assert frontier([good, beaten, frugal, cheap]) == (cheap, frugal, good)
    twins = measured(0, 20, leak=2, agreement=0.9), measured(0, 20, leak=3, agreement=0.95)
    assert frontier(twins) == (twins[1],)


def test_of_two_that_seem_alike_the_finer_one_is_surer():
    cheap, good, finer = measured(0.2, 5), measured(0.0, 20), measured(0.0, 30)
    assert surest([cheap, good, finer], Limits(), 2) == [finer, good]
    assert surest([cheap, good, finer], Limits(max_ticks=25), 2) == [good, cheap]


def test_what_few_images_leave_open_is_tried_on_more():
    limits = Limits(max_loss=0.005)
    assert limits.may_surely_keep(replace(measured(0, 5), images=100), 1400)
    assert not limits.may_surely_keep(replace(measured(0, 5), images=100), 300)
    assert not limits.may_surely_keep(replace(measured(0.03, 5, error=0.02), images=100), 1400)
    assert not Limits(max_ticks=9).may_surely_keep(measured(0, 5), 20_000)


def test_settings_nearby_are_of_either_rounding():
    near = between(Setting(leak=5, scale=3, input_steps=4))
    assert {x.rounding for x in near} == {"up", "nearest"}
    assert all(x.leak < 5 and x.input_steps == 4 for x in near)
    assert len(set(near)) == len(near)
    with pytest.raises(InvalidInputError, match="rounding must be"):
        Setting(leak=5, rounding="down")


def test_a_gain_counts_as_no_loss():
    lucky, cheaper = measured(-0.01, 20), measured(0.0, 15)
    assert frontier([lucky, cheaper]) == (cheaper,)


def test_the_fewest_ticks_within_the_loss_are_chosen():
    options = [measured(0.1, 5), measured(0.004, 10, error=0.01), measured(0.001, 20, error=0.001)]
    assert Limits(max_loss=0.005).choose(options).ticks == 20  # the error counts
    assert Limits(max_loss=0.005).choose(options[:2]).ticks == 10  # unless nothing else is left
    few = [replace(x, images=100) for x in (measured(0, 10, agreement=0.9), measured(0, 20))]
    assert few[0].largest_loss == 0.015  # one image that nobody saw
    assert Limits(max_loss=0.005).choose(few).ticks == 20  # the one that agrees more
    assert Limits(max_loss=0.2).choose(options).ticks == 5
    assert Limits(max_ticks=12).choose(options).ticks == 10
    assert Limits(max_operations=100).choose(options).ticks == 20


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"max_ticks": 4}, "cheapest takes 5 ticks"),
        ({"max_operations": 10}, "keeps within max_operations=10"),
        ({"max_loss": 0.0001, "max_ticks": 12}, "the best loses 0.40"),
    ],
)
def test_limits_that_nothing_keeps_are_refused(limits, message):
    options = [measured(0.1, 5), measured(0.004, 10), measured(0, 20)]
    with pytest.raises(InvalidInputError, match=message):
        Limits(**limits).choose(options)


@pytest.mark.parametrize(
    "limits", [{"max_loss": 1}, {"max_loss": -0.1}, {"max_ticks": "9"}, {"max_operations": True}]
)
def test_impossible_limits_are_refused(limits):
    with pytest.raises(InvalidInputError, match=next(iter(limits))):
        Limits(**limits)


def test_a_ladder_gets_finer():
    steps = [measured(0, ticks, agreement=x) for ticks, x in ((10, 0.9), (11, 0.8), (11, 0.95))]
    steps.append(measured(0, 13, agreement=0.5))
    assert [x.ticks for x in ladder(steps, 1.1)] == [10, 11, 13]
    assert ladder(steps, 1.1)[1].agreement.value == 0.95
    assert Limits(max_loss=0.01).may_keep(measured(0.05, 5, error=0.04))
    assert not Limits(max_loss=0.01).may_keep(measured(0.05, 5, error=0.01))
