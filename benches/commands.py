#!/usr/bin/env python3
"""Measures the program itself, as users run it, and a peer; prints one line a goal.

    benches/commands.py PROGRAM SMALL LARGE [TINY]

SMALL and LARGE are folders with logs, LARGE some times as large as SMALL; TINY holds many small
files. CPU time and peak memory are those that the system tells of each process (wait4). DuckDB
is taken if Python can import it; it does the 25 tests of peer_tests.toml, and its counts must be
those of attestrail.
"""
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
STATED = ["--generated-at", "2100-01-01T00:00:00Z"]


class Cost:
    def __init__(self, usage):
        self.cpu = usage.ru_utime + usage.ru_stime
        self.megabytes = usage.ru_maxrss * 1024 / 1e6


def period(logs):
    """The period that a truth.json beside the logs tells, else that of the benchmark's own corpus."""
    for folder in (Path(logs), Path(logs).parent):
        if (folder / "truth.json").exists():
            told = json.loads((folder / "truth.json").read_text())["arguments"]
            return ["--from", told["start"], "--to", told["end"]]
    return ["--period", "2026-10"]


def run(words, good=(0, 1, 3)):
    """Runs a command and says what it cost."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    told = process.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in good:
        sys.exit(f"{' '.join(map(str, words))} ended with {process.returncode}:\n{told}")
    return Cost(usage)


def goal(name, value, unit=""):
    print(f"{name}: {value:.3g}{unit}" if value < 100 else f"{name}: {value:.0f}{unit}", flush=True)


def walk_and_read(folder):
    """What it costs to walk, open and read every file, and nothing else."""
    script = (
        "import os,sys\n"
        "for at,_,names in os.walk(sys.argv[1]):\n"
        "    for name in names:\n"
        "        with open(os.path.join(at,name),'rb',buffering=0) as file: file.read()\n"
    )
    return run([sys.executable, "-S", "-c", script, str(folder)])


def of_sets(program, work, small, large):
    """Memory, reports and second scans of a set and of a larger one."""
    found = {}
    for name, logs in (("small", small), ("large", large)):
        ledger = work / f"{name}.ledger"
        found[name, 1] = run([program, "scan", logs, "--ledger", ledger, "--threads", "1", "-q"])
        found[name, "again"] = run([program, "scan", logs, "--ledger", ledger, "--threads", "1", "-q"])
        found[name, 2] = run([program, "scan", logs, "--ledger", work / "two.ledger", "--threads", "2", "-q"])
        (work / "two.ledger").unlink()
        out = work / f"{name}-packets"
        found[name, "report"] = run([program, "report", "--ledger", ledger, "--out", out, "-q", *period(logs), *STATED])
    for what, words in ((1, "scan, one thread"), (2, "scan, two threads"), ("report", "report")):
        a, b = found["small", what].megabytes, found["large", what].megabytes
        goal(f"{words}: peak memory of the larger set", b, " MB")
        goal(f"{words}: growth of memory", 100 * (b / a - 1), " %")
    for name in ("small", "large"):
        first = found[name, 1].cpu
        goal(f"report / scan, CPU, {name} set", found[name, "report"].cpu / first)
        goal(f"second scan / first, CPU, {name} set", found[name, "again"].cpu / first)


def of_tiny_files(program, work, tiny):
    ledger = work / "tiny.ledger"
    floor = walk_and_read(tiny)
    first = run([program, "scan", tiny, "--ledger", ledger, "--threads", "1", "-q"])
    again = run([program, "scan", tiny, "--ledger", ledger, "--threads", "1", "-q"])
    goal("small files: scan / walking, opening and reading them, CPU", first.cpu / floor.cpu)
    goal("small files: peak memory", first.megabytes, " MB")
    goal("small files: second scan / first, CPU", again.cpu / first.cpu)


def tests():
    with open(HERE / "peer_tests.toml", "rb") as file:
        return {name: (f"{test[0]}.amazonaws.com", test[1:]) for name, test in tomllib.load(file)["tests"].items()}


def write_controls(folder):
    folder.mkdir()
    for name, (source, names) in tests().items():
        (folder / f"{name}.toml").write_text(
            f'format = 1\nid = "{name}"\ntitle = "{name}"\nobjective = "Measured."\nprocedure = "Count."\n'
            'limits = "None."\nseverity = "low"\nneeds = ["management-write", "management-read", "kms", "sign-in"]\n'
            'requirements.hipaa = ["164.312(b)"]\n[expect]\nkind = "inventory"\noutcome = "any"\n'
            f"pattern.eventSource = {json.dumps([source])}\npattern.eventName = {json.dumps(names)}\n"
        )


PEER = """
import json, sys, duckdb
tests, folder = json.loads(sys.argv[1]), sys.argv[2]
duckdb.sql("SET threads = 1")
records = f'''SELECT unnest(Records, max_depth := 2) FROM read_json('{folder}/**/*.json.gz',
  columns = {{'Records': 'STRUCT(eventSource VARCHAR, eventName VARCHAR, eventID VARCHAR)[]'}},
  maximum_object_size = 268435456)'''
pairs = [(name, source, event) for name, (source, events) in tests.items() for event in events]
duckdb.sql("CREATE TABLE test (name VARCHAR, eventSource VARCHAR, eventName VARCHAR)")
duckdb.executemany("INSERT INTO test VALUES (?, ?, ?)", pairs)
found = duckdb.sql(f"SELECT name, count(DISTINCT eventID) FROM ({records}) JOIN test USING (eventSource, eventName) GROUP BY name")
json.dump(dict(found.fetchall()), open(sys.argv[3], "w"))
"""


def of_peer(program, work, logs):
    """The same tests by both, one thread each; the counts must be equal."""
    try:
        import duckdb
    except ImportError:
        print("peer: DuckDB is not installed, see scripts/bench")
        return
    controls, ledger, out, counts = (work / name for name in ("controls", "peer.ledger", "peer", "peer.json"))
    write_controls(controls)
    own = ["--controls", controls]
    ours = run([program, "scan", logs, "--ledger", ledger, "--threads", "1", "-q", *own])
    theirs = run([sys.executable, "-c", PEER, json.dumps(tests()), str(logs), counts], good=(0,))
    run([program, "report", "--ledger", ledger, "--out", out, "-q", *own, *period(logs), *STATED])
    model = json.loads(next(out.glob("*/hipaa/packet.json")).read_text())
    listed = {one["id"]: one["counts"]["listed"] for one in model["controls"]}
    expected = json.loads(counts.read_text())
    for name in tests():
        if listed[name] != expected.get(name, 0):
            sys.exit(f"{name}: attestrail lists {listed[name]}, DuckDB counts {expected.get(name, 0)}")
    goal(f"DuckDB {duckdb.__version__} / scan, the same {len(tests())} tests and counts, CPU", theirs.cpu / ours.cpu)
    goal(f"DuckDB {duckdb.__version__}: peak memory", theirs.megabytes, " MB")


def main():
    program, small, large = sys.argv[1:4]
    with tempfile.TemporaryDirectory(prefix="attestrail-bench-") as folder:
        work = Path(folder)
        of_sets(program, work, small, large)
        if len(sys.argv) > 4:
            of_tiny_files(program, work, sys.argv[4])
        of_peer(program, work, small)


main()
