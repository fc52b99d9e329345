"""Delivery: which log file holds which record, and the files as CloudTrail would name them.

One file holds half a day of one account and Region. It lies in the folder of the day on which it
was delivered, so that the evening of a day lies in the folder of the next one.
"""

import json
import struct
import zlib
from datetime import timedelta
from pathlib import Path

from .records import ALPHANUMERIC, at, text

HALF = timedelta(hours=12)


def gzip_bytes(content):
    """One gzip member without time and name, so that equal content gives equal bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packer.compress(content) + packer.flush()
    head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    return head + body + struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF)


def window_of(stamp):
    """The start of the half day in which `eventTime` lies."""
    instant = at(stamp.rstrip("Z"))
    return instant.replace(hour=0 if instant.hour < 12 else 12, minute=0, second=0)


def file_key(prefix, account, region, delivered, name):
    """Prefix, AWSLogs folder and file name of one log file."""
    unique = text(16, ALPHANUMERIC, "unique", account, region, delivered, name)
    return (f"{prefix}/{account}/CloudTrail/{region}/{delivered:%Y/%m/%d}/"
            f"{account}_CloudTrail_{region}_{delivered:%Y%m%dT%H%MZ}_{unique}.json.gz")


class LogSet:
    """Records on their way into files."""

    def __init__(self, scenario, prefix):
        self.scenario = scenario
        self.prefix = prefix
        self.records = []

    def add(self, *records):
        self.records.extend(records)

    def drop(self, test):
        """Takes out what was never recorded."""
        self.records = [one for one in self.records if not test(one)]

    def files(self):
        """Key and records of every file; the order of records in a file means nothing, as in real ones."""
        groups = {}
        for one in self.records:
            place = (one["recipientAccountId"], one["awsRegion"], window_of(one["eventTime"]))
            groups.setdefault(place, []).append(one)
        for (account, region, window), members in sorted(groups.items()):
            minutes = 3 + sum(map(ord, region + account)) % 5
            delivered = window + HALF + timedelta(minutes=minutes)
            members.sort(key=lambda one: text(8, ALPHANUMERIC, "order", one["eventID"]))
            yield file_key(self.prefix, account, region, delivered, self.scenario), members


def content(records):
    """The text of a log file: one object, no line breaks."""
    return json.dumps({"Records": records}, ensure_ascii=False, separators=(",", ":")).encode()


def write(root, key, data):
    path = Path(root) / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def write_text(path, lines):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(lines, encoding="utf-8", newline="\n")


def table(head, rows):
    """Tab-separated values with a head line."""
    return "".join("\t".join(str(cell) for cell in row) + "\n" for row in [head, *rows])


class Truth:
    """What a control must say about single records, noted where the record is made."""

    def __init__(self):
        self.rows = []

    def note(self, control, role, record, why):
        self.rows.append((control, role, record["eventID"], record["eventName"], record["eventTime"],
                          record["recipientAccountId"], record["awsRegion"], why))

    def count(self, control, role):
        return sum(1 for row in self.rows if row[0] == control and row[1] == role)

    def lines(self):
        head = ("control", "role", "event-id", "event-name", "event-time", "account", "region", "why")
        return table(head, sorted(self.rows, key=lambda row: (row[0], row[1], row[4], row[2])))
