"""The built-in algorithm K-Means: rows without labels, sorted to the nearest of k centres.

As on AWS, k × ``extra_center_factor`` centres are found in minibatches (here by scikit-learn's
MiniBatchKMeans) and then reduced to k by Lloyd's algorithm, the best of
``local_lloyd_num_trials`` trials. "auto" is 10 for both, as in the log of a real job.

``model_algo-1`` is MXNet's file of one array without a name, the centres, of shape (k, features)
and type float32. Sourced: owners of real models read it with ``mx.nd.load`` and ``[0]``, and found
that it is no zip file. Assumed: ``distance_to_cluster`` is the Euclidean distance, not its square.
"""

import json
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from utils.cloud.images import formats, ndarray_list, options, payload
from utils.cloud.images.container import ClientError, Container
from utils.cloud.images.log import Log
from utils.cloud.images.options import Choice, Flag, Number

FILE = "model_algo-1"
SEED = 20231130
AUTO = 10
OFFERED = (payload.JSON, payload.JSON_LINES, payload.RECORDIO, payload.CSV)
ROWS_AT_ONCE = 1 << 16


class MetricList:
    """``["msd"]``, ``["msd","ssd"]`` or one of the words alone."""

    def read(self, text: str) -> list[str]:
        """The names; ValueError if one is unknown."""
        names = json.loads(text) if text.startswith("[") else [text]
        if not names or set(names) - {"msd", "ssd"}:
            raise ValueError
        return names

    def __str__(self):
        return 'a list of "msd" (mean squared distance) and "ssd" (their sum)'


TABLE = {
    "k": (None, Number(1, whole=True)),
    "feature_dim": (None, Number(1, whole=True)),
    "mini_batch_size": ("5000", Number(1, whole=True)),
    "epochs": ("1", Number(1, whole=True)),
    "init_method": ("random", Choice("random", "kmeans++")),
    "extra_center_factor": ("auto", Number(1, whole=True, auto=True)),
    "local_lloyd_max_iter": ("300", Number(1, whole=True)),
    "local_lloyd_tol": ("0.0001", Number(0)),
    "local_lloyd_init_method": ("kmeans++", Choice("random", "kmeans++")),
    "local_lloyd_num_trials": ("auto", Number(1, whole=True, auto=True)),
    "half_life_time_size": ("0", Number(0, whole=True)),
    "eval_metrics": ('["msd"]', MetricList()),
    "force_dense": ("true", Flag()),
}


def train(container: Container) -> None:
    """Run a training job: read ``train`` (and ``test``), find the centres, write ``model_algo-1``.

    Raises
    ------
    ClientError
        If a hyperparameter or the data are at fault.
    """
    given = container.hyperparameters
    log = Log("AWS/KMeansWebscale")
    log.configuration(options.defaults(TABLE), given)
    settings = _settings(given)
    data = _read(container, "train", settings)
    if len(data) < settings.k:
        raise ClientError(
            f"the channel 'train' has {len(data)} rows; 'k' is {settings.k}, and every cluster "
            "needs at least one"
        )
    centres = _shrink(*_many_centres(data, settings, log), settings, log)
    centres = centres.astype(np.float32)
    _evaluate(container, "train", data, centres, settings, log)
    container.model_dir.mkdir(parents=True, exist_ok=True)
    (container.model_dir / FILE).write_bytes(ndarray_list.dumps([centres]))
    if "test" in container.channels:
        test = _read(container, "test", settings)
        _evaluate(container, "test", test, centres, settings, log)
    else:
        log.info("Test data is not provided.")
    log.flush()


def _settings(given: dict[str, str]) -> SimpleNamespace:
    settings = options.read("kmeans", TABLE, given)
    if settings.half_life_time_size:
        raise ClientError(
            f"the hyperparameter 'half_life_time_size' is {settings.half_life_time_size}; centres "
            "that forget are not available here: it must be 0"
        )
    for name in ("extra_center_factor", "local_lloyd_num_trials"):
        if getattr(settings, name) == "auto":
            setattr(settings, name, AUTO)
    return settings


def _read(container: Container, channel: str, settings: SimpleNamespace) -> np.ndarray:
    features, _ = formats.read_channel(container, channel)
    if features.shape[1] != settings.feature_dim:
        hint = ""
        if features.shape[1] == settings.feature_dim - 1:
            hint = "; CSV without a label needs the content type text/csv;label_size=0"
        raise ClientError(
            f"the channel {channel!r} has {features.shape[1]} features in a row; the "
            f"hyperparameter 'feature_dim' is {settings.feature_dim}{hint}"
        )
    return features


def _many_centres(data: np.ndarray, settings: SimpleNamespace, log: Log):
    """More centres than asked for, and how many rows are nearest to each."""
    # its import takes a second, and serving does without
    from sklearn.cluster import MiniBatchKMeans

    number = min(settings.k * settings.extra_center_factor, len(data))
    start = time.time()
    if settings.mini_batch_size > len(data):
        log.warn(
            f"Batch size {settings.mini_batch_size} is bigger than the first batch data. "
            f"Effective batch size used to initialize is {len(data)}"
        )
    model = MiniBatchKMeans(
        number,
        init={"kmeans++": "k-means++"}.get(settings.init_method, "random"),
        batch_size=min(settings.mini_batch_size, len(data)),
        max_iter=settings.epochs,
        max_no_improvement=None,
        n_init=1,
        random_state=SEED,
    ).fit(data)
    rows = len(data) * settings.epochs
    log.info(f"processed a total of {rows} examples")
    log.info("#progress_metric: host=algo-1, completed 100.0 % of epochs")
    rate = rows / max(time.time() - start, 1e-9)
    log.info(f"#throughput_metric: host=algo-1, train throughput={rate} records/second")
    centres = model.cluster_centers_
    nearest, _ = nearest_centres(data, centres)
    return centres, np.bincount(nearest, minlength=number)


