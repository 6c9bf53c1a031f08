"""The one layer of `keras.applications` that is no public layer of Keras."""

from keras.src.applications.inception_resnet_v2 import CustomScaleLayer

__all__ = ["CustomScaleLayer"]
