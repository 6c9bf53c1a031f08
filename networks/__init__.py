"""Networks to convert: definitions, training, data, and the trained weights that ship.

Nothing here imports Keras until a Keras model is asked for.
"""

from .data.sample import sample_digits
from .files import load_adapted, load_model, load_network

__all__ = ["load_adapted", "load_model", "load_network", "sample_digits"]
