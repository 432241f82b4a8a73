"""The convolutional networks of the vision lessons, as plain Keras models.

The trunk is the one of MIT 6.S191's lab on debiasing: four convolutions that halve the picture,
then two dense layers. It has no batch normalisation: a batch drawn anew for rare faces would
otherwise change the statistics by which common faces are judged.
"""

from utils.backend import keras

KERNELS = (5, 5, 3, 3)
WIDTHS = (1, 2, 4, 6)


def trunk(outputs, *, size=64, channels=3, filters=12, dense=512, name="trunk"):
    """A convolutional network from pictures to `outputs` numbers.

    Parameters
    ----------
    outputs : int
        Numbers a picture; 1 for the logit of a classifier.
    size : int
        Height and width in pixels, a multiple of 16.
    channels : int
        3 for colour, 1 for grey.
    filters : int
        Filters of the first convolution; the others have 2, 4 and 6 times as many.
    dense : int
        Units of the dense layer before the last.

    Returns
    -------
    keras.Model
        Takes float pictures in [0, 1], shape (n, size, size, channels); gives (n, outputs).

    References
    ----------
    MIT 6.S191, lab 2 (the trunk, its kernels and widths).
    """
    if size % 16 or size <= 0:
        raise ValueError(f"size must be a multiple of 16 (four halvings), not {size}")
    layers = [keras.Input((size, size, channels))]
    for width, kernel in zip(WIDTHS, KERNELS, strict=True):
        layers.append(
            keras.layers.Conv2D(
                width * filters, kernel, strides=2, padding="same", activation="relu"
            )
        )
    layers += [
        keras.layers.Flatten(),
        keras.layers.Dense(dense, activation="relu"),
        keras.layers.Dense(outputs),
    ]
    return keras.Sequential(layers, name=name)


def decoder(latents, *, size=64, channels=3, filters=12, name="decoder"):
    """A network from codes back to pictures: the trunk's widths in reverse order.

    Parameters
    ----------
    latents : int
        Numbers a code.
    size, channels, filters : int
        As of `trunk`.

    Returns
    -------
    keras.Model
        Takes codes, shape (n, latents); gives pictures in [0, 1], (n, size, size, channels).
    """
    if size % 16 or size <= 0:
        raise ValueError(f"size must be a multiple of 16 (four doublings), not {size}")
    small, deep = size // 16, WIDTHS[-1] * filters
    layers = [
        keras.Input((latents,)),
        keras.layers.Dense(small * small * deep, activation="relu"),
        keras.layers.Reshape((small, small, deep)),
    ]
    for width, kernel in zip(WIDTHS[-2::-1], KERNELS[:0:-1], strict=True):
        layers.append(
            keras.layers.Conv2DTranspose(
                width * filters, kernel, strides=2, padding="same", activation="relu"
            )
        )
    last = keras.layers.Conv2DTranspose(
        channels, KERNELS[0], strides=2, padding="same", activation="sigmoid"
    )
    return keras.Sequential([*layers, last], name=name)


def face_classifier(*, size=64, channels=3, filters=12, learning_rate=5e-4):
    """The plain classifier of the face lessons, compiled: one logit, positive for a face.

    Returns
    -------
    keras.Model
        Loss: binary cross-entropy of the logit; metric ``accuracy``; Adam.
    """
    model = trunk(1, size=size, channels=channels, filters=filters, name="classifier")
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy("accuracy", threshold=0.0)],
        jit_compile=False,
    )
    return model
