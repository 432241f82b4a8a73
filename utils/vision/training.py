"""Batches that are half faces and half not, and the callback that draws rare faces more often."""

import numpy as np
import pandas as pd

from utils.backend import keras
from utils.vision.resampling import effective_sample_size, resampling_weights


class FaceBatches(keras.utils.PyDataset):
    """Batches for ``fit``: half faces, drawn by `weights`, and half not-faces, drawn evenly.

    Each picture is varied anew each time it comes. Without that a network learns by heart the few
    rare faces which it is shown again and again, and showing them more often changes little.

    Parameters
    ----------
    faces, not_faces : array of uint8, shape (n, height, width, channels)
    batch_size : int
        Even.
    flip : bool
        Whether each picture is mirrored left to right with probability a half.
    shift : int
        Largest displacement in pixels, up, down, left or right; the border is repeated.
    light : float
        Largest relative change of brightness, in [0, 1).
    seed : int

    Attributes
    ----------
    weights : array of float, shape (faces,), or None
        Probability of drawing each face. None: every face comes once an epoch, in random order.
    """

    def __init__(
        self,
        faces,
        not_faces,
        *,
        batch_size=64,
        flip=True,
        shift=4,
        light=0.3,
        seed=0,
    ):
        super().__init__()
        for name, images in (("faces", faces), ("not_faces", not_faces)):
            check_pictures(name, images)
        if faces.shape[1:] != not_faces.shape[1:]:
            raise ValueError(
                f"faces {faces.shape[1:]} and not_faces {not_faces.shape[1:]} must have one "
                "height, width and number of channels"
            )
        if batch_size < 2 or batch_size % 2:
            raise ValueError(f"batch_size must be even and positive, not {batch_size}")
        if shift < 0 or not 0 <= light < 1:
            raise ValueError(
                f"shift must not be negative and light must be in [0, 1), not {shift}, {light}"
            )
        self.faces, self.not_faces = faces, not_faces
        self.half = batch_size // 2
        self.flip, self.shift, self.light = flip, shift, light
        self.random = np.random.default_rng(seed)
        self.weights = None
        self._deal()

    def __len__(self):
        return -(-len(self.faces) // self.half)

    def __getitem__(self, step):
        here = slice(step * self.half, (step + 1) * self.half)
        faces = self.faces[self._order[here]]
        others = self.not_faces[self._others[here]]
        labels = np.repeat(np.float32([1, 0]), [len(faces), len(others)])
        return self._varied(np.concatenate([faces, others])), labels

    def on_epoch_begin(self):
        self._deal()

    def _deal(self):
        """Which pictures come in the next epoch."""
        n = len(self.faces)
        if self.weights is None:
            self._order = self.random.permutation(n)
        else:
            self._order = self.random.choice(n, n, p=self.weights)
        self._others = self.random.integers(len(self.not_faces), size=n)

    def _varied(self, images):
        """The pictures mirrored, moved and lit at random, as floats in [0, 1]."""
        n, height, width, channels = images.shape
        down, right = self.random.integers(-self.shift, self.shift + 1, (2, n, 1))
        rows = np.clip(np.arange(height) + down, 0, height - 1)
        columns = np.clip(np.arange(width) + right, 0, width - 1)
        if self.flip:
            turned = self.random.random(n) < 0.5
            columns[turned] = columns[turned, ::-1]
        # one index that counts pixels is quicker to follow than three, one an axis
        rows += height * np.arange(n)[:, None]
        pixels = width * rows[:, :, None] + columns[:, None, :]
        moved = np.take(images.reshape(-1, channels), pixels, axis=0)
        light = self.random.uniform(1 - self.light, 1 + self.light, (n, 1, 1, 1))
        lit = moved * np.float32(light / 255)
        return np.minimum(lit, np.float32(1), out=lit)


class ResampleCallback(keras.callbacks.Callback):
    """Before each epoch: codes of all faces, their histograms, new weights for the draws.

    Parameters
    ----------
    batches : FaceBatches
    warm_up : int
        Epochs in which all faces are alike, before the codes mean anything.
    alpha, bins, effective_share, combine
        As of `utils.vision.resampling.resampling_weights`.
    watch : dict of str to array of bool, shape (faces,), optional
        Groups whose share of the draws is written down. They are never used to draw.
    report : callable, optional
        Called with a sentence an epoch, for example ``print``.

    Attributes
    ----------
    history : pandas.DataFrame
        One row an epoch: epoch, effective (faces), and the share of each watched group.
    """

    def __init__(
        self,
        batches,
        *,
        warm_up=1,
        alpha=0.05,
        bins=10,
        effective_share=0.1,
        combine="product",
        watch=None,
        report=None,
    ):
        super().__init__()
        self.batches, self.warm_up, self.report = batches, warm_up, report
        self.settings = {
            "alpha": alpha,
            "bins": bins,
            "effective_share": effective_share,
            "combine": combine,
        }
        self.watch = {name: np.asarray(mask) for name, mask in (watch or {}).items()}
        for name, mask in self.watch.items():
            if mask.shape != (len(batches.faces),):
                raise ValueError(
                    f"watch[{name!r}] must say true or false for each of "
                    f"{len(batches.faces)} faces, found shape {mask.shape}"
                )
        self._rows = []

    @property
    def history(self):
        return pd.DataFrame(self._rows, columns=["epoch", "effective", *self.watch])

    def on_epoch_begin(self, epoch, logs=None):
        if epoch >= self.warm_up:
            faces = self.batches.faces.astype(np.float32) / np.float32(255)
            codes = self.model.code_means(faces)
            self.batches.weights = resampling_weights(codes, **self.settings)
        n = len(self.batches.faces)
        weights = self.batches.weights
        weights = np.full(n, 1 / n) if weights is None else weights
        row = {"epoch": epoch + 1, "effective": effective_sample_size(weights)}
        row |= {name: float(weights[mask].sum()) for name, mask in self.watch.items()}
        self._rows.append(row)
        if self.report:
            shares = ", ".join(f"{name} {row[name]:.1%}" for name in self.watch)
            effective = f"{row['effective']:.0f} of {n} faces effective"
            self.report(f"epoch {epoch + 1}: {effective}; drawn: {shares}".rstrip(": "))


def check_pictures(name, images):
    """Refuse what is not a stack of 8-bit pictures, or an empty one."""
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 4:
        raise ValueError(
            f"{name} must be pictures of uint8, shape (n, height, width, channels), "
            f"found {images.dtype} {images.shape}"
        )
    if not len(images):
        raise ValueError(f"{name} holds no picture: nothing can be learnt from it")
