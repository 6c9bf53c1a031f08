"""What another process is given to do; imports nothing but the standard library."""

import os
import subprocess


def build_without_end(program, directory, base):
    """As a builder that waits for a compiler."""
    directory.mkdir(parents=True)
    compiler = subprocess.Popen(["sleep", "60"])
    _tell(directory, os.getpid(), compiler.pid)
    compiler.wait()


def build_at_once(program, directory, base):
    directory.mkdir(parents=True)


def be_ended(program, directory, base):
    """As a builder that takes more memory than there is."""
    os.kill(os.getpid(), 9)


def run_without_end(program, setting, directory, running):
    """As a program that simulates for long."""
    words = f"echo $$ > {directory}/draft; mv {directory}/draft {directory}/processes; sleep 60"
    if running.run(["sh", "-c", words], directory).returncode:
        raise RuntimeError("it was ended")


def _tell(directory, *processes):
    (directory / "draft").write_text(" ".join(map(str, processes)))
    (directory / "draft").rename(directory / "processes")
