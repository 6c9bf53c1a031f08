import keras
import numpy as np
import pytest


@pytest.fixture(scope="module", autouse=True)
def weights_without_a_compiler():
    """Initial weights, which tests draw anew, by numpy: jax compiles a generator a shape."""

    def drawn(initializer, shape, dtype=None):
        return np.random.default_rng(0).uniform(-0.5, 0.5, shape).astype(dtype or "float32")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.initializers.VarianceScaling, "__call__", drawn)
        yield
