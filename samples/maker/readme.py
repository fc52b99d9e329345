"""The README of each scenario, with the ids of the records in it."""

QUIET = """\
# quiet-month

One organisation with one account (`{account}`), one account trail with a prefix in the path, October 2026.
Nothing is out of order.
What this scenario is about is the log set, which has holes: a packet made from it must say so and must not pass what it did not see.

Everything here is made up: documentation account ids and addresses, names of nobody.
AWS limits role session names and IAM user names to some ASCII characters; the sample goes beyond that on purpose, so that documents show that they can print other scripts.

## What is in it

| what | where | what must come of it |
| --- | --- | --- |
| Two Regions in use | `us-east-1`, `eu-west-1`, a log file every half day | covered |
| A third Region | `ap-southeast-2`, declared idle in `scope.toml` | covered by that statement |
| Three silent days | `eu-west-1`, 13 to 15 October: six log files are missing | the three days are gaps; no control can be determined |
| A broken download | `{broken}`, half a log file, beside the missing one | a notice, not a refusal: it is not a log file |
| A delivery that came twice | `{again}` | {duplicates} duplicates, each record counted once |
| No data events | `data_buckets`, `data_tables` and `data_functions` are filled in | controls on data access cannot be determined, with or without the gap |
| Records of 30 September | delivered in the first hours of October | {outside} records outside the period |
| A waiver | Block Public Access lifted for 25 minutes, CHG-1042 | waived, and still listed |

`refetched/` holds the six missing files.
`attestrail.toml` reads `logs/` alone; `attestrail-refetched.toml` reads both, and shows the month with the gap filled.

## Counts

| run | log files | records seen | duplicates | outside the period | kept |
| --- | --- | --- | --- | --- | --- |
{counts}

## What the verdicts should be

Worked out by hand from what the controls mean: a control is not determinable when an event class it needs is unproven, or an account or Region of the scope has a silent day that is not declared idle.
The same tables for programs: `expected.tsv` and `expected-refetched.tsv`; the records behind them: `expected-records.tsv`.

### `attestrail.toml`: as found

{table_found}

### `attestrail-refetched.toml`: after the missing files were fetched

{table_complete}

## Records of note

{records}
"""

INCIDENT = """\
# incident-month

An organization trail with three accounts, October 2026, and something wrong in most controls.

| account | name | Regions |
| --- | --- | --- |
| `{core}` | core: management account, owner of the trail and of the log bucket, Identity Center | us-east-1, eu-central-1 |
| `{cards}` | cards-prod | us-east-1, eu-central-1, ap-northeast-1 |
| `{clinic}` | clinic-prod | us-east-1, eu-west-1 |

Everything here is made up: documentation account ids and addresses, names of nobody.
AWS limits role session names and IAM user names to some ASCII characters; the sample goes beyond that on purpose, so that documents show that they can print other scripts.

Each account and Region has management reads and writes in every half day, and data events for the data stores are recorded.
The organization trail stood still for 100 minutes on 11 October; nothing that happened then is in the log set.
So what was not recorded cannot be ruled out: a control without exceptions is not determinable in this month.
A reading that lets 100 minutes pass would turn most of these rows into `no-exceptions`, and `pub-s3-block-off` into `waived`; it would claim more than was seen.

Some texts were chosen by somebody outside and are hostile: markup in a user agent (`{sg}`), spreadsheet formulas in a session name, a user agent and a tag (`{contractor}`), template language (`{spray}`), a reversed and an invisible text (`{ana}`), terminal escapes and line breaks (`{ana_4}`), a token of 1023 characters without a blank (`{support}`).

The record of the opened security group was delivered twice (`{again}`) and must be counted once.

## Counts

| log files | records seen | duplicates | outside the period | kept |
| --- | --- | --- | --- | --- |
{counts}

## What the verdicts should be

Worked out by hand from what the controls mean.
The same table for programs: `expected.tsv`; the records behind it: `expected-records.tsv`.

{table}

## Which record is there for what

`excluded` is inside a maintenance window.
An exception of `life-leaver-disabled` is a person, not a record; the late response is given for orientation.
An exception of `auth-failed-login-threshold` is a burst.

{records}
"""


def markdown(head, rows):
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    lines += ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def verdicts(rows):
    head = ("control", "verdict", "exceptions", "waived", "attempts", "undecided", "why")
    return markdown(head, [(f"`{row[0]}`", *row[1:]) for row in rows])


def records(truth):
    head = ("control", "role", "eventID", "event", "time", "account, Region", "why")
    rows = sorted(truth.rows, key=lambda row: (row[0], row[1], row[4], row[2]))
    return markdown(head, [(f"`{control}`", role, f"`{event_id}`", event, time, f"{account}, {region}", why)
                           for control, role, event_id, event, time, account, region, why in rows])
