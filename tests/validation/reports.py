"""A small report that tests share, and what is read off its page."""

from contextlib import contextmanager
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from tdsnn_brian import validation
from tdsnn_brian.layers import Dense
from tdsnn_brian.network import SpikingNetwork
from tdsnn_brian.validation.options import ALL
from tdsnn_brian.validation.page.rendering import look_up, show
from tdsnn_brian.validation.sweeps import flaws, grids

EVIL = '<img src=x onerror="document.title=1">'


def tiny_network():
    rng = np.random.default_rng(3)
    layers = (
        Dense(
            name=EVIL,
            input_shape=(6,),
            weights=rng.normal(0, 0.6, (6, 9)),
            bias=rng.normal(0, 0.3, 9),
        ),
        Dense(name="second", input_shape=(9,), weights=rng.normal(0, 0.5, (9, 7)), bias=None),
        Dense(name="out", input_shape=(7,), weights=rng.normal(0, 1, (7, 3)), bias=np.ones(3)),
    )
    return SpikingNetwork(layers=layers, leak=5.0, name="<script>tiny</script>")


@contextmanager
def few_runs():
    """A thin grid, so that the numpy target does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grids, "STEPS", (1, 2, 5))
        patch.setattr(grids, "METHODS", {"exact": None, "euler": 1})
        patch.setattr(grids, "TICKS", (1, 2, 4, 0))
        kinds = ("leak", "late_ticks")
        thin = {kind: replace(flaws.FLAWS[kind], strengths=(0.3, 1.0)) for kind in kinds}
        patch.setattr(grids, "FLAWS", thin)
        yield


def make(output, **options):
    network = tiny_network()
    images = np.random.default_rng(0).random((4, 6))
    logits = np.random.default_rng(1).normal(size=(4, 3))
    return validation.report(
        network,
        images,
        labels=[0, 1, 2, 0],
        logits={"dnn": logits},
        predictions={"dnn": logits.argmax(axis=1)},
        output=output,
        device="numpy",
        sweep_images=2,
        integration_images=2,
        notes=[EVIL],
        **{"parts": ALL, **options},
    )


class Page(HTMLParser):
    """The values and plots of a page, and all of its tags."""

    def __init__(self, text):
        super().__init__()
        self.values, self.images, self.tags, self._open = [], [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        if tag == "data":
            self._open = attributes
            self.values.append([attributes, ""])
        if tag == "img":
            self.images.append(attributes)

    def handle_endtag(self, tag):
        if tag == "data":
            self._open = None

    def handle_data(self, data):
        if self._open is not None:
            self.values[-1][1] += data


def check_values(values, summary, least=100):
    assert len(values) > least
    for attributes, text in values:
        value = look_up(summary, attributes["data-path"])
        assert attributes["value"] == ("" if value is None else str(value))
        assert text == show(value, attributes["data-style"])
