"""Personal data in a text, found by rule, and put out of sight.

Only what a rule is sure of: addresses whose form or check digits say what they are. Examples
(example.com, 127.0.0.1) and addresses of an office (security@, users@) are nobody's.
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from include.assistant.documents.parsing.words import words

MARK = re.compile(
    r"\[(?:email|phone number|account number|card number|public address|name) removed\]"
)
# Elsewhere what looks like an address is often none: train@window.end.
DOMAINS = (
    "com|org|net|edu|gov|mil|int|info|biz|name|pro|app|dev|page|cloud|online|site|tech|xyz|email|me"
    "|blog|software|systems|science|academy|university|example|test|invalid|local|internal|[a-z]{2}"
)
EMAIL = re.compile(
    r"(?:(?<=mailto:)|(?<![\w.+%:/@-]))([a-z0-9][\w.+%-]*)"
    rf"@((?:[a-z0-9-]+\.)+(?:{DOMAINS}))(?![\w(@-]|\.\w)",
    re.IGNORECASE,
)
# example.com and what is reserved like it, domains of one letter, and such as mycompany.com.
EXAMPLES = re.compile(
    r"(?:^|\.)(?:example\.[a-z.]+|[\w-]+\.(?:example|test|invalid|localhost|local|internal)|"
    r"[a-z]\.[a-z]{2,3}|users\.noreply\.github\.com|(?:my|your|some)?-?"
    r"(?:company|domain|email|host|hostname|org|server|service|site)\.[a-z]+)$"
)
OFFICES = words(
    """
    abuse admin announce bugs contact dev discuss git help hello hostmaster info jobs list
    mail me name no-reply noreply office postmaster press root sales security staff subscribe
    support team unsubscribe user username users webmaster you your-email yourname
    """
)
PHONE = re.compile(
    r"(?<![\w.+/-])\+\d{1,3}(?:[ .-]|\(0\))*\(?\d{2,4}\)?(?:[ .-]?\d{2,4}){2,4}(?![\w-])"
)
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
CARD = re.compile(r"(?<![\w.-])(?:\d[ -]?){12,18}\d(?![\w.-])")
ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15})|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|6(?:011|5\d\d)\d{12}"
)
IPV4 = re.compile(r"(?<![\w.=<>~-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)")
IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{1,4}(?:::?[0-9A-Fa-f]{1,4}){3,7}(?![\w:])")
UNICAST = ipaddress.IPv6Network("2000::/3")  # RFC 4291: addresses that machines are reached by
# Of everybody, or made up.
KNOWN = frozenset({"1.1.1.1", "8.8.8.8", "8.8.4.4", "9.9.9.9", "1.2.3.4"})
AUTHOR = re.compile(
    r"^((?i:(?:(?:section|code|module) ?)?authors?|maintainers?|written by|contributed by))"
    r"(\s*:\s*|\s+(?=[A-Z]))((?:[A-Z][\w.'-]+ ){1,3}[A-Z][\w'-]+)",
    re.M,
)


@dataclass(frozen=True)
class Rule:
    """What is looked for, and what makes sure of it."""

    pattern: re.Pattern[str]
    sure: Callable[[re.Match[str]], bool]
    mark: str


def masked(text: str) -> str:
    """A text with a mark in place of each piece of personal data."""
    for rule in RULES:
        if rule.pattern.search(text):
            text = rule.pattern.sub(partial(replaced, rule), text)
    return text


def replaced(rule: Rule, found: re.Match[str]) -> str:
    """The mark, or what was found where it is nobody's."""
    if not rule.sure(found):
        return found[0]
    if rule.pattern is AUTHOR:
        return f"{found[1]}{found[2]}[{rule.mark} removed]"
    return f"[{rule.mark} removed]"


def marks(text: str) -> int:
    """Places of a text where something was masked."""
    return len(MARK.findall(text))


def is_persons(found: re.Match[str]) -> bool:
    """Whether an address is neither an example nor an office."""
    name, domain = found[1].lower(), found[2].lower()
    return name not in OFFICES and not EXAMPLES.search(domain)


def is_card(found: re.Match[str]) -> bool:
    """Whether digits are the number of a card: of an issuer, and with the right check digit."""
    digits = re.sub(r"\D", "", found[0])
    if not ISSUERS.fullmatch(digits):
        return False
    doubled = [int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def is_iban(found: re.Match[str]) -> bool:
    """Whether it is the number of an account: ISO 13616, remainder 1 by 97."""
    number = found[0].replace(" ", "")
    if not 15 <= len(number) <= 34:
        return False
    return int("".join(str(int(sign, 36)) for sign in number[4:] + number[:4])) % 97 == 1


def is_public(found: re.Match[str]) -> bool:
    """Whether an address of the internet is that of somebody's machine."""
    try:
        address = ipaddress.ip_address(found[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        return address.is_global and address in UNICAST
    # Versions look like addresses, and begin with small numbers.
    return address.is_global and found[0] not in KNOWN and address.packed[0] > 9


def is_number(found: re.Match[str]) -> bool:
    """Whether so many digits may be a telephone number: ITU E.164, at most 15."""
    return 9 <= len(re.sub(r"\D", "", found[0])) <= 15


def always(found: re.Match[str]) -> bool:
    """The pattern alone is sure."""
    return True


RULES = (
    Rule(EMAIL, is_persons, "email"),
    Rule(IBAN, is_iban, "account number"),
    Rule(CARD, is_card, "card number"),
    Rule(PHONE, is_number, "phone number"),
    Rule(IPV4, is_public, "public address"),
    Rule(IPV6, is_public, "public address"),
    Rule(AUTHOR, always, "name"),
)
