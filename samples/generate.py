#!/usr/bin/env python3
"""Writes the sample scenarios `quiet-month` and `incident-month` beside this file.

    python3 samples/generate.py            writes both
    python3 samples/generate.py --check    writes nothing; says whether the committed files are what would be written

Needs Python 3.9 or newer and nothing else. It has no clock and no randomness: the same files come out each time,
byte for byte. Compressed bytes depend on the zlib that Python was built with, so `--check` compares log files inflated.
"""

import argparse
import gzip
import shutil
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True

from maker import incident_month, quiet_month, readme  # noqa: E402
from maker.delivery import table, write_text  # noqa: E402

HEAD = ("control", "verdict", "exceptions", "waived", "attempts", "undecided")
INTAKE = ("run", "files", "records", "duplicates", "outside-period", "kept")


def write_quiet(target):
    told = quiet_month.build(target)
    found, complete = list(quiet_month.expected(False)), list(quiet_month.expected(True))
    write_text(target / "expected.tsv", table(HEAD, [row[:6] for row in found]))
    write_text(target / "expected-refetched.tsv", table(HEAD, [row[:6] for row in complete]))
    write_text(target / "expected-records.tsv", told["truth"].lines())
    count = told["counts"]
    kept = count["records"] - count["duplicates"] - count["outside"]
    intake = [
        ("attestrail.toml", count["files"], count["records"], count["duplicates"], count["outside"], kept),
        ("attestrail-refetched.toml", count["files"] + count["refetched_files"],
         count["records"] + count["refetched_records"], count["duplicates"], count["outside"],
         kept + count["refetched_records"]),
    ]
    write_text(target / "expected-intake.tsv", table(INTAKE, intake))
    write_text(target / "README.md", readme.QUIET.format(
        account=quiet_month.ACCOUNT, broken=told["broken"], again=told["again"], duplicates=count["duplicates"],
        outside=count["outside"], counts="\n".join("| " + " | ".join(map(str, row)) + " |" for row in intake),
        table_found=readme.verdicts(found), table_complete=readme.verdicts(complete),
        records=readme.records(told["truth"])))


def write_incident(target):
    told = incident_month.build(target)
    rows = list(incident_month.expected(told["truth"]))
    write_text(target / "expected.tsv", table(HEAD, [row[:6] for row in rows]))
    write_text(target / "expected-records.tsv", told["truth"].lines())
    count = told["counts"]
    kept = count["records"] - count["duplicates"] - count["outside"]
    intake = (count["files"], count["records"], count["duplicates"], count["outside"], kept)
    write_text(target / "expected-intake.tsv", table(INTAKE, [("attestrail.toml", *intake)]))

    def first(control, role, *words):
        return next(row[2] for row in told["truth"].rows
                    if row[0] == control and row[1] == role and all(word in row for word in words))

    write_text(target / "README.md", readme.INCIDENT.format(
        core=incident_month.CORE, cards=incident_month.CARDS, clinic=incident_month.CLINIC, again=told["again"],
        sg=first("net-sg-open-world", "exception"), contractor=first("iam-change-by-approved", "exception", "CreateUser"),
        spray=first("auth-failed-login-threshold", "burst 2"), ana=first("life-leaver-activity", "exception"),
        ana_4=first("life-leaver-activity", "exception", "DescribeInstances"),
        support=first("data-access-approved", "exception"), counts="| " + " | ".join(map(str, intake)) + " |",
        table=readme.verdicts(rows), records=readme.records(told["truth"])))


SCENARIOS = {quiet_month.NAME: write_quiet, incident_month.NAME: write_incident}


def meaning(path):
    """The bytes of a file; those inside of a log file."""
    data = path.read_bytes()
    return gzip.decompress(data) if path.name.endswith(".json.gz") else data


def tree(root):
    return {path.relative_to(root).as_posix(): path for path in sorted(root.rglob("*")) if path.is_file()}


def differences(committed, fresh):
    old, new = tree(committed), tree(fresh)
    for name in sorted(old.keys() | new.keys()):
        if name.startswith("packets/"):
            continue
        if name not in new:
            yield f"{name}: is not written by the generator"
        elif name not in old:
            yield f"{name}: is missing"
        # Half a compressed file cannot be inflated, and its bytes depend on the zlib.
        elif not name.endswith(".6a3F91bC") and meaning(old[name]) != meaning(new[name]):
            yield f"{name}: differs"


def main():
    parser = argparse.ArgumentParser(description="Writes the sample scenarios.")
    parser.add_argument("--check", action="store_true", help="compare with the committed files and write nothing")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent, help="folder to write to")
    options = parser.parse_args()
    wrong = 0
    for name, write in SCENARIOS.items():
        if options.check:
            with tempfile.TemporaryDirectory() as fresh:
                write(Path(fresh))
                for line in differences(options.out / name, Path(fresh)):
                    print(f"samples/{name}/{line}")
                    wrong += 1
        else:
            for stale in ("logs", "refetched"):
                shutil.rmtree(options.out / name / stale, ignore_errors=True)
            write(options.out / name)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
