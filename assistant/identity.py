"""When are two records the same paper?

DOI, else arXiv id without its version, else the normalised title together with the abstract's likeness. Titles that
differ in a number or a part ("Tech Report 2025", "Part II") are different papers however alike they read.
"""

import re
import unicodedata
from collections.abc import Iterable

from assistant.records import Bibliography

# Two wordings of one title share most words; two papers of one series do too, which is why the abstracts must agree.
_TITLE_LIKENESS = 0.6
_SAME_ABSTRACT = 0.8
# Under equal titles the abstracts may differ more: a preprint's is often rewritten for the published version.
_REVISED_ABSTRACT = 0.25

_PART = re.compile(r"\b(?:\d+|i{1,3}|iv|v|vi{1,3}|erratum|corrigendum|correction|reply|comment|retraction)\b")
_WORD = re.compile(r"\w+")


def normalise(text: str) -> str:
    """Return a text in lower case, without accents or punctuation, words parted by single spaces."""
    plain = unicodedata.normalize("NFKD", text)
    return " ".join(_WORD.findall("".join(c for c in plain if not unicodedata.combining(c)).lower()))


def arxiv_base(arxiv_id: str) -> str:
    """Return an arXiv id without its version: `2404.14619v2` -> `2404.14619`."""
    return re.sub(r"v\d+$", "", arxiv_id.strip().lower().removeprefix("arxiv:"))


def same_paper(one: Bibliography, other: Bibliography) -> bool:
    """Tell whether two records describe the same paper."""
    if one.doi and other.doi and one.doi.lower() == other.doi.lower():
        return True
    if one.arxiv_id and other.arxiv_id:
        return arxiv_base(one.arxiv_id) == arxiv_base(other.arxiv_id)
    left, right = normalise(one.title), normalise(other.title)
    if left == right:
        return _same_under_equal_titles(one, other)
    if sorted(_PART.findall(left)) != sorted(_PART.findall(right)):
        return False
    return (
        _jaccard(left.split(), right.split()) >= _TITLE_LIKENESS
        and likeness(one.abstract, other.abstract) >= _SAME_ABSTRACT
    )


def _same_under_equal_titles(one: Bibliography, other: Bibliography) -> bool:
    if one.abstract and other.abstract:
        return likeness(one.abstract, other.abstract) >= _REVISED_ABSTRACT
    return not one.authors or not other.authors or bool(_surnames(one) & _surnames(other))


def _surnames(paper: Bibliography) -> set[str]:
    return {normalise(name.split(",")[0] if "," in name else name.split()[-1]) for name in paper.authors}


def likeness(one: str, other: str) -> float:
    """Return how alike two abstracts are, 0 to 1: the Jaccard index of their runs of three words."""
    return _jaccard(_shingles(one), _shingles(other))


def _shingles(text: str) -> list[tuple[str, ...]]:
    words = normalise(text).split()
    return [tuple(words[i : i + 3]) for i in range(len(words) - 2)]


def _jaccard(one: Iterable[object], other: Iterable[object]) -> float:
    left, right = set(one), set(other)
    return len(left & right) / len(left | right) if left and right else 0.0


def blocks(record: Bibliography) -> set[str]:
    """Return the keys under which a record is looked up; the same paper under another wording shares at least one."""
    title = normalise(record.title).split()
    abstract = normalise(record.abstract).split()
    keys = {"title:" + " ".join(title), "opening:" + " ".join(title[:4])}
    if record.doi:
        keys.add("doi:" + record.doi.lower())
    if record.arxiv_id:
        keys.add("arxiv:" + arxiv_base(record.arxiv_id))
    if len(abstract) >= 20:
        keys.add("head:" + " ".join(abstract[:10]))
        keys.add("tail:" + " ".join(abstract[-10:]))
    return keys
