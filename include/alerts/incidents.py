"""The incidents that are open, and the messages that are to go out: a file that all workers share.

An incident opens when an alarm is there, goes on while it stays, and is closed when the same alarm
is known to be gone: what was not looked at, or could not be measured, changes nothing. Opening,
closing and their messages are one transaction, so that of two workers at once one writes, and a
message that a channel did not take stays until it does.
"""

import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from include.alerts.message import Channel, Message, NotSent, told
from include.errors import PipelineError

FAILURES = 3  # of a channel, after which the rest waits: its server may be down
# Longer than any channel may take: what a worker has not told of by then, another one sends.
CLAIM_S = 600
KEPT_S = 90 * 24 * 3600  # that messages are kept after they went out
SCHEMA = """
CREATE TABLE IF NOT EXISTS incidents (
    key TEXT PRIMARY KEY, title TEXT NOT NULL, details TEXT NOT NULL, since REAL NOT NULL);
CREATE TABLE IF NOT EXISTS seen (source TEXT PRIMARY KEY, as_of TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, key TEXT NOT NULL,
    title TEXT NOT NULL, details TEXT NOT NULL, since REAL NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
    message INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE, channel TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, claimed REAL NOT NULL DEFAULT 0, sent REAL,
    PRIMARY KEY (message, channel));
"""
# Of one incident, a message waits for the one before it; those that were refused come last.
NEXT = """
SELECT number, id, kind, key, title, details, since FROM messages
JOIN deliveries ON message = number
WHERE channel = :channel AND sent IS NULL AND claimed <= :old AND NOT EXISTS (
    SELECT 1 FROM messages AS before JOIN deliveries AS its ON its.message = before.number
    WHERE its.channel = :channel AND its.sent IS NULL
    AND before.key = messages.key AND before.number < messages.number)
ORDER BY tries, number LIMIT 1
"""


@dataclass(frozen=True)
class Alarm:
    """What is wrong, for people."""

    title: str
    details: str


