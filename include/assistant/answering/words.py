"""The words of a text that carry its meaning, as stems: what overlaps is counted in them."""

import re
import threading
from collections.abc import Iterable, Iterator

import Stemmer

RUN = re.compile(r"[^\W_]+")
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Words that any sentence may have. Those that turn a sentence round are in NEGATIONS.
_COMMON = """
a about after again all also am an and another any anyone anything are around as at away be
because been before being between both but by came can come could did do does doing done down
during each either else ever every few for from further get gets getting give given go goes going
got had happen happens has have having he her here hers him his how i if in into is it its itself
just know let like look make makes many may me might mine more most much must my myself need needs
now of off often ok okay on one only onto or other others our ours out over own please possible
quite rather really s same say see seem set shall she should show simply so some someone something
still such t take tell than that the their theirs them then there these they thing things this
those through to too try under until up upon us use used uses using very want wants was way we
well were what when where whether which while who whole whom whose why will with within would yes
yet you your yours
"""
_NEGATIONS = """
no not never none neither nor nothing cannot without don doesn didn isn aren wasn weren won wouldn
shouldn couldn mustn hasn haven hadn
"""
# Words on which it hangs whether a sentence holds: left out or added, it says something else.
_CONDITIONS = "if only unless before after until otherwise except without when while once"
COMMON, NEGATIONS = frozenset(_COMMON.split()), frozenset(_NEGATIONS.split())
CONDITIONS = frozenset(_CONDITIONS.split())
_HELD = threading.local()  # a stemmer is not to be shared between threads


def stems(text: str) -> list[str]:
    """The stems of the words that carry meaning, in reading order; names also in their parts."""
    return stemmed(word for word in parts(text) if word not in COMMON and word not in NEGATIONS)


def stemmed(words: Iterable[str]) -> list[str]:
    """The stem of each word."""
    stemmer = getattr(_HELD, "stemmer", None)
    if stemmer is None:
        stemmer = _HELD.stemmer = Stemmer.Stemmer("english")
    said: list[str] = stemmer.stemWords(list(words))
    return said


def parts(text: str) -> Iterator[str]:
    """All words in lower case, but single letters: airflow_home and AirflowHome are two."""
    for run in RUN.findall(text):
        for part in CAMEL.split(run):
            word = part.lower()
            if len(word) > 1 or word.isdigit():
                yield word


def conditions(text: str) -> frozenset[str]:
    """The words of a text on which it hangs whether it holds."""
    return frozenset(run.lower() for run in RUN.findall(text)) & CONDITIONS


def negated(text: str) -> bool:
    """Whether a word of the text turns it round."""
    return any(run.lower() in NEGATIONS for run in RUN.findall(text))
