#!/usr/bin/env python3
"""Measures the program itself, as users run it, and a peer; prints one line a figure.

    benches/commands.py PROGRAM SETS

SETS is a JSON file. It names the sets of logs to measure: `smaller` and `larger` (the same kind
of logs, one some times as large), `large-files`, `exceptions`; each with its folder, its period
and what must be found in it. CPU time and peak memory are those that the system tells of each
process (wait4). DuckDB is taken if Python can import it; it does the 25 tests of peer_tests.toml,
and its counts must be those of attestrail. A wrong answer ends this with an error.
"""
import json
import os
import subprocess
import sys
import tempfile
import tomllib
import zlib
from pathlib import Path

HERE = Path(__file__).parent
STATED = ["--generated-at", "2100-01-01T00:00:00Z"]


class Cost:
    def __init__(self, usage):
        self.cpu = usage.ru_utime + usage.ru_stime
        self.megabytes = usage.ru_maxrss * 1024 / 1e6


def run(words, good=(0, 1, 3)):
    """Runs a command and says what it cost; 1 and 3 are answers of a report."""
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=told)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in good:
            told.seek(0)
            text = told.read().decode(errors="replace")
            sys.exit(f"{' '.join(map(str, words))} ended with {process.returncode}:\n{text}")
    return Cost(usage)


def figure(name, value, unit=""):
    print(f"{name}: {value:.0f}{unit}" if value >= 100 else f"{name}: {value:.3g}{unit}", flush=True)


def equal(what, found, expected):
    if found != expected:
        sys.exit(f"wrong answer: {what}: {found}, and not {expected}")


def period(logs):
    return ["--from", logs["from"], "--to", logs["to"]]


def packets(out):
    return [json.loads(path.read_text()) for path in sorted(out.glob("*/*/packet.json"))]


