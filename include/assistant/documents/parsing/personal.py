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
# f'jane@acme.com' is a text in code, o'neil@acme.com is a name.
EMAIL = re.compile(
    r"(?:(?<=mailto:)|(?<=mail:)|(?<![\w.+%:/@-]))((?![bfru]{1,2}')[^\W_][\w.+%-]{0,63}"
    r"(?:(?<=\w)'[\w.+%-]{1,63}){0,2})"
    r"@((?:[^\W_](?:[^\W_]|-){0,62}\.)+([^\W\d_]{2,63}|xn--[a-z0-9-]{2,59}))(?![\w(\[@-]|\.\w)",
    re.IGNORECASE,
)
# How names end that are none of the internet: train@window.end, notes@main.json, a@weight.data.
NO_DOMAINS = words(
    """
    args attr bias bin call cfg class cls columns conf config count css csv data db diff dtype end
    fixture func html idx index ini inv item items jpg js json key keys kwargs len lock log mark
    max md5 mean min mod model mro ndim obj op params parquet path pdf pkl png prod pth ravel
    self shape size sql start state std step sum svg tar tasks task tmp toml tsv txt type val value
    values var weight weights whl xml yaml yml
    """
)
# example.com and what is reserved like it, domains of one letter, and such as yourcompany.com.
EXAMPLES = re.compile(
    r"(?:^|\.)(?:example\.[a-z.]+|[\w-]+\.(?:example|test|invalid|localhost|local|internal)|"
    r"[a-z]\.[a-z]{2,3}|users\.noreply\.github\.com|(?:(?:my|your|some)?-?"
    r"(?:domain|email|host|hostname|server)|(?:your|some)-?(?:company|org|service|site))\.[a-z]+)$"
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
# Numbers without the sign of a country look like any others: a word before them, or an area in
# brackets, says what they are.
NATIONAL = re.compile(
    r"(?P<before>(?<!\w)(?i:tele(?:phone|fon)|tel|phone|mobile|cell|fax|call|dial)"
    r"(?i:[ ](?:me|us|him|her|them))?(?i:[ ]number|[ ]no\b)?\.?"
    r"(?i:[ ](?:at|on|under|is))?[ ]?:?[ ]*)"
    r"(?:\(0?\d{1,5}\)|\d{2,5})(?:[ ]?[./-][ ]?|[ ])?\d{2,8}"
    r"(?:[ ./-]\d{2,8}){0,4}(?:-\d)?(?!\w|[.:-]\d)"
)
AREA = re.compile(
    r"(?<![\w.)\]])(?:\([2-9]\d\d\)[ -]?\d{3}[ .-]\d{4}"
    r"|\(0\d{1,5}\)[ ]?\d{3,9}(?:[ -]\d{2,6}){0,2})"
    r"(?![\w-]|\.\d)"
)
DATE = re.compile(r"\d{4}([./-])\d\d?\1\d\d?|\d\d?([./-])\d\d?\2\d{4}")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
CARD = re.compile(r"(?<![\w.-])(?:\d[ -]?){12,18}\d(?![\w.-])")
ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15})|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|6(?:011|5\d\d)\d{12}"
)
IPV4 = re.compile(r"(?<![\w.=<>~-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)")
IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{1,4}(?:::?[0-9A-Fa-f]{1,4}){3,7}(?![\w:])")
UNICAST = ipaddress.IPv6Network("2000::/3")  # RFC 4291: addresses that machines are reached by
# Of everybody, or made up.
KNOWN = frozenset({"1.0.0.1", "1.1.1.1", "8.8.8.8", "8.8.4.4", "9.9.9.9", "1.2.3.4"})
SAID = re.compile(r"(?:://|@|\b(?:ip|address|ping|ssh)[ :]*)\Z", re.IGNORECASE)
AUTHOR = re.compile(
    r"^(?P<before>(?i:(?:(?:section|code|module) ?)?authors?|maintainers?|written by|"
    r"contributed by)(?:\s*:\s*|\s+(?=[A-Z])))(?:(?:[A-Z][\w.'-]+ ){1,3}[A-Z][\w'-]+)",
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
    return f"{found.groupdict().get('before', '')}[{rule.mark} removed]"


def marks(text: str) -> int:
    """Places of a text where something was masked."""
    return len(MARK.findall(text))


def is_persons(found: re.Match[str]) -> bool:
    """Whether an address is neither an example nor an office."""
    name, domain, end = (part.lower() for part in found.groups())
    return name not in OFFICES and end not in NO_DOMAINS and not EXAMPLES.search(domain)


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
    before, after = found.string[max(0, found.start() - 12) : found.start()], found.end()
    said = SAID.search(before) or re.match(r":\d{2,5}\b", found.string[after : after + 7])
    return address.is_global and found[0] not in KNOWN and bool(said or address.packed[0] > 9)


def is_number(found: re.Match[str]) -> bool:
    """Whether so many digits may be a telephone number: ITU E.164, at most 15."""
    return 9 <= len(re.sub(r"\D", "", found[0])) <= 15


def is_national(found: re.Match[str]) -> bool:
    """Whether digits after such a word are a number to call, and no date or address."""
    number = found[0].removeprefix(found["before"])
    digits = re.sub(r"\D", "", number)
    others = DATE.fullmatch(number) or IPV4.fullmatch(number)
    told = found["before"].lower().startswith(("tel", "phone", "fax")) or number[0] in "(0"
    many = len(re.findall(r"\d+", number)) < 3  # call 1000 2000: so many of something
    return 7 <= len(digits) <= 15 and not others and (told or not many)


def is_area(found: re.Match[str]) -> bool:
    """Whether the digits are as many as a number with its area has."""
    return 7 <= len(re.sub(r"\D", "", found[0])) <= 15


def always(found: re.Match[str]) -> bool:
    """The pattern alone is sure."""
    return True


RULES = (
    Rule(EMAIL, is_persons, "email"),
    Rule(IBAN, is_iban, "account number"),
    Rule(CARD, is_card, "card number"),
    Rule(PHONE, is_number, "phone number"),
    Rule(NATIONAL, is_national, "phone number"),
    Rule(AREA, is_area, "phone number"),
    Rule(IPV4, is_public, "public address"),
    Rule(IPV6, is_public, "public address"),
    Rule(AUTHOR, always, "name"),
)