def _shrink(centres, counts, settings: SimpleNamespace, log: Log) -> np.ndarray:
    """k centres out of many, each of which weighs as many rows as are nearest to it."""
    from sklearn.cluster import KMeans

    if len(centres) == settings.k:
        return centres
    used = counts > 0
    if used.sum() < settings.k:
        raise ClientError(
            f"'k' is {settings.k}; the training data fall into only {used.sum()} clusters"
        )
    log.info(f"shrinking {len(centres)} centers into {settings.k}")
    method = {"kmeans++": "k-means++"}.get(settings.local_lloyd_init_method, "random")
    best = None
    for trial in range(settings.local_lloyd_num_trials):
        model = KMeans(
            settings.k,
            init=method,
            n_init=1,
            max_iter=settings.local_lloyd_max_iter,
            tol=settings.local_lloyd_tol,
            random_state=SEED + trial,
        ).fit(centres[used], sample_weight=counts[used])
        distance = model.inertia_ / counts.sum()
        log.info(
            f"local kmeans attempt #{trial}. Current mean square distance {distance:.6f}"
        )
        if best is None or distance < best[0]:
            best = distance, model.cluster_centers_
    log.info(f"finished shrinking process. Mean Square Distance = {best[0]:.6f}")
    return best[1]


def _evaluate(container, channel: str, data, centres, settings, log: Log) -> None:
    _, distances = nearest_centres(data, centres.astype(float))
    squares = distances**2
    values = {"msd": squares.mean(), "ssd": squares.sum()}
    for name in settings.eval_metrics:
        log.quality(f"{channel} {name}", float(values[name]), "loss")
        container.report(f"{channel}:{name}", float(values[name]))


def nearest_centres(
    features: np.ndarray, centres: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The nearest centre of each row, and how far it is.

    Parameters
    ----------
    features : ndarray, shape (rows, features)
    centres : ndarray, shape (k, features)

    Returns
    -------
    nearest : ndarray of int, shape (rows,)
        The first one of several that are equally near.
    distances : ndarray of float, shape (rows,)
        Euclidean.
    """
    lengths = (centres**2).sum(axis=1)
    nearest = np.empty(len(features), int)
    for start in range(0, len(features), ROWS_AT_ONCE):
        some = features[start : start + ROWS_AT_ONCE]
        nearest[start : start + ROWS_AT_ONCE] = (lengths - 2 * some @ centres.T).argmin(
            axis=1
        )
    return nearest, np.sqrt(((features - centres[nearest]) ** 2).sum(axis=1))


class Server:
    """Answers requests with the nearest cluster and the distance to its centre."""

    def __init__(self, centres: np.ndarray):
        self.centres = centres.astype(float)

    def predict(self, features: np.ndarray) -> list[dict]:
        """One dict a row; both members are floats, as on AWS."""
        nearest, distances = nearest_centres(features, self.centres)
        return [
            {"closest_cluster": float(cluster), "distance_to_cluster": distance}
            for cluster, distance in zip(
                nearest.tolist(), distances.tolist(), strict=True
            )
        ]

    def invoke(
        self, body: bytes, content_type: str | None = None, accept: str | None = None
    ) -> tuple[bytes, str]:
        """Answer one request, by default with JSON; CSV is ``cluster,distance``.

        Raises
        ------
        InvocationError
            400, 406 or 415: see `payload`.
        """
        kind = payload.accepted(accept, OFFERED, payload.JSON)
        features = payload.rows(body, content_type, self.centres.shape[1])
        predictions = self.predict(features)
        if kind == payload.JSON:
            return json.dumps({"predictions": predictions}).encode(), kind
        if kind == payload.JSON_LINES:
            return payload.json_lines(predictions), kind
        if kind == payload.RECORDIO:
            return payload.records(predictions), kind
        lines = (
            f"{p['closest_cluster']!r},{p['distance_to_cluster']!r}\n"
            for p in predictions
        )
        return "".join(lines).encode(), kind


def load(model_dir: Path, environment: dict[str, str] | None = None) -> Server:
    """The server of the model in a folder; `environment` changes nothing here.

    Raises
    ------
    ClientError
        If the folder holds no K-Means model.
    """
    path = Path(model_dir) / FILE
    try:
        arrays = ndarray_list.loads(path.read_bytes())
    except FileNotFoundError:
        raise ClientError(f"the model has no file {FILE!r}") from None
    except ndarray_list.NDArrayError as error:
        raise ClientError(f"{FILE} is not a kmeans model: {error}") from None
    if isinstance(arrays, dict) or len(arrays) != 1 or arrays[0].ndim != 2:
        raise ClientError(
            f"{FILE} is not a kmeans model: it must hold one unnamed table"
        )
    if not np.isfinite(arrays[0]).all():
        raise ClientError(f"{FILE} is not a kmeans model: a centre is not finite")
    return Server(arrays[0])
