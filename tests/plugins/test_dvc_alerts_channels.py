"""Channels are made of Airflow's connections; one that cannot be is named without its secret."""

import json

import pytest
from dvc_alerts_channels import channel, channels

from include.errors import PipelineError


@pytest.mark.parametrize(
    ("held", "problem"),
    [
        (None, "has no such connection.\n  Next: add it, as by AIRFLOW_CONN_ANY."),
        ({"conn_type": "smpt", "host": "h"}, "of the type 'smpt'. Did you mean 'smtp'?"),
        ({"conn_type": "http", "host": "http://example.com"}, "url: Value error, the URL is https"),
        ({"conn_type": "smtp", "host": "h", "password": "pw", "extra": {"to": "a"}}, "sender: "),
        ({"conn_type": "http", "host": "https://h", "extra": {"hedaers": {}}}, "hedaers: Extra"),
    ],
    ids=["none", "misspelt", "in the open", "without a sender", "an unknown setting"],
)
def test_a_connection_that_cannot_be_used_is_named_without_its_secret(monkeypatch, held, problem):
    if held:
        monkeypatch.setenv("AIRFLOW_CONN_ANY", json.dumps(held))
    with pytest.raises(PipelineError) as error:
        channel("any")
    assert problem in str(error.value) and "pw" not in str(error.value)


def test_a_webhook_and_mail_are_made_of_their_connections(monkeypatch):
    monkeypatch.setenv("AIRFLOW__LEEWAY__ALERTS", "log,hook,post,log,,none")
    hook = {"conn_type": "http", "host": "https://h/x?key=1", "password": "s"}
    monkeypatch.setenv("AIRFLOW_CONN_HOOK", json.dumps({**hook, "extra": {"timeout_s": 3}}))
    more = {"from_email": "a@example.com", "to": "b@example.com, c@example.com", "tls": "ssl"}
    post = {"conn_type": "smtp", "host": "localhost", "port": 0, "extra": {**more, "timeout_s": 5}}
    monkeypatch.setenv("AIRFLOW_CONN_POST", json.dumps(post))
    (_, web, mail), [problem] = channels()
    assert (web.place.url, web.place.secret, web.place.timeout_s) == ("https://h/x?key=1", "s", 3)
    assert (mail.server.port, mail.server.to) == (465, ("b@example.com", "c@example.com"))
    assert "names 'none'" in problem
