"""Arguments and options: each has one name and one meaning, whatever the command."""

from pathlib import Path
from typing import Annotated

import typer

Network = Annotated[
    Path,
    typer.Argument(metavar="NETWORK.npz", help="A converted network.", exists=True, dir_okay=False),
]
Model = Annotated[
    Path,
    typer.Argument(metavar="MODEL.keras", help="A Keras model.", exists=True, dir_okay=False),
]
Images = Annotated[
    Path,
    typer.Option(
        help="An .npy file of images, or an .npz file with images and, if known, labels.",
        exists=True,
        dir_okay=False,
    ),
]
Count = Annotated[int | None, typer.Option("--n", min=1, help="Only the first so many images.")]
Range = Annotated[
    tuple[float, float] | None,
    typer.Option(
        "--image-range",
        metavar="LOW HIGH",
        help="Values that the network takes, for example 0 1 or 0 255.",
        show_default="what the network's file says",
    ),
]
Offset = Annotated[
    float,
    typer.Option(
        "--input-offset", min=0, help="Added to images before they are coded: for negative values."
    ),
]
Pairs = Annotated[
    bool,
    typer.Option(
        "--input-pairs", help="Let each value of an image have an ON and an OFF neuron instead."
    ),
]
NetworkOutput = Annotated[
    Path | None,
    typer.Option("--output", help="File to write.", show_default="MODEL.npz, beside the model"),
]
