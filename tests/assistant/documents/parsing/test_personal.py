"""Personal data is masked where a rule is sure of it, and only there."""

import pytest

from include.assistant.documents.parsing.personal import marks, masked

EMAIL, PHONE, IBAN = "[email removed]", "[phone number removed]", "[account number removed]"
CARD, ADDRESS, NAME = "[card number removed]", "[public address removed]", "[name removed]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to jane.doe+x@gmail.com.", f"write to {EMAIL}."),
        ("<mailto:jane@uni-a.ac.uk>", f"<mailto:{EMAIL}>"),
        ("call +49 30 901820 or +1 (212) 555-0123", f"call {PHONE} or {PHONE}"),
        ("pay DE89 3704 0044 0532 0130 00 now", f"pay {IBAN} now"),
        ("GB82WEST12345698765432", IBAN),
        ("card 4111 1111 1111 1111, 378282246310005", f"card {CARD}, {CARD}"),
        (
            "j.doe@acme.shop, eva@unsere-firma.berlin, eva@mycompany.com",
            f"{EMAIL}, {EMAIL}, {EMAIL}",
        ),
        (
            "anna@bücher.de, o'neil@acme.com, E-mail:jo@acme.museum",
            f"{EMAIL}, {EMAIL}, E-mail:{EMAIL}",
        ),
        ("x = f'jane@acme.shop'", f"x = f'{EMAIL}'"),
        ("Call 0170 1234567 now, or (555) 123-4567", f"Call {PHONE} now, or {PHONE}"),
        ("tel. 089/1234567, phone: (089) 123 456", f"tel. {PHONE}, phone: {PHONE}"),
        ("call me at 555-123-4567. Fax 030 90182-0", f"call me at {PHONE}. Fax {PHONE}"),
        (
            "http://5.9.12.34/x, IP 5.9.12.34, 5.9.12.34:80",
            f"http://{ADDRESS}/x, IP {ADDRESS}, {ADDRESS}:80",
        ),
        ("from 93.184.216.34:80", f"from {ADDRESS}:80"),
        ("from 2a00:1450:4001:82b::200e!", f"from {ADDRESS}!"),
        ("Author: Jane Q. Doe <jane@gmail.com>", f"Author: {NAME} <{EMAIL}>"),
        ("Written by Jane Doe in 2020", f"Written by {NAME} in 2020"),
        ("+33 1 42 68 53 00, +353 1 234 5678", f"{PHONE}, {PHONE}"),
        ("Tel (+49) 30 1234567, call 1-800-555-0199", f"Tel {PHONE}, call {PHONE}"),
        ("From:jo@acme.org sip:jo@acme.org", f"From:{EMAIL} sip:{EMAIL}"),
        ("a/jo@acme.org[1], jane.doe@\nacme.org", f"a/{EMAIL}[1], {EMAIL}"),
        ("DE89-3704-0044-0532-0130-00, 3530111333300000", f"{IBAN}, {CARD}"),
        ("30569309025904, 6759649826438453", f"{CARD}, {CARD}"),
        ("DB_HOST=93.184.216.34 <93.184.216.34>", f"DB_HOST={ADDRESS} <{ADDRESS}>"),
        ("[2a01:4f8::1]:80", f"[{ADDRESS}]:80"),
        ("Authors: Ask Solem, Étienne Doe and Jo Łoś!", f"Authors: {NAME}!"),
        ("Maintainer: Guido van Rossum", f"Maintainer: {NAME}"),
    ],
)
def test_what_is_somebodys_is_masked(text: str, expected: str) -> None:
    assert masked(text) == expected
    assert marks(masked(text)) == expected.count("removed]")


@pytest.mark.parametrize(
    "text",
    [
        "airflow@example.com, a@b.com, you@mycompany.com, worker@host.example",
        "security@apache.org and users@lists.apache.org",
        "redis://user:password@redis.host.com:6379/0 and postgresql://scott:tiger@localhost/test",
        "celery@worker1, @app.task, git@, train@window.end@metrics/features.json:labelled",
        "127.0.0.1, 0.0.0.0, 10.1.2.3, 192.168.0.1, 203.0.113.7, 8.8.8.8, 2.1.9.1, ==30.1.2.4",
        "2001:db8::1:2:3, fe80::1:2:3:4, 00:1b:44:11:3a:b7, 12:34:56, std::vector::iterator::x",
        "1577836800000000 rows, 0.4111111111111111, 4111 1111 1111 1112, 5e-16",
        "DE89 3704 0044 0532 0130 01, AB12, SG93",
        "call 2024-01-31, call 12345678 times, phone 10.1.2.3, tel 16.04.2024, f(555) 123-4567",
        "redis://u:jane@cache.acme.shop, a@b.weights, x@app.task(1), w@self.data, eva@yourcompany.com, sender@email.com",
        "mobile 1.2.3, call 0.25 and 0.5, call 1000 10000, recall 0170 1234567, cell (1) 20",
        "+1, +30 days, 2013-01-01 00:00:00+0100, a+49 30, +123 456",
        "authors of plugins write code; the author Is not named",
        "Oracle 19.3.0.0, JDK 11.0.20.1, cublas 12.1.3.1, 224.0.0.1, version 12.3.40.5, ==12.3.40.5",
        "fax 1000000 rows, call 1234 5678 9012 times, phone 12345678, tel 1024 2048",
        "Maintainers Meeting Notes",
        "Authors: New York Times",
        "Written by The Airflow Team",
        "x@np.array, p@sys.argv, job@celery.worker, https://jane@acme.org/",
    ],
    ids=[
        "examples",
        "offices",
        "urls",
        "signs",
        "addresses",
        "other colons",
        "numbers",
        "accounts",
        "no numbers to call",
        "code",
        "counts",
        "plus",
        "words",
        "versions",
        "so many",
        "headings",
        "newspapers",
        "teams",
        "arrays",
    ],
)
def test_what_is_nobodys_stays(text: str) -> None:
    assert masked(text) == text and marks(text) == 0
