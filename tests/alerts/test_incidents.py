"""One alert per incident, whoever sees it, and none is lost."""

import threading
from pathlib import Path

import pytest

from include.alerts.incidents import Alarm, Incidents
from include.alerts.message import Message, NotSent
from include.errors import PipelineError

BAD = Alarm("auc is low", "The AUC is 0.65; at least 0.7 is asked for.")


class Taking:
    """A channel that takes what it is told to take."""

    def __init__(self, name: str = "test", refuses=lambda message: False) -> None:
        self.name, self.refuses, self.got = name, refuses, list[Message]()

    def send(self, message: Message) -> None:
        if self.refuses(message):
            raise NotSent("The server is down.", "wait.")
        self.got.append(message)

    @property
    def said(self) -> list[str]:
        return [message.subject for message in self.got]


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kept(tmp_path: Path, clock: Clock) -> Incidents:
    return Incidents(tmp_path / "alerts.db", clock)


def report(kept: Incidents, as_of: str, **found: Alarm | None) -> list[str]:
    return kept.report("watch", as_of, found, ["test"])


def test_an_incident_is_told_once_and_its_end_once(kept):
    channel = Taking()
    for month in ("06", "07", "08"):  # it goes on for three windows
        report(kept, month, auc=BAD)
        assert kept.deliver([channel]) == []
    for month in ("09", "10"):
        report(kept, month, auc=None)
        assert kept.deliver([channel]) == []
    assert channel.said == ["ALERT: auc is low", "Resolved: auc is low"]
    assert kept.open() == {}
    report(kept, "11", auc=BAD)
    kept.deliver([channel])
    assert len({message.id for message in channel.got}) == 3


def test_what_was_not_looked_at_stays_as_it_is(kept):
    report(kept, "06", auc=BAD, cost=Alarm("too dear", ""))
    assert report(kept, "07", cost=None) == ["Resolved: too dear"]
    assert [*kept.open()] == ["auc"]


def test_a_cleared_task_of_an_old_window_opens_and_closes_nothing(kept):
    report(kept, "2013-08", auc=BAD)
    assert report(kept, "2013-05", auc=None, cost=BAD) == []
    assert [*kept.open()] == ["auc"]
    assert report(kept, "2013-08", auc=BAD) == []  # tried again


def test_the_newest_numbers_of_an_incident_are_in_its_end(kept):
    report(kept, "06", auc=BAD)
    report(kept, "07", auc=Alarm("auc is low", "The AUC is 0.61."))
    report(kept, "08", auc=None)
    channel = Taking()
    kept.deliver([channel])
    assert "The AUC is 0.61." in channel.got[-1].body
    assert channel.got[-1].since == channel.got[0].since


def test_a_server_that_is_down_loses_no_message_nor_the_order_of_an_incident(kept):
    down = Taking(refuses=lambda message: True)
    report(kept, "06", auc=BAD, cost=Alarm("too dear", ""))
    report(kept, "07", auc=None)
    assert kept.deliver([down]) == ["test: The server is down. Next: wait."] * 2
    assert kept.waiting(["test"]) == 3
    up = Taking()
    assert kept.deliver([up]) == []
    assert sorted(up.said) == ["ALERT: auc is low", "ALERT: too dear", "Resolved: auc is low"]
    assert up.said.index("ALERT: auc is low") < up.said.index("Resolved: auc is low")
    assert (kept.waiting(["test"]), kept.deliver([up]), len(up.got)) == (0, [], 3)


def test_one_message_that_is_never_taken_does_not_stop_the_others(kept):
    picky = Taking(refuses=lambda message: message.key == "poison")
    for number in range(5):
        report(kept, f"0{number}", **{"poison": BAD, f"other{number}": BAD})
        kept.deliver([picky])
    assert [message.key for message in picky.got] == [f"other{number}" for number in range(5)]
    assert kept.waiting(["test"]) == 1


def test_a_channel_that_fails_holds_no_other_back(kept):
    down, up = Taking("down", lambda message: True), Taking("up")
    kept.report("watch", "06", {"auc": BAD}, ["down", "up"])
    assert len(kept.deliver([down, up])) == 1
    assert (len(up.got), kept.waiting(["down", "up"]), kept.waiting(["up"])) == (1, 1, 0)


def test_a_channel_that_breaks_is_told_by_the_name_of_its_error_and_holds_no_other_back(kept):
    def breaks(message: Message) -> bool:
        raise RuntimeError("the password is secret")

    broken, up = Taking("broken", breaks), Taking("up")
    kept.report("watch", "06", {"auc": BAD}, ["broken", "up"])
    assert kept.deliver([broken, up]) == ["broken: it ended in RuntimeError"]
    assert (len(up.got), kept.waiting(["broken"])) == (1, 1)


def test_of_many_workers_at_once_one_tells(kept, tmp_path):
    channel = Taking()
    together = threading.Barrier(8)

    def work() -> None:
        mine = Incidents(tmp_path / "alerts.db")
        together.wait()
        report(mine, "06", auc=BAD)
        mine.deliver([channel])

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert channel.said == ["ALERT: auc is low"]


def test_what_a_worker_had_in_hand_when_it_died_is_sent_by_another(kept, clock):
    report(kept, "06", auc=BAD)
    assert kept.claim("test") is not None  # and then it is killed
    channel = Taking()
    kept.deliver([channel])
    assert channel.got == []  # it may still be at it
    clock.now += 601
    kept.deliver([channel])
    assert len(channel.got) == 1


def test_an_error_of_ours_while_writing_changes_nothing(kept):
    with pytest.raises(AttributeError):
        kept.report("watch", "06", {"auc": BAD, "broken": 1}, ["test"])  # type: ignore[dict-item]
    assert kept.open() == {} and kept.waiting(["test"]) == 0


def test_a_damaged_file_is_named_with_what_to_do(tmp_path):
    (tmp_path / "alerts.db").write_text("no database, and long enough to be looked at" * 100)
    with pytest.raises(PipelineError, match=r"(?s)alerts.db cannot be .* move it away"):
        Incidents(tmp_path / "alerts.db")


def test_messages_that_went_out_long_ago_are_forgotten(kept, clock):
    channel = Taking()
    report(kept, "06", auc=BAD)
    kept.deliver([channel])
    clock.now += 91 * 24 * 3600
    kept.deliver([channel])
    with kept.writing() as file:
        assert file.execute("SELECT COUNT(*) FROM messages").fetchone() == (0,)
        assert file.execute("SELECT COUNT(*) FROM deliveries").fetchone() == (0,)
    assert [*kept.open()] == ["auc"]


def test_no_name_breaks_a_line_or_a_file_and_no_secret_is_told(kept):
    name = "a\r\nBcc: all@example.com\n\u202e\udcff"
    details = "see https://ann:secret@host/x\nline two"
    report(kept, "06", **{name: Alarm(name, details)})
    channel = Taking()
    kept.deliver([channel])
    [message] = channel.got
    assert message.subject == "ALERT: a Bcc: all@example.com ?"
    assert "secret" not in message.body
    assert message.body.splitlines()[2:4] == ["see https://***@host/x", "line two"]
