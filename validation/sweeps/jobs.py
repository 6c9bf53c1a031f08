"""Runs of programs side by side, each kept when it is done, so that a stopped report goes on."""

import hashlib
import json
import pickle
import shutil
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from concurrent.futures.process import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

from tdsnn_brian.brian.explicit.perturbed_settings import Setting

from . import programs
from .programs import Outcome, Program

Evaluate = Callable[[Program, Setting, Outcome], dict]


@dataclass(frozen=True, kw_only=True, eq=False)
class Job:
    """One run: which program, with which setting, and what is made of its outcome.

    `evaluate` gives a row of plain numbers; `key` are the entries of the row that say which run
    it was.
    """

    program: str
    setting: Setting
    key: dict
    evaluate: Evaluate


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
        self._identity = {name: _digest(program) for name, program in programs.items()}
        directory.mkdir(parents=True, exist_ok=True)

    def run(self, jobs: list[Job], bases: dict[str, str]) -> list[dict]:
        """The jobs' rows, in their order.

        Parameters
        ----------
        jobs : list of Job
        bases : dict of str to str
            Programs that are built from another's objects.
        """
        kept = [self._kept(job) for job in jobs]
        missing = [job for job, row in zip(jobs, kept, strict=True) if row is None]
        done = len(jobs) - len(missing)
        wanted = self._wanted({job.program for job in missing}, bases) if self._compiled else []
        total = len(jobs) * RUN + sum(BUILD[name in bases] for name in wanted) or 1
        self._advance(done * RUN / total)
        if not self._compiled:
            for job in missing:
                self._finish(job, programs.run_interpreted(self._programs[job.program],
                                                           job.setting))
                self._advance(RUN / total)
        elif missing:
            self._run_compiled(missing, wanted, bases, total)
            # rows are all that is needed again; programs of other code or images are of no use
            for place in self._directory.glob("program-*"):
                shutil.rmtree(place, ignore_errors=True)
        return [self._kept(job) for job in jobs]

    def _run_compiled(self, missing, wanted, bases, total):
        # builds happen in processes of their own, for they set Brian2's device
        with (
            ProcessPoolExecutor(
                self._workers, mp_context=get_context("spawn"), max_tasks_per_child=1
            ) as builders,
            ThreadPoolExecutor(self._workers) as threads,
        ):
            built: dict[str, Future] = {}

            def build(name):
                base = bases.get(name)
                if base is not None:
                    built[base].result()
                builders.submit(
                    programs.build, self._programs[name], self._place(name),
                    self._place(base) if base else None,
                ).result()
                self._advance(BUILD[name in bases] / total)

            def run(job):
                built[job.program].result()
                place = self._place(job.program)
                self._finish(job, programs.run(self._programs[job.program], job.setting, place))
                self._advance(RUN / total)

            for name in wanted:  # in an order in which nothing waits for what comes later
                built[name] = threads.submit(build, name)
            running = [threads.submit(run, job) for job in missing]
            try:
                wait([*built.values(), *running], return_when=FIRST_EXCEPTION)
                for future in (*built.values(), *running):
                    if future.done():
                        future.result()
            except BaseException:
                threads.shutdown(cancel_futures=True, wait=False)
                raise

    def _wanted(self, names, bases) -> list[str]:
        with_bases = names | {bases[name] for name in names if name in bases}
        return sorted(with_bases, key=lambda name: (name in bases, name))

    def _place(self, name: str) -> Path:
        return self._directory / f"program-{self._identity[name]}"

    def _row_file(self, job: Job) -> Path:
        run = json.dumps([self._identity[job.program], asdict(job.setting), job.key])
        return self._directory / f"run-{hashlib.sha256(run.encode()).hexdigest()[:20]}.json"

    def _kept(self, job: Job) -> dict | None:
        try:
            return json.loads(self._row_file(job).read_text())
        except (OSError, ValueError):
            return None

    def _finish(self, job: Job, outcome: Outcome) -> None:
        row = {**job.key, **job.evaluate(self._programs[job.program], job.setting, outcome)}
        file = self._row_file(job)
        draft = file.with_suffix(f".draft-{id(job)}")
        draft.write_text(json.dumps(row, allow_nan=False))
        draft.replace(file)


RUN = 1.0
BUILD = {False: 12.0, True: 3.0}
"""Work of building a program, in runs: from nothing, and from another's objects."""


def _digest(program: Program) -> str:
    """Of a program's content and of the code that makes it."""
    code = Path(__file__).parents[1], Path(__file__).parents[2] / "tdsnn_brian"
    content = hashlib.sha256(pickle.dumps(asdict_shallow(program)))
    for folder in code:
        for file in sorted(folder.rglob("*.py")):
            content.update(file.read_bytes())
    return content.hexdigest()[:20]


def asdict_shallow(program: Program) -> dict:
    """Fields as they are; weights are arrays within."""
    return {name: getattr(program, name) for name in sorted(program.__dataclass_fields__)}
