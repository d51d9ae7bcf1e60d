"""Secrets of logs reach no fact, in whatever form they stand there."""

import json
import time

import pytest
from assistant_evidence import tools

from include.assistant.investigator.gathering.logs import text
from include.assistant.investigator.secrets import hidden
from include.assistant.investigator.tools import OfLog

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmVk"
FORMS = {
    "bearer": "GET / Authorization: Bearer hunter2.abc",
    "basic": "Authorization: Basic aHVudGVyMjpodW50ZXIy",
    "header without a scheme": "Proxy-Authorization: hunter2",
    "header of few letters": "X-Authorization: Digest hunter2",
    "dict": "{'Authorization': 'Bearer hunter2abc'}",
    "alone": "sent Bearer hunter2abc to it",
    "openai": "key sk-hunter2hunter2hunter2",
    "github": "ghp_hunter2hunter2hunter2hunter2",
    "aws": "AKIAHUNTER2HUNTER2AB",
    "jwt": f"got {JWT}",
    "colon": "api_key: hunter2",
    "prefixed": "db_password: hunter2",
    "quoted": '{"password": "my hunter2"}',
    "option": "load --token hunter2 --rows 5",
    "long option": "load --db-password hunter2",
    "curl": "curl -u me:hunter2 https://host/",
    "signed": "GET https://host/a?X-Amz-Signature=hunter2&X-Amz-Credential=hunter2/s3",
    "url": "postgres://me:hunter2@host/db",
    "digits": "postgres://me:271828@host/db",
    "words": "the password is hunter2",
    "key": "-----BEGIN RSA PRIVATE KEY-----\nhunter2\nhunter2==\n-----END RSA PRIVATE KEY-----",
    "key without an end": "-----BEGIN PRIVATE KEY-----\nINFO hunter2hunter2hunter2\nINFO done",
}
GONE = ("hunter2", "HUNTER2", "271828", "aHVudGVy", JWT)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_secret_is_in_no_fact_and_is_found_by_no_search(tmp_path, form):
    held = tools(tmp_path, logs={"load": f"one\n{form}\nlast\n"})
    told = " ".join(fact.said for fact in held.task_log(OfLog()).facts)
    assert "***" in told
    assert not [one for one in GONE if one in told]
    assert {"one", "last"} <= {*told.split()}
    assert held.task_log(OfLog(search="hunter2")).facts == ()


def test_a_key_in_many_lines_of_a_log_of_airflow_is_gathered_as_none(tmp_path):
    path = tmp_path / "attempt=1.log"
    events = [*FORMS["key"].splitlines(), "done"]
    path.write_text("".join(json.dumps({"event": one, "level": "info"}) + "\n" for one in events))
    assert text(path) == "INFO ***\n\n\n\nINFO done\n"


@pytest.mark.parametrize(
    "plain",
    [
        "basic statistics of tokens_in: 3, tokens: 5",
        'use Basic Authentication, as FSSPEC_HTTP=\'{"Authorization": "Basic ..."}\'',
        "change:train:params:budget.tokens",
        "see http://localhost:8080/a@b and ssh://git@host/x",
        "of the stage a, the code a.py was 2ad65ef469707dc37a81b32bf9d2e026",
        "Next: set password=$PASSWORD",
    ],
)
def test_what_is_no_secret_stays(plain):
    assert hidden(plain) == plain


@pytest.mark.parametrize(
    "piece", ["-----BEGIN PRIVATE KEY-----\n", "a-", "token", "basic ", "://a:", "x" * 9 + "="]
)
def test_a_text_that_begins_many_secrets_takes_no_time(piece):
    began = time.process_time()
    hidden(piece * (200_000 // len(piece)))
    assert time.process_time() - began < 5
