"""The compiled inner loop beside numpy's: all kinds of windows, widths and numbers of threads."""

import ctypes
import subprocess
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from jinja2 import Environment, FileSystemLoader

import tdsnn_brian
from tdsnn_brian.brian.event_driven.scatter import pack, scatter
from tdsnn_brian.brian.event_driven.tiles import Tiles, tiled
from tdsnn_brian.layers import Projection
from tdsnn_brian.layers.window import Window

pytestmark = pytest.mark.standalone
TEMPLATES = Path(tdsnn_brian.__file__).parent / "brian/event_driven/templates"
SAME = ((1, 1), (1, 1))
WINDOWS = {
    "one channel": Window(input_shape=(7, 9, 1), size=(5, 5), n_channels=6),
    "a vector": Window(input_shape=(6, 7, 3), size=(3, 3), padding=SAME, n_channels=16),
    "uneven": Window(input_shape=(6, 7, 5), size=(3, 2), padding=SAME, n_channels=37),
    "wide": Window(input_shape=(5, 5, 200), size=(3, 3), padding=SAME, n_channels=70),
    "few": Window(input_shape=(6, 6, 4), size=(2, 2), strides=(2, 2), n_channels=3),
    "pool": Window(input_shape=(6, 6, 8), size=(2, 2), strides=(2, 2), groups=8, n_channels=8),
    "strides": Window(
        input_shape=(9, 11, 6), size=(3, 5), strides=(2, 3), padding=((2, 1), (0, 3)), n_channels=20
    ),
    "dilation": Window(input_shape=(9, 9, 6), size=(3, 3), dilation=(2, 3), n_channels=24),
    "groups": Window(input_shape=(6, 5, 6), size=(3, 3), padding=SAME, groups=3, n_channels=54),
    "dense": Window(input_shape=(1, 1, 300), n_channels=130),
    "output": Window(input_shape=(1, 1, 40), n_channels=10),
}
SHARED = ("strides", "groups", "pool")  # by position
START = 5  # of the source and the target in their groups


@pytest.fixture(scope="module", params=["float32", "float64"])
def compiled(request, tmp_path_factory):
    """A library with a function for each window, and the arrays that it takes."""
    rng, dtype = np.random.default_rng(0), np.dtype(request.param)
    folder = tmp_path_factory.mktemp("scatter")
    template = Environment(loader=FileSystemLoader(TEMPLATES)).get_template("scatter.h")
    source = "#include <algorithm>\n#include <stdint.h>\n#include <vector>\n"
    projections = {}
    for number, (name, window) in enumerate(WINDOWS.items()):
        shape = (*window.size, window.group_inputs, window.n_channels)
        share = rng.random(window.output_shape[:2]) if name in SHARED else None
        projection = Projection(window=window, kernel=rng.normal(size=shape), share=share)
        render = partial(
            template.render,
            window=window,
            tiles=Tiles.of(projection, dtype),
            shares=None if share is None else share.ravel(),
            seats=None,
            n_inputs=projection.n_inputs,
            real={"float32": "float", "float64": "double"}[dtype.name],
            source_start=START,
            target_start=START,
            whole=False,
            listening=None,
            listing="",
        )
        source += f"namespace w{number} {{\n{render(waiting='')}\n}}\n"
        source += f"namespace later{number} {{\n{render(waiting='add')}\n}}\n"
        source += (
            f'extern "C" void f{number}(int32_t* s, long n, w{number}::_Real* w, double g, '
            f"w{number}::_Real* t) {{ w{number}::_scatter(s, n, w, g, t); }}\n"
            f'extern "C" void wait{number}(int32_t* s, long n, double g) '
            f"{{ later{number}::_let_wait(s, n, g); }}\n"
            f'extern "C" void add{number}(w{number}::_Real* w, w{number}::_Real* t) '
            f"{{ std::vector<int32_t> room; later{number}::_add_waiting(room, w, t); }}\n"
        )
        projections[name] = projection
    (folder / "scatter.cpp").write_text(source)
    flags = "-O2 -march=native -ffast-math -fno-finite-math-only -std=c++11 -fopenmp -shared -fPIC"
    subprocess.run(["g++", *flags.split(), "scatter.cpp", "-o", "a.so"], cwd=folder, check=True)
    return ctypes.CDLL(str(folder / "a.so")), projections, dtype


def pointer(values):
    return values.ctypes.data_as(ctypes.c_void_p)


@pytest.mark.parametrize("share", [0.02, 0.2, 0.9, 1.0])
@pytest.mark.parametrize("name", WINDOWS)
def test_it_adds_what_numpy_adds(compiled, name, share):
    library, projections, dtype = compiled
    projection, rng = projections[name], np.random.default_rng(1)
    packed = pack(projection, -1, dtype)
    tiles = Tiles.of(projection, dtype)
    weights = np.ascontiguousarray(packed if tiles is None else tiled(packed, tiles))
    spikes = np.flatnonzero(rng.random(projection.n_inputs) < share)
    others = [0, START - 1, START + projection.n_inputs, START + projection.n_inputs + 3]
    given = np.concatenate([others[:2], spikes + START, others[2:]]).astype(np.int32)
    start = rng.normal(size=projection.n_outputs + 2 * START).astype(dtype)
    for order in (given, rng.permutation(given)):
        expected, found = start.copy(), start.copy()
        scatter(projection, packed, spikes, 1.5, expected[START:-START])
        getattr(library, f"f{list(WINDOWS).index(name)}")(
            pointer(np.ascontiguousarray(order)),
            ctypes.c_long(len(order)),
            pointer(weights),
            ctypes.c_double(1.5),
            pointer(found),
        )
        tolerance = 1e-4 if dtype == np.float32 else 1e-12
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
        np.testing.assert_array_equal(found[:START], start[:START])
        np.testing.assert_array_equal(found[-START:], start[-START:])


@pytest.mark.parametrize("share", [0.02, 0.9, 1.0])
@pytest.mark.parametrize("name", WINDOWS)
def test_spikes_that_wait_add_what_each_would(compiled, name, share):
    """Those of several steps, each with its gain; once, and nothing of it in the next image."""
    library, projections, dtype = compiled
    projection, rng = projections[name], np.random.default_rng(2)
    number = list(WINDOWS).index(name)
    packed = pack(projection, -1, dtype)
    tiles = Tiles.of(projection, dtype)
    weights = np.ascontiguousarray(packed if tiles is None else tiled(packed, tiles))
    found = rng.normal(size=projection.n_outputs + 2 * START).astype(dtype)
    expected = found.astype(np.float64)
    for _ in range(2):
        for gain in (1.0, 1.5, 7.0):
            spikes = np.flatnonzero(rng.random(projection.n_inputs) < share)
            scatter(projection, packed, spikes, gain, expected[START:-START])
            given = rng.permutation([START - 1, *(spikes + START), START + projection.n_inputs])
            getattr(library, f"wait{number}")(
                pointer(given.astype(np.int32)), ctypes.c_long(len(given)), ctypes.c_double(gain)
            )
        for _ in range(2):
            getattr(library, f"add{number}")(pointer(weights), pointer(found))
        tolerance = (1e-6 if dtype == np.float32 else 1e-14) * np.abs(expected).max()
        np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)
