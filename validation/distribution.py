"""Spreading independent tasks over processes and machines with Dask.

A worker that dies loses nothing: what it was working on, and what it had done but not yet handed
over, is done again by another one. Results come back in the order of the tasks, so that the
outcome is that of a plain loop.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from queue import Empty, Queue
from threading import Thread
from typing import Any

from tdsnn_brian.errors import InvalidInputError, RunError

PATIENCE = 5
"""Seconds to wait for a scheduler, and for its workers."""


@contextmanager
def connected(scheduler: str | None = None, workers: int = 2) -> Iterator[Any]:
    """A Dask client.

    Parameters
    ----------
    scheduler : str, optional
        Address of a cluster of your own, such as ``tcp://10.0.0.1:8786``, on whose workers this
        project is installed; a local cluster of processes if not given.
    workers : int
        Processes of the local cluster, one thread each.

    Raises
    ------
    InvalidInputError
        If no scheduler answers at that address, or it has no workers.
    """
    import dask
    from distributed import Client, LocalCluster, Security

    if scheduler is not None:
        with _closing(_client_of(scheduler)) as client:
            yield client
        return
    with (
        dask.config.set(
            {
                "distributed.scheduler.allowed-failures": 2,
                "distributed.scheduler.http.routes": [],  # or it has pages even so
            }
        ),
        # nobody else on this machine may send it work
        _closing(
            LocalCluster(
                workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                security=Security.temporary(),
            )
        ) as cluster,
        _closing(Client(cluster, timeout=2 * PATIENCE)) as client,
    ):
        yield client


@contextmanager
def _closing(connection: Any) -> Iterator[Any]:
    """Close a client or a cluster at the end; what ended the block counts, not how that goes."""
    try:
        yield connection
    finally:
        with suppress(Exception):
            connection.close(timeout=2 * PATIENCE)


def _client_of(scheduler: str) -> Any:
    """A client of a scheduler that answers and has workers."""
    made: Queue[Any] = Queue()

    def connect() -> None:
        try:
            made.put(Client(scheduler, timeout=PATIENCE))
        except Exception as error:
            made.put(error)

    from distributed import Client

    # what takes connections without being a scheduler is waited for without end
    Thread(target=connect, daemon=True).start()
    try:
        client = made.get(timeout=2 * PATIENCE)
    except Empty:
        client = TimeoutError(f"no answer within {2 * PATIENCE} s")
    if isinstance(client, Exception):
        raise InvalidInputError(
            f"no Dask scheduler answers at {scheduler!r} ({client}); start one with: "
            "dask scheduler, or leave the address out for a cluster on this machine"
        ) from client
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        client.close()
        raise InvalidInputError(
            f"the Dask scheduler at {scheduler!r} has no workers; start some with: "
            f"dask worker {scheduler}"
        ) from None
    return client


def spread(
    function: Callable[[Any], Any],
    tasks: Sequence[Any],
    *,
    client: Any = None,
    progress: Callable[[float], None] | None = None,
) -> list:
    """``[function(task) for task in tasks]``, by the workers of a cluster.

    Parameters
    ----------
    function : callable
        Without side effects: it is called again where a worker died.
    tasks : sequence
        What is pickled and sent to the workers.
    client : distributed.Client, optional
        From `connected`; without one the tasks are done here, one after the other.
    progress : callable, optional
        Called with the completed share, 0 to 1.

    Returns
    -------
    list
        In the order of `tasks`. The first exception that a task raises is raised here.

    Raises
    ------
    RunError
        If tasks kill their workers, all workers are gone, or the scheduler is.
    """
    results: list = [None] * len(tasks)
    report = progress or (lambda share: None)
    if client is None:
        for index, task in enumerate(tasks):
            results[index] = function(task)
            report((index + 1) / len(tasks))
        return results
    from distributed import CancelledError, KilledWorker, wait

    futures: dict[Any, int] = {}
    remaining, done, heard = iter(range(len(tasks))), 0, time.monotonic()
    try:
        # no more than are soon worked on: an interrupt waits for what is on its way
        at_once = 2 * max(4, sum(client.nthreads().values()))
        while True:
            for index in islice(remaining, at_once - len(futures)):
                futures[client.submit(function, tasks[index], pure=False)] = index
            if not futures:
                break
            try:  # in turns: a Ctrl-C that comes just before a wait does not end it
                finished, _ = wait(set(futures), timeout=1, return_when="FIRST_COMPLETED")
            except TimeoutError:
                if time.monotonic() - heard < 6 * PATIENCE:
                    continue
                heard = time.monotonic()
                if not client.scheduler_info()["workers"]:
                    raise RunError(
                        "all Dask workers are gone; start them and run it again"
                    ) from None
                continue
            heard = time.monotonic()
            for future in finished:
                results[futures.pop(future)] = future.result()
                done += 1
                report(done / len(tasks))
    except KilledWorker as error:
        raise RunError(
            "a task ended every Dask worker that it was given to, as one does that takes more "
            f"memory than there is; give it fewer workers, or look at their logs ({error})"
        ) from error
    except CancelledError as error:
        raise RunError(
            "the Dask scheduler is gone, and with it the tasks that were not done; start it and "
            "run it again"
        ) from error
    finally:
        with suppress(Exception):  # nobody may be there to take it
            client.cancel(list(futures))
    return results
