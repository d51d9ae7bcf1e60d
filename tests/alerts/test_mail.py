"""Alerts by e-mail, to a real server on this machine."""

import email
import email.policy
from pathlib import Path

import mail_server
import pytest
from pydantic import ValidationError

from include.alerts.mail import Mail, Server
from include.alerts.message import Message, NotSent

MESSAGE = Message("0f" * 16, "opened", "watch:auc", "auc is löw", "The AUC is 0.65.", 1_372_636_800)


def mail(port: int, **more) -> Mail:
    held = {"host": "localhost", "port": port, "sender": "leeway@example.com", "tls": "none"}
    return Mail("leeway_smtp", Server.model_validate({**held, "to": ["ann@example.com"], **more}))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mail_server.certificate(tmp_path_factory.mktemp("certificate"))


def test_a_mail_says_what_is_wrong_since_when():
    with mail_server.serving() as server:
        mail(server.port, to=["ann@example.com", "bob@example.com"]).send(MESSAGE)
    [text] = server.mails
    found = email.message_from_string(text, policy=email.policy.default)
    assert found["Subject"] == "ALERT: auc is löw"
    assert (found["From"], found["To"]) == (
        "leeway@example.com",
        "ann@example.com, bob@example.com",
    )
    assert found["Message-ID"] == f"<{'0f' * 16}@leeway>"
    assert found.get_content_type() == "text/plain"
    assert found.get_content().splitlines() == [
        *("ALERT: auc is löw", "", "The AUC is 0.65.", ""),
        "Since 2013-07-01 00:00 UTC. Incident watch:auc.",
    ]
    assert server.to == ["<ann@example.com>", "<bob@example.com>"]


@pytest.mark.parametrize("tls", ["starttls", "ssl"])
def test_a_password_goes_through_tls_alone(certificate, tls):
    with mail_server.serving(certificate, at_once=tls == "ssl") as server:
        held = {"tls": tls, "user": "ann", "password": "secret", "ca_file": str(certificate)}
        mail(server.port, **held).send(MESSAGE)
        assert server.logins == [("ann secret", True)] and len(server.mails) == 1
        with pytest.raises(NotSent, match="certificate"):  # nobody whom this machine trusts
            mail(server.port, **{**held, "ca_file": ""}).send(MESSAGE)
        assert len(server.logins) == 1


def test_a_server_without_tls_gets_no_mail_where_it_was_asked_for():
    with mail_server.serving() as server, pytest.raises(NotSent, match="STARTTLS"):
        mail(server.port, tls="starttls").send(MESSAGE)
    assert server.mails == []
    with pytest.raises(NotSent, match="would get the password of ann in the open"):
        mail(25, host="mail.example.com", user="ann", password="secret").send(MESSAGE)


def test_a_refused_login_is_told_without_the_password():
    with mail_server.serving() as server, pytest.raises(NotSent) as error:
        mail(server.port, user="ann", password="wrong-one").send(MESSAGE)
    assert "it refuses the login (535)" in str(error.value)
    assert "wrong-one" not in str(error.value) + repr(mail(1, password="wrong-one").server)


def test_a_password_that_smtp_cannot_carry_is_told_without_it():
    with mail_server.serving() as server, pytest.raises(NotSent, match="beyond ASCII") as error:
        mail(server.port, user="ann", password="sëcret").send(MESSAGE)
    assert "sëcret" not in str(error.value) and "xeb" not in str(error.value)


def test_a_server_that_is_down_or_not_there_is_told():
    with mail_server.serving(down=True) as server, pytest.raises(NotSent, match="421"):
        mail(server.port).send(MESSAGE)
    with pytest.raises(NotSent, match="refused"):
        mail(server.port).send(MESSAGE)


def test_who_is_refused_does_not_keep_the_others_from_their_mail():
    with mail_server.serving() as server:
        mail(server.port, to=["nobody@example.com", "ann@example.com"]).send(MESSAGE)
        with pytest.raises(NotSent, match="nobody"):
            mail(server.port, to=["nobody@example.com"]).send(MESSAGE)
    assert len(server.mails) == 1


def test_a_name_with_line_ends_adds_no_header_and_no_receiver():
    title = "a\r\nBcc: eve@example.com\r\n\r\n<script>alert(1)</script>"
    evil = Message("1", "opened", "k\r\nX: y", title, "one\r\n.\r\nMAIL FROM:<eve@x>\n..", 0.0)
    with mail_server.serving() as server:
        mail(server.port).send(evil)
    [text] = server.mails
    found = email.message_from_string(text, policy=email.policy.default)
    assert found["Bcc"] is None and found["X"] is None
    assert server.to == ["<ann@example.com>"]
    assert found["Subject"] == ("ALERT: a Bcc: eve@example.com <script>alert(1)</script>")
    assert found.get_content_type() == "text/plain"


@pytest.mark.parametrize(
    "held",
    [{"sender": "a@b\r\nBcc: c@d"}, {"to": ["a@b, c@d"]}, {"to": []}, {"tls": "no"}],
    ids=str,
)
def test_settings_that_are_none_are_refused(held):
    with pytest.raises(ValidationError):
        mail(25, **held)
