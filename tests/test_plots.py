"""Plots: axes in, axes out, and what they show."""

import numpy as np
import pytest

from helpers import random_images, small_network
from tdsnn_brian import analyse, plot_latencies, plot_raster
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.firing_times import SILENT

figure = pytest.importorskip("matplotlib.figure")


@pytest.fixture
def ax():
    return figure.Figure().add_subplot()


@pytest.fixture(scope="module")
def shown():
    network = small_network(silent_zeros=True)
    return network, analyse(network, random_images(network))


def test_a_raster_has_every_spike_of_its_image_where_it_comes(shown, ax):
    network, analysis = shown
    assert plot_raster(network, analysis, 1, ax=ax) is ax
    names = ["input", *(x.name for x in network.populations)]
    assert [label.get_text() for label in ax.get_yticklabels()] == names
    drawn = [line for line in ax.get_lines() if len(line.get_xdata())]
    times = {"input": analysis.input_latencies, **analysis.latencies}
    start = 0.0
    for name, line in zip(names, drawn, strict=False):
        if name in analysis.windows:
            start += analysis.windows[name][1]
        found = times[name][1]
        np.testing.assert_array_equal(
            np.sort(line.get_xdata()), np.sort(start + found[found != SILENT])
        )


def test_latencies_are_shares_of_all_neurons(shown, ax):
    _, analysis = shown
    assert plot_latencies(analysis, analysis, ax=ax) is ax
    lines, dots = ax.get_lines()[0::2], ax.get_lines()[1::2]
    assert [line.get_label() for line in lines] == list(analysis.latencies)
    for line, dot, found in zip(lines, dots, analysis.latencies.values(), strict=True):
        assert line.get_ydata().sum() == pytest.approx(np.mean(found != SILENT))
        np.testing.assert_array_equal(line.get_ydata(), dot.get_ydata())


def test_layers_differ_in_colour_and_style(shown, ax):
    plot_latencies(shown[1], ax=ax)
    looks = [(line.get_color(), line.get_linestyle()) for line in ax.get_lines()]
    assert len(set(looks)) == len({colour for colour, _ in looks}) == len(looks)


@pytest.mark.parametrize("image", [-1, 3])
def test_an_image_that_is_not_there_is_refused(shown, ax, image):
    with pytest.raises(InvalidInputError, match="image must be a number from 0 to 2"):
        plot_raster(*shown, image, ax=ax)
