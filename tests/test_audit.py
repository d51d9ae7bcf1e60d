"""An audit finds what is known, ignores nothing silently, and says when nothing can be known."""

import json
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from include import audit
from include.errors import DataError

ROOT = Path(__file__).parents[1]
OLD = {"id": "PYSEC-2019-217", "aliases": ["CVE-2019-10906"], "affected": []}
WEAK = {
    "id": "GHSA-aaaa",
    "aliases": ["CVE-2026-1"],
    "affected": [
        {
            "package": {"name": "weak", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}],
            "versions": ["1.0"],
        }
    ],
}


class Osv(BaseHTTPRequestHandler):
    """OSV's API: it knows an old weakness, and one of the package `weak`."""

    known: dict[str, list[object]] = {}  # noqa: RUF012

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps({"vulns": self.known.get(asked["package"]["name"], [])}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A source, in a folder with a lock of a weak package and a sound one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Osv, "known", {"jinja2": [OLD], "weak": [WEAK]})
    (tmp_path / "environments").mkdir()
    (tmp_path / audit.PINS).write_text("sound==1.0\nweak==1.0\n")
    (tmp_path / "advisories.yaml").write_text("[]\n")
    with ThreadingHTTPServer(("127.0.0.1", 0), Osv) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()


def review(**change: object) -> str:
    """advisories.yaml with the weakness of `weak`."""
    today = date.today().isoformat()
    entry = {
        "id": "CVE-2026-1",
        "package": "weak",
        "reason": "we call none of it",
        "reviewed": today,
    }
    return json.dumps([{**entry, **change}])


def test_a_weakness_is_found_and_says_what_mends_it(url, capsys):
    assert audit.main(["--osv-url", url]) == 1
    out, err = capsys.readouterr()
    assert out == "found: weak 1.0: CVE-2026-1 = GHSA-aaaa; mended in 1.1\n"
    assert err.startswith(
        "audit: 1 advisories to see to.\n  Next: raise the pins in pyproject.toml"
    )


def test_a_weakness_that_was_reviewed_stays_and_is_shown(url, capsys):
    Path("advisories.yaml").write_text(review())
    assert audit.main(["--osv-url", url]) == 0
    assert "stays: weak 1.0: CVE-2026-1 = GHSA-aaaa; " in capsys.readouterr().out


def test_a_review_is_of_one_package(url):
    Path("advisories.yaml").write_text(review(package="sound"))
    assert audit.main(["--osv-url", url]) == 1


def test_a_review_of_what_is_no_longer_found_is_to_be_removed(url, capsys):
    audit.PINS.write_text("sound==1.0\n")
    Path("advisories.yaml").write_text(review())
    assert audit.main(["--osv-url", url]) == 1
    assert (
        "lists what is no longer found: weak CVE-2026-1.\n  Next: remove" in capsys.readouterr().err
    )


def test_a_lock_without_a_weakness_is_sound(url):
    audit.PINS.write_text("sound==1.0\n")
    assert audit.main(["--osv-url", url]) == 0


def test_a_source_that_is_away_is_no_proof(url, capsys):
    assert audit.main(["--osv-url", "http://127.0.0.1:1/v1/query"]) == 75
    assert capsys.readouterr().err.startswith(
        "audit: nothing is known of 2 locked packages: sound==1.0, weak==1.0. The advisories of "
        "PyPI and OSV cannot be had from here, or lack them.\n  Next: run `make audit` where "
    )


def test_a_source_without_data_is_no_proof(url, monkeypatch):
    monkeypatch.setattr(Osv, "known", {})
    assert audit.main(["--osv-url", url]) == 75


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reason": ""}, r"is wrong at 0\.reason: .*\n  Next: give id, package, reason, reviewed"),
        ({"reviewed": None}, r"is wrong at 0\.reviewed: "),
        (
            {"reviewed": "2020-01-01"},
            r"nobody looked at for 180 days: weak CVE-2026-1 \(2020-01-01\)",
        ),
        ({"until": "2030-01-01"}, r"is wrong at 0\.until: extra inputs"),
    ],
    ids=["no reason", "no date", "long ago", "another word"],
)
def test_a_review_has_a_reason_and_a_date_not_long_ago(url, change, message):
    Path("advisories.yaml").write_text(review(**change))
    with pytest.raises(DataError, match=message):
        audit.read_reviews(Path("advisories.yaml"))
    assert audit.main(["--osv-url", url]) == 1


def test_our_own_reviews_can_be_read():
    audit.read_reviews(ROOT / "advisories.yaml")
