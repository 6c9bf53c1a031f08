"""From a Keras model to a `SpikingNetwork`: `ReverseCoding`, `adapt`, `convert`."""
