"""A cluster of processes on this machine: the bytes of a local run, with a worker that dies, and refusals."""

from __future__ import annotations

import os
import pickle
import platform
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread
from typing import Any

import keras
import numpy as np
import pytest

from fooling import arithmetic, cluster, runs
from fooling.encodings.cppn import CppnEncoding
from fooling.evolution import evolve as evolving
from fooling.evolution.evolve import evolve
from fooling.gradient_ascent.ascend import ascend
from fooling.gradient_ascent.settings import NONE
from fooling.networks.classifier import Classifier
from fooling.networks.ensemble import average_networks
from fooling.networks.lenet import train_network

cloudpickle = pytest.importorskip("cloudpickle")
distributed = pytest.importorskip("distributed")
dask = pytest.importorskip("dask")
# Functions of this file go to workers by value, as those of a notebook do: another package's `tests` may be there.
cloudpickle.register_pickle_by_value(sys.modules[__name__])
SIZES: dict[str, Any] = {"generations": 30, "children": 10, "seeds": range(30)}  # three blocks


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """A scheduler and three workers of one thread each, in processes of their own."""
    options = {"n_workers": 3, "threads_per_worker": 1, "dashboard_address": None, "host": "127.0.0.1"}
    with distributed.LocalCluster(**options, silence_logs=50) as local, distributed.Client(local) as connected:
        yield connected


def square(value: int) -> int:
    return value * value


@pytest.mark.slow
def test_blocks_come_back_with_the_bytes_of_a_local_run_though_a_worker_dies(
    client: Any, lenet: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evolving, "CHUNK_THERE", 3)  # so that one is at work when its worker dies
    pids = list(client.run(os.getpid).values())

    def kill_one() -> None:
        while not list(tmp_path.glob("cppn-*")):
            time.sleep(0.1)
        time.sleep(4.0)
        os.kill(pids[0], signal.SIGKILL)

    killer = Thread(target=kill_one)
    killer.start()
    there = evolve(lenet, CppnEncoding((28, 28, 1)), **SIZES, folder=tmp_path, client=client)
    killer.join()
    here = evolve(lenet, CppnEncoding((28, 28, 1)), **SIZES)
    for name in ("places", "log_odds", "seeds"):
        assert np.array_equal(getattr(there, name), getattr(here, name))
    for one, other in ((there.genomes, here.genomes), (there.takeovers, here.takeovers)):
        assert all(np.array_equal(*parts) for parts in zip(one, other, strict=True))
    assert pids[0] not in client.run(os.getpid).values()
    assert len(list(tmp_path.glob("cppn-*/result.npz"))) == 3, "kept by whoever asked"


