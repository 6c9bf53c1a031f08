"""Random changes of a batch of images that leave their classes as they are."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Augment = Callable[[NDArray, np.random.Generator], NDArray]
"""Takes images (n, rows, columns, channels) and gives others of the same shape."""


@dataclass(frozen=True, kw_only=True)
class FlipsAndCrops:
    """Half of the images mirrored left to right, all of them moved by whole pixels, 0 outside.

    A square of `hole` x `hole` pixels in each is 0, so that no part of a picture decides alone.
    """

    margin: int = 4
    hole: int = 0

    def __call__(self, images: NDArray, rng: np.random.Generator) -> NDArray:
        """Draw for each of `images` (n, rows, columns, channels) whether and how far."""
        n, rows, columns = images.shape[:3]
        around = ((0, 0), (self.margin, self.margin), (self.margin, self.margin), (0, 0))
        windows = sliding_window_view(np.pad(images, around), (rows, columns), axis=(1, 2))
        top, left = rng.integers(2 * self.margin + 1, size=(2, n))
        moved = np.moveaxis(windows, 3, -1)[np.arange(n), top, left]
        mirrored = rng.random(n) < 0.5
        moved[mirrored] = moved[mirrored, :, ::-1]
        if self.hole:
            self._cut(moved, rng)
        return moved

    def _cut(self, images: NDArray, rng: np.random.Generator) -> None:
        rows, columns = images.shape[1:3]
        top = rng.integers(rows - self.hole + 1, size=len(images))[:, None, None]
        left = rng.integers(columns - self.hole + 1, size=len(images))[:, None, None]
        row, column = np.ogrid[:rows, :columns]
        inside = (row - top) // self.hole == 0
        images[inside & ((column - left) // self.hole == 0)] = 0


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Largest deviation of each kind; each image draws its own, uniformly and independently.

    Small shifts, rotations, stretches and shears.
    """

    shift_pixels: float = 2.0
    rotation_degrees: float = 10.0
    zoom: float = 0.1
    shear: float = 0.1

    def __call__(self, images: NDArray, rng: np.random.Generator) -> NDArray:
        """Resample `images` (n, rows, columns, channels) once, bilinearly, with 0 outside."""
        resampled = ops.image.affine_transform(
            images,
            self.transforms(images.shape, rng),
            interpolation="bilinear",
            fill_mode="constant",
            fill_value=0.0,
        )
        return ops.convert_to_numpy(resampled)

    def transforms(self, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray:
        """Affine maps (n, 8) from output to input pixels, about the centre of the image."""
        n, rows, columns = shape[:3]

        def draw(largest: float) -> NDArray:
            return rng.uniform(-largest, largest, n)

        angle = draw(np.deg2rad(self.rotation_degrees))
        zoom_x, zoom_y = 1 + draw(self.zoom), 1 + draw(self.zoom)
        shear = draw(self.shear)
        cos, sin = np.cos(angle), np.sin(angle)
        matrix = np.array(
            [
                [cos * zoom_x, (shear * cos - sin) * zoom_y],
                [sin * zoom_x, (shear * sin + cos) * zoom_y],
            ]
        )
        centre = np.array([(columns - 1) / 2, (rows - 1) / 2])[:, None]
        moved = centre + np.array([draw(self.shift_pixels), draw(self.shift_pixels)])
        offset = moved - np.einsum("xyn,yn->xn", matrix, np.broadcast_to(centre, (2, n)))
        zeros = np.zeros(n)
        return np.stack(
            [*matrix[0], offset[0], *matrix[1], offset[1], zeros, zeros], axis=1
        ).astype(np.float32)


class AugmentedBatches(keras.utils.PyDataset):
    """Shuffled batches, augmented anew in every epoch, the same for the same seed and epoch."""

    def __init__(
        self,
        images: NDArray,
        labels: NDArray,
        *,
        batch_size: int,
        augmentation: Augment | None,
        seed: int = 0,
    ):
        super().__init__()
        self.images, self.labels = images, labels
        self.batch_size, self.augmentation = batch_size, augmentation
        self.seed = seed
        self.start(0)

    def __len__(self) -> int:
        return -(-len(self.images) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[NDArray, NDArray]:
        chosen = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        images = self.images[chosen]
        if self.augmentation is not None:
            images = self.augmentation(images, self.rng)
        return images, self.labels[chosen]

    def start(self, epoch: int) -> None:
        """Shuffle for the epoch of this number."""
        self.rng = np.random.default_rng((self.seed, epoch))
        self.order = self.rng.permutation(len(self.images))
