"""Runs of programs side by side, each kept when it is done, so that a stopped report goes on."""

import os
import shutil
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from concurrent.futures.process import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from numpy.typing import NDArray

from tdsnn_brian.brian.explicit.perturbed_settings import Setting
from tdsnn_brian.errors import TDSNNError

from ..kept import Kept, key
from ..running import Running, end_group
from . import programs
from .programs import Outcome, Program, ProgramError

Evaluate = Callable[[Program, Setting, Outcome], dict]


@dataclass(frozen=True, kw_only=True, eq=False)
class Job:
    """One run: which program, with which setting, and what is made of its outcome.

    Attributes
    ----------
    program : str
    setting : Setting
    key : dict
        The entries of the row that say which run it was.
    evaluate : callable
        Gives the others, plain numbers, from the program, the setting and the outcome.
    labels : ndarray or None
        What `evaluate` holds predictions against.
    """

    program: str
    setting: Setting
    key: dict
    evaluate: Evaluate
    labels: NDArray | None


class Runner:
    """Builds programs and runs jobs on `workers` cores, keeping rows under `directory`.

    Parameters
    ----------
    programs : dict of str to Program
    directory : Path
    compiled : bool
        Whether there is a compiler.
    workers : int
    advance : callable
        Called after each finished piece of work with its share of all.
    """

    def __init__(
        self,
        programs: dict[str, Program],
        directory: Path,
        *,
        compiled: bool,
        workers: int,
        advance: Callable[[float], None],
    ):
        self._programs, self._directory, self._compiled = programs, directory, compiled
        self._workers, self._advance = workers, advance
        self._kept = Kept(directory)
        self._identity = {name: key(program) for name, program in programs.items()}

    def run(self, jobs: list[Job], bases: dict[str, str]) -> list[dict]:
        """The jobs' rows, in their order.

        Parameters
        ----------
        jobs : list of Job
        bases : dict of str to str
            Programs that are built from another's objects.
        """
        rows = {job: self._find(job) for job in jobs}
        missing = [job for job, row in rows.items() if row is None]
        done = len(jobs) - len(missing)
        wanted = self._wanted({job.program for job in missing}, bases) if self._compiled else []
        total = len(jobs) * RUN + sum(BUILD[name in bases] for name in wanted) or 1
        self._advance(done * RUN / total)
        if not self._compiled:
            for job in missing:
                outcome = programs.run_interpreted(self._programs[job.program], job.setting)
                rows[job] = self._keep(job, outcome)
                self._advance(RUN / total)
        elif missing:
            rows |= self._run_compiled(missing, wanted, bases, total)
            # rows are all that is needed again; programs of other code or images are of no use
            for place in self._directory.glob("program-*"):
                shutil.rmtree(place, ignore_errors=True)
        return [rows[job] for job in jobs]

    def _run_compiled(self, missing, wanted, bases, total) -> dict[Job, dict]:
        # builds happen in processes of their own, for they set Brian2's device; each leads a group
        # with the compilers that it starts
        running = Running()
        with (
            ProcessPoolExecutor(
                self._workers,
                mp_context=get_context("spawn"),
                initializer=os.setsid,
                max_tasks_per_child=1,
            ) as builders,
            ThreadPoolExecutor(self._workers) as threads,
        ):
            built: dict[str, Future] = {}

            def build(name):
                base = bases.get(name)
                if base is not None:
                    built[base].result()
                place = self._place(name)
                try:
                    builders.submit(
                        programs.build,
                        self._programs[name],
                        place,
                        self._place(base) if base else None,
                    ).result()
                except TDSNNError:
                    raise
                except Exception as error:  # a compiler's, or of a process that was ended
                    raise ProgramError(
                        f"the program in {place} could not be built ({error}); look for a C++ "
                        "compiler, and for free memory and disk space"
                    ) from error
                self._advance(BUILD[name in bases] / total)

            def run(job):
                built[job.program].result()
                place = self._place(job.program)
                outcome = programs.run(self._programs[job.program], job.setting, place, running)
                row = self._keep(job, outcome)
                self._advance(RUN / total)
                return row

            try:
                for name in wanted:  # in an order in which nothing waits for what comes later
                    built[name] = threads.submit(build, name)
                rows = {job: threads.submit(run, job) for job in missing}
                pending = {*built.values(), *rows.values()}
                # in turns: a Ctrl-C that comes just before a wait does not end it
                while pending:
                    done, pending = wait(pending, timeout=1, return_when=FIRST_EXCEPTION)
                    for future in done:
                        future.result()
                return {job: future.result() for job, future in rows.items()}
            except BaseException:
                threads.shutdown(cancel_futures=True, wait=False)
                running.end()
                for builder in list(builders._processes or ()):
                    end_group(builder)
                raise

    def _wanted(self, names, bases) -> list[str]:
        with_bases = names | {bases[name] for name in names if name in bases}
        return sorted(with_bases, key=lambda name: (name in bases, name))

    def _place(self, name: str) -> Path:
        return self._directory / f"program-{self._identity[name][:20]}"

    def _depends(self, job: Job) -> tuple:
        return self._identity[job.program], job.setting, job.key, job.labels, self._compiled

    def _find(self, job: Job) -> dict | None:
        return self._kept.find("run", *self._depends(job))

    def _keep(self, job: Job, outcome: Outcome) -> dict:
        row = {**job.key, **job.evaluate(self._programs[job.program], job.setting, outcome)}
        return self._kept.keep("run", row, *self._depends(job))


RUN = 1.0
BUILD = {False: 12.0, True: 3.0}
"""Work of building a program, in runs: from nothing, and from another's objects."""