@pytest.mark.slow
def test_trainings_and_ascents_come_back_with_the_bytes_of_local_ones(
    client: Any, digits: Any, lenet: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(folder: Path) -> tuple[list[np.ndarray], Any]:
        trained = train_network("LeNet", digits, 3, folder)
        return trained.model.get_weights(), ascend(lenet, NONE, [3, 5], range(2), 20, folder)

    weights, climbed = work(tmp_path / "here")
    monkeypatch.setenv(cluster.SCHEDULER, client.scheduler.address)
    there, climbed_there = work(tmp_path / "there")
    assert all(np.array_equal(*parts) for parts in zip(there, weights, strict=True))
    for name in ("last_images", "best_log_odds", "first"):
        assert np.array_equal(getattr(climbed_there, name), getattr(climbed, name))


@pytest.mark.slow
def test_a_worker_of_other_arithmetic_is_refused(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    described = arithmetic.describe()
    assert cluster.compute_there(client, square, 7) == 49
    monkeypatch.setattr(cluster, "hash_own_code", lambda: "other")
    with pytest.raises(cluster.ClusterError, match=r"^A worker would give other bytes: another version"):
        cluster.compute_there(client, square, 7)
    monkeypatch.setattr(arithmetic, "describe", lambda: {**described, "tensorflow": "1.0"})
    with pytest.raises(cluster.ClusterError, match=r"other bytes: tensorflow \(1\.0, here 2\.\S+\)\.$"):
        cluster.compute_there(client, square, 7)


def test_without_a_cluster_work_is_done_here_in_its_order() -> None:
    done: list[int] = []
    assert cluster.compute_there(None, square, 3) == 9
    assert cluster.work_through(None, [lambda: done.append(1), lambda: done.append(2)]) == [None, None]
    assert done == [1, 2]


def test_a_scheduler_that_is_not_there_is_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    monkeypatch.setenv(cluster.SCHEDULER, "tcp://127.0.0.1:9")
    with pytest.raises(cluster.ClusterError, match=r"^No Dask scheduler answers at tcp://127\.0\.0\.1:9\.$"):
        cluster.find_client()


COUNT_FAULTS = """
import resource, numpy as np
from fooling import cluster
def fill():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(4):
        np.empty(8 << 20, np.uint8).fill(1)  # 2,048 pages of 4 KiB
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
first = fill()
cluster.keep_memory()
fill()
print(first, fill())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc hands memory back when it is asked")
def test_a_worker_keeps_the_memory_that_dask_would_have_it_hand_back() -> None:
    given = dask.config.get("distributed.nanny.pre-spawn-environ")
    asked = {name: str(value) for name, value in given.items() if "MALLOC" in name}
    done = subprocess.run([sys.executable, "-c", COUNT_FAULTS], env={**os.environ, **asked}, capture_output=True)
    first, kept = map(int, done.stdout.split())
    assert first > 100 and kept < 5, "the pages of a block are fetched once"


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("foo", "No Dask scheduler answers at foo."),
        ("bla://127.0.0.1:1", "No Dask scheduler answers at bla://127.0.0.1:1."),
        (
            "tls://127.0.0.1:1",
            "tls://127.0.0.1:1 needs certificates: name them in Dask's configuration (distributed.comm.tls).",
        ),
    ],
)
def test_an_address_that_is_none_is_told_in_one_sentence_and_no_client_is_begun(
    address: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A client that finds it out itself complains again of a time-out when Python lets go of it.
    monkeypatch.setattr(distributed, "Client", lambda *rest, **more: pytest.fail("a client was begun"))
    with pytest.raises(cluster.ClusterError) as caught:
        cluster.connect(address)
    assert str(caught.value) == sentence


def die(value: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail(value: int) -> None:
    raise ZeroDivisionError(value)


@pytest.mark.slow
def test_a_cluster_without_workers_is_waited_for_and_says_so_and_a_lost_one_is_told_in_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "LOOK_SECONDS", 0.2)
    free = socket.socket()
    free.bind(("127.0.0.1", 0))
    address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    free.close()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = {
        **os.environ,
        "PYTHONPATH": str(runs.PACKAGE.parent),
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",
    }

    def start(*words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", *words, "--no-dashboard"]
        return subprocess.Popen(command, env=environment, **quiet)

    children = [start("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", address.rpartition(":")[2])]
    try:
        client = cluster.connect(address)
        pool = ThreadPoolExecutor(1)
        waiting = pool.submit(cluster.compute_there, client, square, 7)
        time.sleep(2)
        assert not waiting.done()
        children.append(start("distributed.cli.dask_worker", address, "--nthreads", "1"))
        assert waiting.result(timeout=120) == 49
        assert capsys.readouterr().out == f"Waiting for a worker of {address}.\n", "once, and at once"
        with pytest.raises(ZeroDivisionError):
            cluster.compute_there(client, fail, 7)
        end = f": {cluster.KEPT}."
        with pytest.raises(cluster.ClusterError) as caught:
            cluster.compute_there(client, die, 7)
        why = "workers died of its work (killed, or out of memory)"
        assert str(caught.value) == f"The cluster was lost, because {why}{end}"
        lost = pool.submit(cluster.compute_there, client, time.sleep, 60)
        time.sleep(2)
        children[0].kill()
        with pytest.raises(cluster.ClusterError) as caught:
            lost.result(timeout=60)
        assert str(caught.value) == f"The cluster was lost, because its scheduler is gone{end}"
    finally:
        for child in children[::-1]:
            child.terminate()
            child.wait(30)


def test_networks_of_every_form_are_sent_and_answer_alike() -> None:
    vectors = keras.Sequential([keras.layers.Input((64,)), keras.layers.Dense(3)], name="vectors")
    pictures, others = (
        keras.Sequential([keras.layers.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(3)], name=name)
        for name in ("pictures", "others")
    )
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), np.uint8)
    networks = [Classifier(vectors), Classifier(pictures), average_networks([Classifier(pictures), Classifier(others)])]
    for network in networks:
        sent = pickle.loads(cluster.pack(network))
        shown = images[..., : network.image_shape[2]]
        assert np.array_equal(sent.score(shown), network.score(shown)) and sent.fingerprint() == network.fingerprint()


def test_what_cannot_be_sent_is_refused() -> None:
    for request in (Thread(target=print), Classifier(lambda images: images[:, 0, 0, :2], image_shape=(8, 8, 3))):
        with pytest.raises(cluster.ClusterError, match=r"^This cannot be sent to a cluster: .+\.$"):
            cluster.pack(request)
