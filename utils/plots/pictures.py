"""What do they look like? Small pictures side by side."""

import matplotlib.pyplot as plt
import numpy as np


def what_they_look_like(images, *, titles=None, columns=10, inches=0.95):
    """What do they look like? Pictures row by row, with a caption over each.

    Parameters
    ----------
    images : array, shape (n, height, width) or (n, height, width, 3)
        8-bit, or floats of which what lies outside [0, 1] is cut off.
    titles : sequence of str, length n, optional
        A caption a picture; may be empty.
    columns : int
        Pictures a row.
    inches : float
        Width of a picture.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is no picture, or not one title a picture.
    """
    images = np.asarray(images)
    if images.ndim not in (3, 4) or not len(images):
        raise ValueError(
            f"images must be a stack of at least one picture, found shape {images.shape}"
        )
    if titles is not None and len(titles) != len(images):
        raise ValueError(f"{len(titles)} titles for {len(images)} images")
    if images.dtype.kind == "f":
        images = np.clip(images, 0, 1)
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    high = inches * images.shape[1] / images.shape[2] + (0.22 if titles else 0.05)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(columns * inches, rows * high),
        layout="constrained",
        squeeze=False,
    )
    for ax in axes.flat:
        ax.axis("off")
    limit = 255 if images.dtype == np.uint8 else 1
    for place, (ax, image) in enumerate(zip(axes.flat, images, strict=False)):
        image = image[..., 0] if image.shape[2:] == (1,) else image
        ax.imshow(image, cmap="gray", vmin=0, vmax=limit)
        if titles is not None:
            ax.set_title(titles[place], fontsize=8, pad=2)
    return figure
