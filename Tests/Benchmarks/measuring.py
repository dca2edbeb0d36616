"""What the benchmarks have in common: the C driver, tables, and a MongoDB server on loopback."""

import contextlib
import importlib.machinery
import importlib.util
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MISSED = "missed"


def loaded(path, name):
    """A program in Python, whose name need not end so, as a module."""
    loader = importlib.machinery.SourceFileLoader(name, str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


class Driver:
    """The C driver, hosting one program on one store."""

    def __init__(self, tools, program, store, log, *arguments):
        self.tool, self.program, self.log = tools / "pipe_driver", [program, *arguments], log
        self.environment = {**os.environ, "TIDINGS_STORE": store}

    def __call__(self, mode, **options):
        command = [self.tool, mode, "--log", self.log]
        for name, value in options.items():
            command += ["--" + name.replace("_", "-"), str(value)]
        return figures([*command, "--", *self.program], self.environment, self.log)


def figures(command, environment=None, log=None):
    """Runs a tool and reads its line of key=value pairs."""
    done = subprocess.run(
        list(map(str, command)), env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    if done.returncode:
        if log and log.exists():
            sys.stderr.write(log.read_text(errors="replace")[-2000:])
        sys.exit(f"bench: {' '.join(map(str, command))}: status {done.returncode}")
    pairs = (pair.split("=", 1) for pair in done.stdout.split())
    return {name: float(value) if name != "sqlite" else value for name, value in pairs}


def say(text):
    print(f"  {text} ...", file=sys.stderr, flush=True)


class Table:
    """Rows of what, figure, goal, met or missed, note."""

    def __init__(self):
        self.rows = []

    def row(self, what, figure, goal="", met=None, note=""):
        self.rows.append((what, figure, goal, "" if met is None else "met" if met else MISSED, note))

    def rate(self, runs, what, goal=None):
        per_second = statistics.median(run["per_second"] for run in runs)
        p50, p99 = (statistics.median(run[k] for run in runs) / 1000 for k in ("p50_us", "p99_us"))
        self.row(
            what,
            f"{per_second:,.0f}/s",
            f"≥ {goal:,}/s" if goal else "",
            per_second >= goal if goal else None,
            f"p50 {p50:.2f} ms, p99 {p99:.2f} ms",
        )
        return per_second

    def ratio(self, what, part, whole, goal=None, most=None):
        value = part / whole
        if most:
            return self.row(what, f"{value:.2f}", f"≤ {most}", value <= most)
        self.row(what, f"{value:.2f}", f"≥ {goal}" if goal else "", value >= goal if goal else None)

    def start(self, what, run, goal):
        note = f"median of {run['times']:.0f}, {run['least_ms']:.1f} to {run['most_ms']:.1f} ms"
        median = run["median_ms"]
        self.row(f"spawn to first answer, {what}", f"{median:.1f} ms", f"≤ {goal} ms", median <= goal, note)


def show(rows):
    table = [("what", "figure", "goal", "", "")] + rows
    widths = [max(len(line[column]) for line in table) for column in range(5)]
    table.insert(1, tuple("-" * width for width in widths))
    for line in table:
        what, *rest = (
            cell.ljust(width) if column in (0, 3, 4) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths))
        )
        print("| " + " | ".join([what, *rest]) + " |")


@contextlib.contextmanager
def folder_on_disk(tools):
    """A folder beside the build: one in memory, as /tmp often is, would make durable writes look cheap."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="data-", dir=tools))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


class NoServer(Exception):
    """The reason why there is no mongod."""


@contextlib.contextmanager
def replica_set(folder):
    """A replica set of one mongod with its data in `folder`: gives the URI of a server in it, which has {unique}
    where the name of a database goes, and the interpreter of the tests' environment."""
    # The tests' own: the same server, found and started in the same way.
    tests = loaded(ROOT / ".ci" / "test", "tests")
    python = tests.environment()
    os.environ["TMPDIR"] = str(folder)
    try:
        mongod = tests.find_mongod(python)
    except SystemExit:
        raise NoServer("there is no mongod, and none was to be fetched") from None
    # The cache of a server as its users run it: a small one measures how it evicts.
    with tests.mongodb_servers(python, mongod, "--large") as uris:
        yield uris[0], python