class Incidents:
    """The incidents of a site.

    Args:
        path: the file; its folder is there.
        clock: seconds since 1970.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.path, self.clock = path, clock
        with self.writing() as file:
            for statement in SCHEMA.split(";"):
                file.execute(statement)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: one at a time, whole or not at all."""
        file = sqlite3.connect(self.path, timeout=60, isolation_level=None)
        try:
            file.execute("PRAGMA foreign_keys = ON")
            file.execute("BEGIN IMMEDIATE")
            yield file
            file.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            what = f"The incidents in {self.path} cannot be read or written: {error}."
            fix = "see that the disk has room; if the file is damaged, move it away."
            raise PipelineError(what, fix) from error
        finally:
            file.close()  # what was not committed is not there

    def report(
        self, source: str, as_of: str, found: Mapping[str, Alarm | None], channels: Sequence[str]
    ) -> list[str]:
        """Open and close incidents by what was looked at; give the subjects of new messages.

        Args:
            source: who looked; a report that is older than the last one of a source says nothing.
            as_of: when it was so, as a text that sorts: a task may be cleared long after.
            found: by key, the alarm, or None where all is well; other incidents stay as they are.
            channels: the names of those that are to tell.
        """
        with self.writing() as file:
            row = file.execute("SELECT as_of FROM seen WHERE source = ?", [source]).fetchone()
            if row and row[0] > as_of:
                return []
            file.execute("INSERT OR REPLACE INTO seen VALUES (?, ?)", [source, as_of])
            changes = (self.change(file, told(key), alarm) for key, alarm in found.items())
            made = [message for message in changes if message]
            for message in made:
                queue(file, message, channels)
            return [message.subject for message in made]

    def change(self, file: sqlite3.Connection, key: str, alarm: Alarm | None) -> Message | None:
        """Open, keep or close the incident of a key; the message that it is worth."""
        row = file.execute("SELECT title, details, since FROM incidents WHERE key = ?", [key])
        held = row.fetchone()
        if alarm is None:
            file.execute("DELETE FROM incidents WHERE key = ?", [key])
            return Message(uuid.uuid4().hex, "resolved", key, *held) if held else None
        title, details = told(alarm.title), told(alarm.details)
        if held:
            new = [title, details, key]
            file.execute("UPDATE incidents SET title = ?, details = ? WHERE key = ?", new)
            return None
        since = self.clock()
        file.execute("INSERT INTO incidents VALUES (?, ?, ?, ?)", [key, title, details, since])
        return Message(uuid.uuid4().hex, "opened", key, title, details, since)

    def deliver(self, channels: Sequence[Channel]) -> list[str]:
        """Send what waits; give what went wrong, in words.

        A worker that dies between sending and saying so sends again: rather twice than never. The
        message has the same id then.
        """
        problems = [problem for channel in channels for problem in self.deliver_by(channel)]
        self.forget()
        return problems

    def deliver_by(self, channel: Channel) -> list[str]:
        """Send what waits for one channel."""
        failed: dict[int, str] = {}
        while len(failed) < FAILURES and (claimed := self.claim(channel.name)):
            number, message = claimed
            try:
                channel.send(message)
            except NotSent as error:
                failed[number] = f"{channel.name}: {' '.join(str(error).split())}"
            except Exception as error:  # its words may have a secret, and others are to be told
                failed[number] = f"{channel.name}: it ended in {type(error).__name__}"
            else:
                self.note(channel.name, number, "sent = ?, tries = tries + 1", self.clock())
        for number in failed:  # not before, or this worker would take it again at once
            self.note(channel.name, number, "claimed = ?, tries = tries + 1", 0)
        return [*failed.values()]

    def claim(self, channel: str) -> tuple[int, Message] | None:
        """A message that waits for a channel, and that nobody else sends."""
        with self.writing() as file:
            old = {"channel": channel, "old": self.clock() - CLAIM_S}
            row = file.execute(NEXT, old).fetchone()
            if row is None:
                return None
            held = "UPDATE deliveries SET claimed = ? WHERE message = ? AND channel = ?"
            file.execute(held, [self.clock(), row[0], channel])
            return row[0], Message(*row[1:])

    def note(self, channel: str, number: int, change: str, value: float) -> None:
        """Say how it went with a message."""
        with self.writing() as file:
            update = f"UPDATE deliveries SET {change} WHERE message = ? AND channel = ?"
            file.execute(update, [value, number, channel])

    def waiting(self, channels: Sequence[str]) -> int:
        """How many messages some of the channels have not taken yet."""
        with self.writing() as file:
            count = "SELECT message, channel FROM deliveries WHERE sent IS NULL"
            return len({message for message, name in file.execute(count) if name in channels})

    def open(self) -> dict[str, Alarm]:
        """The incidents that are open."""
        with self.writing() as file:
            rows = file.execute("SELECT key, title, details FROM incidents ORDER BY since, key")
            return {key: Alarm(title, details) for key, title, details in rows}

    def since(self, key: str) -> datetime | None:
        """When the incident of a key was opened; None if it is not open."""
        with self.writing() as file:
            row = file.execute("SELECT since FROM incidents WHERE key = ?", [told(key)]).fetchone()
            return datetime.fromtimestamp(row[0], UTC) if row else None

    def forget(self) -> None:
        """Remove messages that went out everywhere long ago."""
        with self.writing() as file:
            file.execute(
                "DELETE FROM messages WHERE number NOT IN (SELECT message FROM deliveries"
                " WHERE sent IS NULL OR sent > ?)",
                [self.clock() - KEPT_S],
            )


def queue(file: sqlite3.Connection, message: Message, channels: Sequence[str]) -> None:
    """Let a message wait for each channel."""
    about = [message.id, message.kind, message.key, message.title, message.details, message.since]
    number = file.execute(
        "INSERT INTO messages (id, kind, key, title, details, since) VALUES (?, ?, ?, ?, ?, ?)",
        about,
    ).lastrowid
    for channel in dict.fromkeys(channels):
        file.execute("INSERT INTO deliveries (message, channel) VALUES (?, ?)", [number, channel])
