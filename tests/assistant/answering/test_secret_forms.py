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
        ("token: npm_" + "a1B2" * 9, "token"),
        ("token: npm_xxxxxxxxxxxxxxxxxxxxxxxx, sk-YOUR-OWN-API-KEY-HERE", ""),
        ("mysql://u:pass%40word1@10.2.3.4/x", "password"),
        ("mysql://u:pass%40word1@db/x, mysql://u:${PASSWORD1}@db.acme.org/x", ""),
    ],
)
def test_what_may_be_real_is_named_and_an_example_is_not(text: str, kind: str) -> None:
    assert kind_of(text) == kind
