"""`python -m kd_course.commands.bench_memory`: what it saves when freed memory is kept, and what it costs.

The same training runs in two processes in turns, one with `allocator.SETTINGS` and one without, seven
pairs of them. Compared are processor time (of all threads) and the largest memory, as ratios in each
pair; losses must be the same to the last digit.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time

from tabulate import tabulate

from kd_course.commands import allocator

TIME = "processor time, freed memory kept / given back"
MEMORY = "largest memory, freed memory kept / given back"


def main(argv: list[str] | None = None) -> int:
    """Measure and print; 1 where the losses differ, 2 where glibc is not what malloc belongs to."""
    parser = argparse.ArgumentParser(prog="python -m kd_course.commands.bench_memory")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--batches", type=int, default=40, help="steps of each training")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)  # a process of ours
    options = parser.parse_args(argv)
    if options.one:
        print(json.dumps(trained(options.batches)))
        return 0
    if not allocator.has_glibc():
        print("These settings are glibc's, which is not the C library here.", file=sys.stderr)
        return 2
    from kd_course.commands.timing import Ratio, machine

    about = machine()
    times, memory, same = [], [], True
    for pair in range(options.pairs):
        # Which comes first changes from pair to pair: what drifts falls on both.
        order = (True, False) if pair % 2 else (False, True)
        found = {kept: in_a_process(options.batches, kept) for kept in order}
        times.append(found[True]["seconds"] / found[False]["seconds"])
        memory.append(found[True]["memory"] / found[False]["memory"])
        same = same and found[True]["loss"] == found[False]["loss"]
    ratios = [Ratio(TIME, times), Ratio(MEMORY, memory)]
    if options.json:
        told = {"machine": about, "same_losses": same, "ratios": [r.as_dict() for r in ratios]}
        print(json.dumps(told, indent=1))
    else:
        print(", ".join(f"{name} {value}" for name, value in about.items()))
        header = ("", "median", "95 %", "pairs", "")
        print(tabulate([r.row() for r in ratios], header, disable_numparse=True))
        print("The losses are the same." if same else "THE LOSSES DIFFER.")
    return 0 if same else 1


def in_a_process(batches: int, kept: bool) -> dict[str, float]:
    """What a training in a process of its own took; see `trained`."""
    environment = {k: v for k, v in os.environ.items() if k not in allocator.OWN}
    environment.pop("GLIBC_TUNABLES", None)
    environment |= allocator.SETTINGS if kept else {}
    command = [sys.executable, "-m", "kd_course.commands.bench_memory", "--one"]
    done = subprocess.run(
        [*command, "--batches", str(batches)],
        env=environment, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def trained(batches: int) -> dict[str, float]:
    """Train a small student in this process: its seconds of processor time, memory in MB, loss.

    The first training, which warms up, is not timed.
    """
    import resource

    from kd_course.commands import bench, bench_share

    steps = bench_share.Steps(batches, bench.tokenizer())
    as_it_comes = next(bench_share.switches())
    steps.reached(as_it_comes)
    trainer = steps.trainers[as_it_comes.name]
    start = time.process_time()
    loss = trainer.train().training_loss
    seconds = time.process_time() - start
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "memory": largest, "loss": loss}


if __name__ == "__main__":
    sys.exit(main())
