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
FERNET = "81HqDtbqAywKSOumSha3BhWNOdQ26slT6K0YaZeZyPs="
FORMS |= {
    "fernet": f"cannot decrypt with {FERNET}",
    "fernet in code": f"f = Fernet(b'{FERNET}')",
    "fernet of few letters": "f = Fernet(b'hunter2')",
    "base64": "sent Zm9vYmFyQmF6UXV4MTIzNDU2Nzg5MGFiY2RlZg to it",
    "changed to": "The password was changed to hunter2",
    "changed from and to": "password for svc changed from hunter2a to hunter2b",
    "set to": "the api key has been set to 'hunter2'",
    "auth": "requests.get(url, auth=('me', 'hunter2'))",
    "auth of a class": 'HTTPBasicAuth("me", "hunter2")',
    "pair of bytes": "headers=[(b'x-api-key', b'hunter2')]",
    "pair": "headers=[('Authorization', 'hunter2')]",
    "cookie": "Cookie: a=b; sid=hunter2",
    "sshpass": "sshpass -p hunter2 ssh host",
    "mysql": "mysql -u root -phunter2 rows",
    "login": "login svc / hunter2",
    "oracle": "jdbc:oracle:thin:scott/hunter2@//host:1521/x",
    "after the word": "pass the token hunter2hunter2 to it",
    "once": "otp 271828",
    "vault": "hvs.CAESIJhunter2hunter2hunter2",
    "databricks": "dapi271828271828abcdef271828abcdef01",
    "stripe": "sk_test_51H8hunter2hunter2",
    "sendgrid": "SG.hunter2hunter2hunter2.hunter2hunter2hunter2",
    "google": "ya29.a0AfH6hunter2hunter2",
    "slack": "POST https://hooks.slack.com/services/T0/B0/hunter2",
}
FORMS |= {
    "coloured": "\x1b[36mpassword\x1b[0m=\x1b[35mhunter2hunter\x1b[0m",
    "coloured within": "pass\x1b[1mword\x1b[0m=hunter2",
    "coloured before a colon": "\x1b[1mapi_key\x1b[0m: hunter2",
    "coloured as code": r"\x1b[36mpassword\x1b[0m=\033[35mhunter2\033[0m",
    "a link of a terminal": "\x1b]8;;x\x07password\x1b]8;;\x07=hunter2",
    "zero width": "pass\u200bword=hunter2",
    "soft hyphen": "to\u00adken=hunter2",
    "full width": "ｐａｓｓｗｏｒｄ＝hunter2",
    "look-alikes": "раssword=hunter2",
    "whose": "Password for user bob: hunter2",
    "of whom": "the password of bob@host is set, password of bob@host = hunter2",
    "German": "Passwort: hunter2",
    "German too": "kennwort=hunter2",
    "French": "Mot de passe : hunter2",
    "arrow": "db password → hunter2",
    "arrow of Ruby": ":password => 'hunter2'",
    "capitals": "PASSWORD hunter2x9",
    "client secret": "client_secret hunter2x",
    "short name": "pw: hunter2",
    "aws secret": "secret hunter2FEMI/K7MDENG/bPxRfiCYEXAMPLEKEYabc",
}
GONE = ("hunter2", "HUNTER2", "271828", "aHVudGVy", "Zm9vYmFy", JWT, FERNET)


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


ORDINARY = """\
INFO DAG bundles loaded: leeway
INFO Filling up the DagBag from /leeway/repository/dags/flight_delays.py
INFO The run is manual__2026-11-30T11:00:27.314787+00:00, try 1 of 3
INFO Its workspace is /home/ml/.airflow/leeway/runs/flight_delays.scheduled__2025-03-01T000000+0000
INFO scheduled__2025-03-01T000000+0000 follows FlightDelaysV2-manual__2025-02-28T134500-0100
INFO ti_id=01a22c1c-fefe-7b44-9a3a-bb9b8ffd893e, traceparent 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
INFO commit 40eb282f1d9a3c5b7e8f90123456789abcdef012 of main, tree da759ad
INFO md5 2ad65ef469707dc37a81b32bf9d2e026.dir of data/features; Model-9f86d081884c7d659a2feaa0c55ad015
INFO sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
INFO apache-airflow==3.3.0, dvc 3.67.1, xgboost 3.2.0 on Python 3.11.14 (main, Oct 9 2025)
INFO s3://bucket/Rows/year=2025/month=03/part-00000-tid-4815162342.c000.snappy.parquet
INFO airflow.providers.amazon.aws.transfers.S3ToRedshiftOperator2 in ExternalTaskSensorV2ForDatasets
INFO 20 of 20 stages have nothing to do: include/assistant/dvc.yaml:fetch_docs, parse_docs
WARNING The token count is 1,234; 12 tokens went in, tokens: 3
ERROR Task failed with exception StageFailed: load: 5,642 visits have 3,895 ids, twice or more: 6-0, 6-1.
INFO Task instance state updated to up_for_retry at 2026-11-30T11:00:51.108780Z; exit code -9
"""


def test_an_ordinary_log_of_airflow_stays_readable():
    assert hidden(ORDINARY) == ORDINARY


@pytest.mark.parametrize(
    "plain",
    [
        "basic statistics of tokens_in: 3, tokens: 5",
        'use Basic Authentication, as FSSPEC_HTTP=\'{"Authorization": "Basic ..."}\'',
        "change:train:params:budget.tokens",
        "see http://localhost:8080/a@b and ssh://git@host/x",
        "of the stage a, the code a.py was 2ad65ef469707dc37a81b32bf9d2e026",
        "Next: set password=$PASSWORD",
        "the password was changed to another one, the token was reset to null",
        "Überall stehen 10² Zeilen … ﬁne, naïve",
        "the columns ('token', 'rows', 'city'); Basic, 'user', 'page'",
    ],
)
def test_what_is_no_secret_stays(plain):
    assert hidden(plain) == plain


@pytest.mark.parametrize(
    "piece",
    [
        "-----BEGIN PRIVATE KEY-----\n",
        "a-",
        "token",
        "basic ",
        "://a:",
        "x" * 9 + "=",
        "mysql ",
        "auth('",
        "('token', '",
        "token set to ",
    ],
)
def test_a_text_that_begins_many_secrets_takes_no_time(piece):
    began = time.process_time()
    hidden(piece * (200_000 // len(piece)))
    assert time.process_time() - began < 5
