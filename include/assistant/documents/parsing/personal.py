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
    r"(?<![\w.+%@-])((?![bfru]{1,2}')[^\W_][\w.+%-]{0,63}"
    r"(?:(?<=\w)'[\w.+%-]{1,63}){0,2})"
    r"@\n?((?:[^\W_](?:[^\W_]|-){0,62}\.)+([^\W\d_]{2,63}|xn--[a-z0-9-]{2,59}))"
    r"(?![\w(@-]|\[(?!\d+\])|\.\w)",
    re.IGNORECASE,
)
# How names end that are none of the internet: train@window.end, notes@main.json, a@weight.data.
NO_DOMAINS = words(
    """
    abs args argv array attr bias bin call cfg class cls columns conf config count css csv data
    db diff dot dtype end fixture func hostname html idx index ini inv item items jpg js json
    key keys kwargs len lock log mark max md5 mean min mod model mro ndim obj op params parquet
    path pdf pkl png prod pth ravel reshape self shape size sql start state std step sum svg tar
    task tasks tmp toml tsv txt type val value values var weight weights whl worker xml yaml yml
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
    r"(?<![\w.+/-])(?:\+\d{1,3}|\(\+\d{1,3}\))(?:[ .-]|\(0\))*\(?\d{1,4}\)?"
    r"(?:[ .-]?\d{2,4}){2,4}(?![\w-])"
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
    r"(?<![\w.)\]-])(?:(?:\([2-9]\d\d\)[ -]?|1-[2-9]\d\d-)\d{3}[ .-]\d{4}"
    r"|\(0\d{1,5}\)[ ]?\d{3,9}(?:[ -]\d{2,6}){0,2})"
    r"(?![\w-]|\.\d)"
)
DATE = re.compile(r"\d{4}([./-])\d\d?\1\d\d?|\d\d?([./-])\d\d?\2\d{4}")
TOLD = re.compile(r":|\b(?:number|no|me|us|at|on|under|is)\b", re.IGNORECASE)  # before a number
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?\b")
CARD = re.compile(r"(?<![\w.-])(?:\d[ -]?){12,18}\d(?![\w.-])")
# Visa, Mastercard, American Express, Discover, JCB, Diners, UnionPay, Maestro.
ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15})|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|6(?:011|5\d\d)\d{12}"
    r"|35(?:2[89]|[3-8]\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11}|62\d{14}|(?:50[123]8|5020|6304|676[1-3]|"
    r"6759)\d{8,12}"
)
IPV4 = re.compile(r"(?<![\w.~-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)")
IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{1,4}(?:::?[0-9A-Fa-f]{1,4}){1,7}(?![\w:])")
UNICAST = ipaddress.IPv6Network("2000::/3")  # RFC 4291: addresses that machines are reached by
# Of everybody, or made up.
KNOWN = frozenset({"1.0.0.1", "1.1.1.1", "8.8.8.8", "8.8.4.4", "9.9.9.9", "1.2.3.4"})
SAID = re.compile(
    r"(?:://|@|\b(?:ip|address|ping|ssh)[ :]*|(?:host|addr|address|ip|server|endpoint)=[\"']?)\Z",
    re.IGNORECASE,
)
COMPARED = re.compile(r"[=<>]\s?[\"']?\Z|(?:version|release|build|driver)\s\Z", re.IGNORECASE)
UPPER = "A-Z" + "".join(sign for sign in map(chr, range(0xC0, 0x530)) if sign.isupper())
PERSON = (
    rf"(?:[{UPPER}][\w.'-]+ (?:(?:van|von|de|der|den|da|di|la|le|bin|al|el) ){{0,2}}){{1,3}}"
    rf"[{UPPER}][\w'-]+"
)
AUTHOR = re.compile(
    r"^(?P<before>[-*:@ ]{0,3}(?i:(?:(?:section|code|module|original) ?)?authors?\s*:\s*"
    r"|maintainers?\s*:\s*|(?:written|contributed|maintained) by\s*:?\s*))"
    rf"{PERSON}(?:(?:,| and| &|;) {PERSON})*",
    re.M,
)
# Authors: New York Times; written by The Airflow Team
NOBODY = words(
    """
    airflow apache association authors committee community company contributors corporation
    developers for foundation google group inc institute journal limited ltd maintainers microsoft
    of organization press project society software team the times university
    """
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
    """Whether an address is neither an example nor an office, nor the login of a URL."""
    name, domain, end = (part.lower() for part in found.groups())
    word = found.string[max(0, found.start() - 200) : found.start()].split()
    if word and found.string[found.start() - 1] in ":/" and "://" in word[-1]:
        return False
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
    number = re.sub("[ -]", "", found[0])
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
    start, end = found.span()
    before, after = found.string[max(0, start - 12) : start], found.string[end : end + 7]
    said = SAID.search(before) or re.match(r":\d{2,5}\b", after)
    enclosed = before.endswith("<") and after.startswith(">")
    if COMPARED.search(before) and not said and not enclosed:
        return False
    # Versions look like addresses, and are made of small numbers.
    first, *others = address.packed
    public = address.is_global and not address.is_multicast and found[0] not in KNOWN
    return public and bool(said or (first > 9 and max(others) > 31))


def is_number(found: re.Match[str]) -> bool:
    """Whether so many digits may be a telephone number: ITU E.164, at most 15."""
    return 9 <= len(re.sub(r"\D", "", found[0])) <= 15


def is_national(found: re.Match[str]) -> bool:
    """Whether digits after such a word are a number to call, and no date or address."""
    number = found[0].removeprefix(found["before"])
    digits = re.sub(r"\D", "", number)
    others = DATE.fullmatch(number) or IPV4.fullmatch(number)
    if not 7 <= len(digits) <= 15 or others:
        return False
    if number[0] in "(0" or TOLD.search(found["before"]):
        return True
    # Call 1000 2000 times, a fax of 1000000 rows: so many of something.
    telephone = found["before"].lower().startswith(("tel", "phone", "fax"))
    marked = bool(re.search(r"\d[./-]\d", number))
    return telephone + marked + (len(re.findall(r"\d+", number)) > 2) >= 2


def is_area(found: re.Match[str]) -> bool:
    """Whether the digits are as many as a number with its area has."""
    return 7 <= len(re.sub(r"\D", "", found[0])) <= 15


def is_person(found: re.Match[str]) -> bool:
    """Whether names are those of people, as far as words tell."""
    return not NOBODY & set(re.findall(r"\w+", found[0].removeprefix(found["before"]).lower()))


RULES = (
    Rule(EMAIL, is_persons, "email"),
    Rule(IBAN, is_iban, "account number"),
    Rule(CARD, is_card, "card number"),
    Rule(PHONE, is_number, "phone number"),
    Rule(NATIONAL, is_national, "phone number"),
    Rule(AREA, is_area, "phone number"),
    Rule(IPV4, is_public, "public address"),
    Rule(IPV6, is_public, "public address"),
    Rule(AUTHOR, is_person, "name"),
)
