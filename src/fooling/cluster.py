"""Work for a Dask cluster: functions and what they need go out, arrays come back, and whoever asked keeps them.

Dask runs a function again whose worker died. Workers share no disk with whoever asks, and each should have one thread:
``dask worker ADDRESS --nthreads 1``, since TensorFlow fills the cores by itself.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from fooling import arithmetic
from fooling.runs import PACKAGE

if TYPE_CHECKING:
    from distributed import Client

SCHEDULER = "FOOLING_SCHEDULER"  # the address of a scheduler, such as tcp://host:8786
CONNECT_SECONDS = 10.0  # Choice: longer than a scheduler takes that is there
Result = TypeVar("Result")


class ClusterError(Exception):
    """A cluster cannot be used; the message is one sentence."""


@cache
def connect(address: str) -> Client:
    """Return a connection to a scheduler.

    Raises:
        ClusterError: If Dask is not installed, or no scheduler answers.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ClusterError("A cluster needs Dask: install it by `pip install distributed`.") from error
    try:
        return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(f"No Dask scheduler answers at {address}.") from error


def find_client() -> Client | None:
    """Return a connection to the cluster that this process was told of, None if it was told of none."""
    address = os.environ.get(SCHEDULER)
    return connect(address) if address else None


def compute_there(client: Client | None, function: Callable[..., Result], *given: Any) -> Result:
    """Return what a function makes of what is given, computed by a worker, or here without a cluster.

    Raises:
        ClusterError: If the worker would give other bytes: another TensorFlow, other arithmetic or other code.
    """
    if client is None:
        return function(*given)
    alike = (arithmetic.describe(), hash_code())
    result: Result = client.submit(_compute_alike, *alike, function, *given, pure=False).result()
    return result


def work_through(client: Client | None, tasks: Sequence[Callable[[], Result]]) -> list[Result]:
    """Return the results of tasks in their order: side by side where a cluster computes for them, else one by one."""
    if client is None or len(tasks) < 2:
        return [task() for task in tasks]
    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(lambda task: task(), tasks))


def pack(request: Any) -> bytes:
    """Return what a worker needs as bytes, functions of a user's own among it.

    Raises:
        ClusterError: If it cannot be sent.
    """
    import cloudpickle  # comes with Dask

    try:
        packed: bytes = cloudpickle.dumps(request)
    except Exception as error:  # every kind of object fails in a way of its own
        raise ClusterError(f"This cannot be sent to a cluster: {error}") from error
    return packed


@cache
def hash_code() -> str:
    """Return a hash of this package's code."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:8]


def _compute_alike(wanted: dict[str, Any], code: str, function: Callable[..., Result], *given: Any) -> Result:
    """Compute on a worker, unless it differs from whoever asks."""
    other = arithmetic.compare(wanted) or ("" if code == hash_code() else "another version of this package")
    if other:
        raise ClusterError(f"A worker would give other bytes: {other}.")
    return function(*given)
