"""Spreading independent tasks over processes and machines with Dask.

A worker that dies loses nothing: what it was working on, and what it had done but not yet handed
over, is done again by another one. Results come back in the order of the tasks, so that the
outcome is that of a plain loop.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tdsnn_brian.errors import InvalidInputError


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
        If nobody answers at that address.
    """
    from distributed import Client, LocalCluster

    if scheduler is not None:
        try:
            client = Client(scheduler, timeout="5s")
        except (OSError, ValueError) as error:
            raise InvalidInputError(
                f"no Dask scheduler answers at {scheduler!r} ({error}); start one with: "
                "dask scheduler, or leave the address out for a cluster on this machine"
            ) from error
        with client:
            yield client
        return
    with (
        LocalCluster(
            workers, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


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
    """
    results: list = [None] * len(tasks)
    report = progress or (lambda share: None)
    if client is None:
        for index, task in enumerate(tasks):
            results[index] = function(task)
            report((index + 1) / len(tasks))
        return results
    from distributed import as_completed

    futures = {client.submit(function, task, pure=False): index for index, task in enumerate(tasks)}
    try:
        for number, future in enumerate(as_completed(futures), start=1):
            results[futures[future]] = future.result()
            report(number / len(tasks))
    finally:
        client.cancel(list(futures))
    return results
