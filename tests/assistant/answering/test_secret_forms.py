"""A secret is told from an example of one."""

import pytest

from include.assistant.answering.secret_forms import kind_of

BODY = "MIIEow" + "a1B2" * 10


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f'"-----BEGIN PRIVATE KEY-----\\n{BODY}"', "private key"),
        (f"-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n{BODY}", "private key"),
        ("-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----", ""),
        (f"-----BEGIN PUBLIC KEY-----\n{BODY}", ""),
        (f"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n{BODY}", "private key"),
        ("token: npm_" + "a1B2" * 9, "token"),
        ("ghp_" + "a1B2" * 9, "token"),
        ("AIza" + "a1B2" * 9, "token"),
        ("sk_live_" + "a1B2" * 6, "token"),
        ("AccountName=acme;AccountKey=" + "a1B2" * 21 + "==", "token"),
        ("https://hooks.slack.com/services/T1/B2/a1B2c3", "token"),
        ("aws_secret_access_key = " + "a1B2/" * 8, "token"),
        ("AKIAIOSFODNN7EXAMPLE, sk-your-key, eyJhbGciOi", ""),
        ("aws_secret_access_key=wJalrXUtnFEMI7K7MDENG9bPxRfiCYEXAMPLEKEY", ""),
        ("redis://user:password@cache.acme.org, mysql://u:pa55word@localhost", ""),
        ("token: npm_xxxxxxxxxxxxxxxxxxxxxxxx, sk-YOUR-OWN-API-KEY-HERE", ""),
        ("mysql://u:pass%40word1@10.2.3.4/x", "password"),
        ("mysql://u:pass%40word1@db/x, mysql://u:${PASSWORD1}@db.acme.org/x", ""),
    ],
)
def test_what_may_be_real_is_named_and_an_example_is_not(text: str, kind: str) -> None:
    assert kind_of(text) == kind
