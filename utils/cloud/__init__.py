"""An AWS on this machine's loopback, in which SageMaker jobs and endpoints really run.

``connect()`` starts it and returns an object with ``client(service)``, ``bucket``, ``role``,
``region``, ``bill()`` and ``stop()``. With ``DEBIASING_CLOUD=aws`` in the environment the same
object talks to your own AWS account, and costs money. Course code is plain boto3 in both.
"""

from utils.cloud.images import image_uri

__all__ = ["connect", "image_uri"]


def connect(region: str | None = None, port: int = 0):
    """Start the embedded cloud, or reach the account that ``DEBIASING_CLOUD=aws`` asks for.

    Parameters
    ----------
    region : str, optional
        ``us-east-1`` if omitted; for a real account the one that is configured.
    port : int
        The loopback port to listen on; 0 takes a free one.

    Returns
    -------
    EmbeddedCloud or RealCloud
        Use it as a context manager, or call ``stop()`` at the end.

    Raises
    ------
    ValueError
        If ``DEBIASING_CLOUD`` is neither ``embedded`` nor ``aws``.
    """
    # imported here: a container's own process imports this package and needs none of it
    from utils.cloud import connection

    return connection.connect(region, port)