class Bench:
    def __init__(self, program, work):
        self.program, self.work = program, work

    def scan(self, logs, ledger, threads="1", *more):
        ledger = self.work / ledger
        return run([self.program, "scan", logs["logs"], "--ledger", ledger, "--threads", threads, "-q", *more])

    def report(self, logs, ledger):
        """A report of both frameworks; its counts are those of the set."""
        out = self.work / f"{ledger}-packets"
        cost = run([self.program, "report", "--ledger", self.work / ledger, "--out", out, "-q", *period(logs), *STATED])
        all_packets = packets(out)
        equal(f"{ledger}: frameworks", len(all_packets), 2)
        for packet in all_packets:
            total = packet["log_set"]["total"]
            equal(f"{ledger}: kept records", total["kept"], logs["kept"])
            equal(f"{ledger}: duplicates", total["duplicates"], logs["duplicates"])
            roots = [one["counts"] for one in packet["controls"] if one["id"] == "root-api-activity"]
            for counts in roots:
                equal(f"{ledger}: calls by root", counts["exceptions"] + counts["attempts"], logs["root"])
        equal(f"{ledger}: the control of root calls is there", any(
            one["id"] == "root-api-activity" for packet in all_packets for one in packet["controls"]), True)
        return cost

    def of_sets(self, smaller, larger):
        """Memory, reports and second scans of a set and of a larger one."""
        found = {}
        for name, logs in (("smaller", smaller), ("larger", larger)):
            ledger = f"{name}.ledger"
            found[name, 1] = self.scan(logs, ledger)
            found[name, "again"] = self.scan(logs, ledger)
            found[name, 2] = self.scan(logs, f"{name}-two.ledger", "2")
            found[name, "report"] = self.report(logs, ledger)
        for what, words in ((1, "scan, one thread"), (2, "scan, two threads"), ("report", "report")):
            first, second = found["smaller", what].megabytes, found["larger", what].megabytes
            figure(f"{words}, memory of the smaller set", first, " MB")
            figure(f"{words}, memory of the larger set", second, " MB")
            figure(f"{words}, growth of memory", 100 * (second / first - 1), " %")
        for name in ("smaller", "larger"):
            first = found[name, 1].cpu
            figure(f"report / scan, CPU, {name} set", found[name, "report"].cpu / first)
        for name in ("smaller", "larger"):
            first = found[name, 1].cpu
            figure(f"second scan / first, CPU, {name} set", found[name, "again"].cpu / first)
        return found["smaller", "report"].cpu / smaller["kept"]

    def of_large_files(self, logs):
        cost = self.scan(logs, "large-files.ledger")
        self.report(logs, "large-files.ledger")
        figure("scan of files of 50 MB, memory", cost.megabytes, " MB")

    def of_huge_file(self, megabytes):
        """One gzip file that unpacks to more than the limit: refused by name, and not held."""
        name = "111122223333_CloudTrail_us-east-1_20261005T1000Z_abcdefghijklmnop.json.gz"
        folder = self.work / "huge/AWSLogs/111122223333/CloudTrail/us-east-1/2026/10/05"
        folder.mkdir(parents=True)
        write_huge(folder / name, megabytes)
        ledger = self.work / "huge.ledger"
        words = [self.program, "scan", self.work / "huge", "--ledger", ledger, "--threads", "1"]
        told = subprocess.run(words, capture_output=True, text=True)
        equal("a file above the limit is named as refused", name in told.stderr and "limit" in told.stderr, True)
        ledger.unlink(missing_ok=True)
        cost = run([*words, "-q"], good=(told.returncode,))
        figure("scan of a file above the limit, memory", cost.megabytes, " MB")

    def of_exceptions(self, logs, cost_of_a_record):
        scan = self.scan(logs, "exceptions.ledger")
        report = self.report(logs, "exceptions.ledger")
        print(f"exceptions in the set of exceptions: {logs['root']}")
        figure("report of many exceptions / scan, CPU", report.cpu / scan.cpu)
        figure("report of many exceptions / of few, CPU for each record", report.cpu / logs["kept"] / cost_of_a_record)
        figure("report of many exceptions, memory", report.megabytes, " MB")

    def of_peer(self, logs):
        """The same tests by both, one thread each; the counts must be equal."""
        try:
            import duckdb
        except ImportError:
            print("skipped: DuckDB, which is not installed")
            return
        controls, out, counts = (self.work / name for name in ("controls", "peer", "peer.json"))
        write_controls(controls)
        own = ["--controls", controls]
        ours = self.scan(logs, "peer.ledger", "1", *own)
        theirs = run([sys.executable, "-c", PEER, json.dumps(tests()), logs["logs"], counts], good=(0,))
        run([self.program, "report", "--ledger", self.work / "peer.ledger", "--out", out, "-q", *own, *period(logs), *STATED])
        listed = {one["id"]: one["counts"]["listed"] for packet in packets(out) for one in packet["controls"]}
        expected = json.loads(counts.read_text())
        equal("tests that both do", sorted(listed), sorted(tests()))
        for name in tests():
            equal(f"{name}, listed by attestrail and counted by DuckDB", listed[name], expected.get(name, 0))
        print(f"records that {len(listed)} tests of both found: {sum(listed.values())}")
        version = f"DuckDB {duckdb.__version__}"
        figure(f"{version} / scan, the same {len(tests())} tests and counts, CPU", theirs.cpu / ours.cpu)
        figure(f"{version}, memory", theirs.megabytes, " MB")


def write_huge(path, megabytes):
    """Different texts of one length, so that it is as dense as logs are and quickly made."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    with open(path, "wb") as file:
        file.write(packer.compress(b'{"Records":['))
        for part in range(megabytes):
            block = b"".join(b'{"eventID":"%08x"},' % (part * 7919 + at * 104729 & 0xFFFFFFFF) for at in range(1000))
            file.write(packer.compress(block * (1_000_000 // len(block))))
        file.write(packer.compress(b"{}]}") + packer.flush())


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


def main():
    program, sets = sys.argv[1], json.loads(Path(sys.argv[2]).read_text())
    with tempfile.TemporaryDirectory(prefix="bench-", dir=Path(sys.argv[2]).parent) as folder:
        bench = Bench(program, Path(folder))
        cost_of_a_record = bench.of_sets(sets["smaller"], sets["larger"])
        bench.of_large_files(sets["large-files"])
        bench.of_huge_file(sets["huge-megabytes"])
        bench.of_exceptions(sets["exceptions"], cost_of_a_record)
        bench.of_peer(sets["smaller"])


main()
