"""Work for a Dask cluster: functions and what they need go out, arrays come back, and whoever asked keeps them.

Dask runs a function again whose worker died. Workers share no disk with whoever asks, and each should have one thread:
``dask worker ADDRESS --nthreads 1``, since TensorFlow fills the cores by itself.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from fooling import arithmetic
from fooling.runs import PACKAGE, say

if TYPE_CHECKING:
    from distributed import Client

SCHEDULER = "FOOLING_SCHEDULER"  # the address of a scheduler, such as tcp://host:8786
CONNECT_SECONDS = 10.0  # Choice: longer than a scheduler takes that is there
LOOK_SECONDS = 10.0  # between two looks whether there is a worker
KEPT = "what is finished and the checkpoints are kept, and the same command goes on, with --scheduler or without"
Result = TypeVar("Result")


class ClusterError(Exception):
    """A cluster cannot be used; the message is one sentence."""


@cache
def connect(address: str) -> Client:
    """Return a connection to a scheduler; ClusterError if Dask is not installed, or no scheduler answers."""
    try:
        from distributed import Client, Security
        from distributed.comm.addressing import get_address_host_port
    except ImportError as error:
        raise ClusterError("A cluster needs Dask: install it by `pip install distributed`.") from error
    if address.startswith("tls:") and not Security().get_connection_args("client")["ssl_context"]:
        raise ClusterError(f"{address} needs certificates: name them in Dask's configuration (distributed.comm.tls).")
    try:
        get_address_host_port(address)  # a client that finds out itself complains again when Python ends
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
        ClusterError: If it cannot be sent, or the worker would give other bytes: it has another TensorFlow, other
            arithmetic or other code; or if the cluster is lost meanwhile.
    """
    if client is None:
        return function(*given)
    alike = (arithmetic.describe(), hash_own_code())
    return cast(Result, _wait_for(client, partial(_compute_alike, *alike, pack((function, given)))))


def _wait_for(client: Client, task: Callable[[], Any]) -> Any:
    """Return what a worker makes of a task; say so, once, while there is no worker to do it."""
    import distributed

    future, said = None, False
    try:
        future = client.submit(task, pure=False)
        while not future.done():
            if not said and not client.nthreads():
                said = True
                say(f"Waiting for a worker of {getattr(client.scheduler, 'address', 'the cluster')}.")
            with suppress(TimeoutError), client.as_current():
                distributed.wait(future, timeout=LOOK_SECONDS)
        return future.result()
    except Exception as error:
        died = isinstance(error, distributed.KilledWorker)
        if future is not None and future.status in ("error", "finished") and not died:
            raise  # what the function itself raised
        why = "workers died of its work (killed, or out of memory)" if died else "its scheduler is gone"
        connect.cache_clear()
        raise ClusterError(f"The cluster was lost, because {why}: {KEPT}.") from error


def work_through(client: Client | None, tasks: Sequence[Callable[[], Result]]) -> list[Result]:
    """Return the results of tasks in their order: side by side where a cluster computes for them, else one by one."""
    if client is None or len(tasks) < 2:
        return [task() for task in tasks]
    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(lambda task: task(), tasks))


def send_graph(client: Client, compile_graph: Callable[..., Callable[..., Any]], *given: Any) -> Callable[..., Any]:
    """Return the function of tensors that ``compile_graph`` makes of what is given as one that a worker computes.

    ClusterError if it cannot be sent.
    """
    import tensorflow as tf  # only here: without a cluster nothing of this module needs it

    packed = pack((compile_graph, given))

    def compute(*tensors: Any) -> Any:
        arrays = tf.nest.map_structure(np.asarray, tensors)
        return tf.nest.map_structure(tf.constant, compute_there(client, _compute_packed, packed, arrays))

    return compute


def _compute_packed(packed: bytes, arrays: Any) -> Any:
    import tensorflow as tf

    return tf.nest.map_structure(np.asarray, _unpack_graph(packed)(*tf.nest.map_structure(tf.constant, arrays)))


@lru_cache(maxsize=4)
def _unpack_graph(packed: bytes) -> Callable[..., Any]:
    """Return a graph on a worker, which keeps a few of them."""
    compile_graph, given = pickle.loads(packed)
    graph: Callable[..., Any] = compile_graph(*given)
    return graph


def pack(request: Any) -> bytes:
    """Return what a worker needs as bytes, a user's own functions among it; ClusterError if it cannot be sent."""
    import cloudpickle  # comes with Dask

    try:
        packed: bytes = cloudpickle.dumps(request)
    except Exception as error:  # every kind of object fails in a way of its own
        raise ClusterError(f"This cannot be sent to a cluster: {str(error).strip().splitlines()[0]}.") from error
    return packed


@cache
def hash_own_code() -> str:
    """Return a hash of this package's code to the byte, comments included."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:8]


@cache
def keep_memory() -> None:
    """Let this process keep memory that it frees, up to 64 MiB, as the C library does where nobody asks otherwise.

    Dask asks it to hand every freed block back, so that each operation of TensorFlow fetches its memory anew, page by
    page: a generation of CPPNs took 2.5 times as long on SqueezeNet, 1.6 times on LeNet. Only glibc has this setting.
    """
    if set_option := getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None:
        set_option(-1, 64 << 20)  # M_TRIM_THRESHOLD
        set_option(-3, 32 << 20)  # M_MMAP_THRESHOLD, the most that it takes


def _compute_alike(wanted: dict[str, Any], code: str, packed: bytes) -> Any:
    """Compute on a worker, unless it differs from whoever asks."""
    other = arithmetic.compare(wanted) or ("" if code == hash_own_code() else "another version of this package")
    if other:
        raise ClusterError(f"A worker would give other bytes: {other}.")
    keep_memory()
    function, given = pickle.loads(packed)
    return function(*given)
