"""Train in processes that are killed before their N-th file operation, until one gets through.

python mortal_fit.py SPEC.yaml FOLDER [N ...] prints what each process was about to do when it was killed.
All are forked from this one, so that torch is imported once.
"""

import os
import signal
import sys
from pathlib import Path

import accelerate  # noqa: F401
import sklearn.datasets  # noqa: F401

from diffsmith.documents import read_yaml
from diffsmith.registry import default_registry
from diffsmith.specs import TrainSpec, parse
from diffsmith.training.fit import fit

CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree"}


def die_before(moment: int, folder: str) -> None:
    """Kill this process before the file operation of that number, in or on the folder."""
    count = 0

    def audit(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal count
        if event in CHANGES or (event == "open" and folder in str(arguments[0])):
            count += 1
            if count == moment:
                os.write(1, f"{event} {Path(str(arguments[0])).name}\n".encode())
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(audit)


def train(spec: TrainSpec, folder: str, moment: int) -> int:
    """The exit code of a process that trains, and dies at that moment if it ever comes."""
    child = os.fork()
    if child == 0:
        die_before(moment, folder)
        for _ in fit(spec, folder):
            pass
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    source, folder, *moments = sys.argv[1:]
    default_registry()
    wanted = parse(TrainSpec, read_yaml(Path(source)))
    for moment in map(int, moments):
        assert train(wanted, folder, moment) == -signal.SIGKILL
    sys.exit(train(wanted, folder, 0))
