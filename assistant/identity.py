"""When are two records the same paper?

Identifiers decide where both records have them: a DOI, or an arXiv id without its version. Else the titles, the
abstracts, the authors and the years are held against each other, and what one lacks the others must make up for. Some
differences part papers however alike they read: a number or part in the title ("Tech Report 2025", "Part II", "Foo 2"),
a notice (erratum, reply, retraction, protocol), two publishers' DOIs, and a subject that changes in title and abstract
alike ("... for Wolof", "... for Pulaar").

Measured on eval/duplicates.jsonl by eval/bench/duplicates.py.
"""

import contextlib
import hashlib
import html
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from assistant.records import Bibliography
from assistant.terms import stem

# Likeness of abstracts (share of common runs of three words) that stands for the same text with small changes ...
_SAME_ABSTRACT = 0.8
# ... for a text that was revised, where the titles agree ...
_REVISED_ABSTRACT = 0.25
# ... and, under titles that were reworded, where the authors agree.
_REWORDED = 0.3
# Titles in other words (a translation) need the very same abstract.
_IDENTICAL_ABSTRACT = 0.93
# Share of common content words that two tellings of one study have, where titles and authors agree.
_SAME_WORDS = 0.2
_SAME_WORDS_WITHOUT_AUTHORS = 0.5
_TITLE_LIKENESS = 0.5

_MARKS = {"&": " and ", "ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "æ": "ae", "Æ": "Ae", "œ": "oe", "đ": "d",
          "Đ": "D", "ı": "i", "+": " plus "}  # fmt: skip
_PLAIN = str.maketrans(
    _MARKS | {chr(c): unicodedata.name(chr(c), " ").rsplit(" ", 1)[-1].lower() for c in range(0x391, 0x3CA)}
)
_COMBINING = re.compile("[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
_TAG = re.compile(r"</?[A-Za-z][\w:-]*(?:\s[^<>]*)?/?>")
_ACCENT = re.compile(r"""\\(?:["'^~`=.]|[uvHckdrb](?![a-zA-Z]))\s*(?:\{\\?([A-Za-z])\}|\\?([A-Za-z]))""")
_LETTER = re.compile(r"\\(ss|ae|AE|oe|OE|aa|AA|o|O|l|L|i|j)(?![A-Za-z])\s*")
_MACRO = re.compile(r"\\([A-Za-z]+)")
_WORD = re.compile(r"[^\W_]+")

_NUMBER_WORDS = {
    word: str(number)
    for words in (
        "one two three four five six seven eight nine ten eleven twelve",
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth",
        "1st 2nd 3rd 4th 5th 6th 7th 8th 9th 10th 11th 12th",
        "i ii iii iv v vi vii viii ix x xi xii",
    )
    for number, word in enumerate(words.split(), start=1)
} | {"twenty": "20", "thirty": "30", "forty": "40", "fifty": "50", "hundred": "100"}

# Documents about a paper, or in place of one, that carry its title.
_NOTICES = (
    ("correction", r"^(?:publisher |author )?(?:erratum|errata|corrigend(?:um|a)|correction)\b"),
    ("correction", r"\b(?:erratum|corrigendum)$"),
    ("correction", r"\bvol \d+ (?:pg?|pp|pages?) \d+|\bcorrection (?:to|of)\b"),
    ("retraction", r"^(?:retracted|withdrawn|withdrawal|retraction)\b|\bretraction (?:note|notice)$"),
    ("reply", r"^re\b|^(?:a )?(?:reply|response|comments?|commentary|discussion|rejoinder) (?:to|on|of)\b"),
    ("reply", r"\b(?:reply|comments?|commentary|response|rejoinder|discussion)$|\b(?:reply|response) to\b.*\bet al\b"),
    ("review", r"\bbook reviews?\b|^review of\b"),
    ("supplement", r"^(?:supplement(?:ary|al)?|supporting)\b.*\b(?:for|to)\b|\bsupplementary materials?$"),
    ("protocol", r"\bprotocols? for\b|\bprotocol$"),
)  # fmt: skip
_NOTICE = [(name, re.compile(pattern)) for name, pattern in _NOTICES]
# A title that is another's with one of these behind it is a further paper, unless the abstracts say otherwise.
_SEQUEL = re.compile(
    r"\b(?:user study|demonstration|demo|tech(?:nical)? report|preliminary|first results|pilot study|early results"
    r"|tutorial|handbook|revisited|reconsidered|case study|dataset|data set|appendix|poster|abstract)\b"
)
# Titles that many documents bear.
_GENERIC = frozenset(
    """abstract abstracts acknowledgements acknowledgments annualreport announcement announcements bookreview
    bookreviews bibliography calendar commentary comments conclusion conclusions contents contributors correspondence
    discussion editorial editorialboard editorsnote errata foreword frontmatter guesteditorial index inmemoriam
    inthisissue introduction introductiontothespecialissue letter letters lettertotheeditor letterstotheeditor news
    newsandviews obituary overview posterabstracts preface reply response review reviews summary tableofcontents
    titlepage welcome""".split()
)
# Publications that come out again and again under one title.
_SERIAL = re.compile(
    r"\b(?:annual|yearly|monthly|quarterly|biennial|report|overview|proceedings|findings|shared task|statistics"
    r"|update|guidelines?|bulletin|highlights|yearbook|newsletter|workshop)\b"
)
_NO_ABSTRACT = re.compile(r"\s*(?:an? |no )?abstract (?:is )?(?:not )?available\b|\s*\[?no abstract\b", re.IGNORECASE)
_PREPRINT_DOI = re.compile(
    r"10\.(?:48550|1101|21203|2139|31219|31234|31235|20944|26434|5281|36227|22541|64898|12688|35542|31223)/"
)
_PREPRINT = re.compile(r"\b(?:arxiv|corr|preprints?|biorxiv|medrxiv|ssrn|chemrxiv|psyarxiv|working papers?)\b")
_INITIALS = re.compile(r"(?:[A-Z]\.?-?){1,3}")
_PARTICLES = frozenset(
    "al bin da das de del dela della den der di do dos du el la le ter van von und y zu jr sr".split()
)


class _Name(NamedTuple):
    surname: str
    initial: str


class _Title(NamedTuple):
    words: tuple[str, ...]
    parts: tuple[str, ...]
    """The whole title and what stands before and behind its colon, dash or stop, each without spaces."""
    numbers: tuple[str, ...]
    notices: frozenset[str]

    @property
    def joined(self) -> str:
        return "".join(self.words)


# ---------------------------------------------------------------------- text


def plain(text: str) -> str:
    """Return a text without markup: HTML tags and entities, LaTeX commands, braces, broken encodings and accents."""
    if "Ã" in text or "Â" in text:
        with contextlib.suppress(UnicodeError):
            text = text.encode("cp1252").decode("utf-8")
    if "&" in text or "<" in text:
        text = _TAG.sub(" ", html.unescape(_TAG.sub(" ", text)))
    if "\\" in text:
        text = _ACCENT.sub(lambda found: found[1] or found[2], text)
        text = _LETTER.sub(lambda found: found[1], text)
        text = _MACRO.sub(r" \1 ", text)
    if "{" in text or "$" in text:
        text = re.sub(r"[{}$]", "", text)
    if text.isascii():
        return text.replace("&", " and ").replace("+", " plus ")
    return _COMBINING.sub("", unicodedata.normalize("NFKD", text).translate(_PLAIN))


def normalise(text: str) -> str:
    """Return a text in lower case, without accents, markup or punctuation, words parted by single spaces."""
    return " ".join(_WORD.findall(plain(text).lower()))


@lru_cache(maxsize=65536)
def _spelling(word: str) -> str:
    """Return a word in one spelling for British and American, and for an umlaut and its letters."""
    if len(word) < 4:
        return word
    word = re.sub(r"is(e[ds]?|ers?|ing|ations?|ational)$", r"iz\1", word)
    word = re.sub(r"ys(e[ds]?|ing)$", r"yz\1", word)
    word = re.sub(r"our(?!ce|n|s$)", "or", word)
    word = re.sub(r"(?<=[bt])re(s?)$", r"er\1", word)
    word = re.sub(r"ogue(s?)$", r"og\1", word)
    word = re.sub(r"ll(ed|ing|ers?)$", r"l\1", word)
    word = (
        word.replace("ae", "e").replace("oe", "o").replace("ue", "u").replace("grey", "gray").replace("ageing", "aging")
    )
    return re.sub(r"ence(s?)$", r"ense\1", word)


@lru_cache(maxsize=4096)
def _title(text: str) -> _Title:
    normal = normalise(text)
    tokens = normal.split()
    words = tuple(_spelling(_NUMBER_WORDS.get(word, word) if word not in ("i", "v", "x") else word) for word in tokens)
    bare = plain(text)
    parts = [words]
    for cut in re.finditer(r":\s|[.?!]\s|\s[-–—]+\s|[–—]|\s\(", bare):
        before, after = _title_words(bare[: cut.start()]), _title_words(bare[cut.end() :])
        if before and after:
            parts += [before, after]
            break
    numbers = []
    for place, token in enumerate(tokens):
        if token in ("i", "v", "x") and not (place == len(tokens) - 1 or tokens[place - 1] in ("part", "volume")):
            continue  # a pronoun or a symbol
        if token in _NUMBER_WORDS:
            numbers.append(_NUMBER_WORDS[token])
        else:
            numbers += [digits.lstrip("0") for digits in re.findall(r"\d+", token) if digits.strip("0")]
    notices = frozenset(name for name, pattern in _NOTICE if pattern.search(normal))
    return _Title(words, tuple("".join(part) for part in parts), tuple(sorted(numbers)), notices)


def _title_words(text: str) -> tuple[str, ...]:
    return tuple(_spelling(_NUMBER_WORDS.get(word, word)) for word in _WORD.findall(text.lower()))


@lru_cache(maxsize=1024)
def _abstract_words(text: str) -> tuple[str, ...]:
    """Return the words of an abstract; none where it only says that there is no abstract."""
    if not text or _NO_ABSTRACT.match(text):
        return ()
    text = re.sub(r"(?<=[a-z])-\s*\n\s*(?=[a-z])|(?<=[a-z])- (?=[a-z])", "", text)
    words = _WORD.findall(plain(text).lower().replace("-", ""))
    if words and words[0] == "abstract":
        words = words[1:]
    return tuple(_spelling(_NUMBER_WORDS.get(word, word)) for word in words)


@lru_cache(maxsize=1024)
def _content(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(stem(word) for word in words if len(word) > 3)


# ---------------------------------------------------------------------- identifiers


def doi_base(doi: str | None) -> str:
    """Return a DOI in lower case and without the address before it: `https://doi.org/10.1/X` -> `10.1/x`."""
    if not doi:
        return ""
    return re.sub(r"^(?:https?://)?(?:dx\.)?(?:doi\.org/|doi:\s*)?", "", doi.strip().lower()).strip().rstrip(".,;")


def arxiv_base(arxiv_id: str) -> str:
    """Return an arXiv id without its version: `2404.14619v2` -> `2404.14619`."""
    return re.sub(r"v\d+$", "", arxiv_id.strip().lower().removeprefix("arxiv:"))


def arxiv_of(paper: Bibliography) -> str:
    """Return the arXiv id of a paper, from its DOI if need be, without the version; empty where there is none."""
    if paper.arxiv_id:
        return arxiv_base(paper.arxiv_id)
    doi = doi_base(paper.doi)
    return arxiv_base(doi.removeprefix("10.48550/arxiv.")) if doi.startswith("10.48550/arxiv.") else ""


def _published_doi(paper: Bibliography) -> str:
    doi = doi_base(paper.doi)
    return "" if _PREPRINT_DOI.match(doi) else doi


# ---------------------------------------------------------------------- the decision


def same_paper(one: Bibliography, other: Bibliography) -> bool:
    """Tell whether two records describe the same paper."""
    if one.doi and doi_base(one.doi) == doi_base(other.doi):
        return True
    first, second = arxiv_of(one), arxiv_of(other)
    if first and second:
        return first == second
    if not one.title or not other.title:
        return False
    left, right = _title(one.title), _title(other.title)
    if left.numbers != right.numbers or left.notices != right.notices:
        return False
    alike = likeness(one.abstract, other.abstract)
    both = bool(_abstract_words(one.abstract) and _abstract_words(other.abstract))
    doi, second_doi = _published_doi(one), _published_doi(other)
    if doi and second_doi and doi != second_doi:
        # Two publishers' DOIs: two papers, but for one that was registered twice.
        return left.joined == right.joined and alike >= _IDENTICAL_ABSTRACT and _years_apart(one, other) == 0
    if left.joined == right.joined:
        return _same_under_equal_titles(one, other, alike, both)
    if both and alike >= _REWORDED and _subject_swapped(one, other, left, right):
        return False
    if _misspelt(left, right):
        return _same_under_equal_titles(one, other, alike, both) and (both or _authors_agree(one, other) is True)
    if left.joined in right.parts or right.joined in left.parts:
        return _same_under_short_title(one, other, alike, both)
    return _same_under_other_title(one, other, alike, both)


def _same_under_equal_titles(one: Bibliography, other: Bibliography, alike: float, both: bool) -> bool:
    authors, years = _authors_agree(one, other), _years_apart(one, other)
    joined = _title(one.title).joined
    if both and alike >= _REVISED_ABSTRACT:
        return alike >= _SAME_ABSTRACT or (authors is not False and years <= 5)
    if joined in _GENERIC:
        return not both and authors is True and years == 0 and bool(one.venue) and one.venue == other.venue
    if both:
        shared = _shared_words(one, other)
        if authors is None:
            return shared >= _SAME_WORDS_WITHOUT_AUTHORS
        return authors and years <= 2 and shared >= _SAME_WORDS
    if authors is False:
        return False
    serial = _SERIAL.search(normalise(one.title))
    return years <= (0 if serial else 2 if authors else 5)


def _same_under_short_title(one: Bibliography, other: Bibliography, alike: float, both: bool) -> bool:
    """Decide where one title is the other without its subtitle, or without the name before it."""
    if both:
        return alike >= _SAME_ABSTRACT or (
            alike >= _REVISED_ABSTRACT and _authors_agree(one, other) is not False and _years_apart(one, other) <= 2
        )
    sequels = [set(_SEQUEL.findall(normalise(paper.title))) for paper in (one, other)]
    return _authors_agree(one, other) is True and _years_apart(one, other) <= 1 and sequels[0] == sequels[1]


def _same_under_other_title(one: Bibliography, other: Bibliography, alike: float, both: bool) -> bool:
    """Decide where the titles differ in words."""
    left, right = (frozenset(map(stem, _title(paper.title).words)) for paper in (one, other))
    authors, years = _authors_agree(one, other), _years_apart(one, other)
    contained = left <= right or right <= left
    if both:
        if alike >= _IDENTICAL_ABSTRACT and authors is not False:
            return True
        titles = _jaccard(left, right)
        if alike >= _SAME_ABSTRACT and (authors or contained or titles >= 0.75):
            return authors is not False or titles >= 0.75
        if not authors or years > 2 or _two_venues(one, other):
            return False
        return alike >= (_REWORDED if titles >= _TITLE_LIKENESS else 0.5)
    # A preprint whose title grew or shrank by a few words when it was published.
    preprints = [bool(arxiv_of(paper)) and not paper.venue for paper in (one, other)]
    return (
        contained
        and preprints[0] != preprints[1]
        and authors is True
        and min(len(one.authors), len(other.authors)) >= 2
        and years <= 2
        and min(len(left), len(right)) >= 4
        and _jaccard(left, right) >= 0.6
    )


def _two_venues(one: Bibliography, other: Bibliography) -> bool:
    """Tell whether both were published, and not in one place: then a likeness is kinship, not identity."""
    venues = [normalise(paper.venue or "") for paper in (one, other)]
    preprint = [
        bool(arxiv_of(paper)) or _PREPRINT.search(venue) for paper, venue in zip((one, other), venues, strict=True)
    ]
    return bool(venues[0] and venues[1]) and venues[0] != venues[1] and not any(preprint)


def _subject_swapped(one: Bibliography, other: Bibliography, left: _Title, right: _Title) -> bool:
    """Tell whether a word that differs between the titles differs in the same way between the abstracts."""
    titles = _content(left.words), _content(right.words)
    words = _abstract_words(one.abstract), _abstract_words(other.abstract)
    if min(map(len, words)) < 0.8 * max(map(len, words)):  # one is cut short: only what both have room for counts
        shorter = min(map(len, words))
        words = words[0][:shorter], words[1][:shorter]
    texts = _content(words[0]), _content(words[1])
    mine = (titles[0] - titles[1]) & (texts[0] - texts[1])
    theirs = (titles[1] - titles[0]) & (texts[1] - texts[0])
    return bool(mine and theirs)


def _misspelt(left: _Title, right: _Title) -> bool:
    """Tell whether two titles differ in at most two slips of the pen."""
    one, other = left.words, right.words
    if len(one) != len(other):
        return _one_slip(left.joined, right.joined) and len(left.joined) >= 20
    differing = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    return len(differing) <= 2 and len(one) > len(differing) and all(_one_slip(a, b) for a, b in differing)


def _one_slip(one: str, other: str) -> bool:
    """Tell whether two words differ by one letter too many, or by two neighbours swapped; never in the first letter.

    A letter in the place of another is left out: it makes other words (micro, macro) as often as slips.
    """
    if min(len(one), len(other)) < 4 or one[0] != other[0]:
        return False
    if len(one) == len(other):
        differ = [i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
        return len(differ) == 2 and differ[1] == differ[0] + 1 and one[differ[0]] == other[differ[1]]
    short, long = sorted((one, other), key=len)
    return len(long) - len(short) == 1 and any(long[:i] + long[i + 1 :] == short for i in range(1, len(long)))


# ---------------------------------------------------------------------- authors and years


def surname(name: str) -> str:
    """Return the surname of a name as any exporter writes it: `Li, Wei`, `Wei Li`, `W. Li`, `Li W`, `Li WX`."""
    return _parts_of_name(plain(name))[0]


def name_parts(name: str) -> tuple[str, str]:
    """Return the family part and the given part of a name as they are written; particles go with the family."""
    last, comma, first = name.partition(",")
    if comma:
        return last.strip(), first.strip()
    family, given = _parts_of_name(name)
    words = given.split()
    if name.split()[-1:] == family.split()[-1:]:  # "Ana de la Cruz": what stands before the surname, in lower case
        words = name.split()[: -len(family.split()) or None]
        while words and words[-1].lower() in _PARTICLES and words[-1].islower():
            family = f"{words.pop()} {family}"
    return family, " ".join(words)


def name_of(name: str) -> tuple[str, str]:
    """Return surname and initial of a name, both in the form in which names are compared."""
    return _name(name)


def _parts_of_name(text: str) -> tuple[str, str]:
    """Return the family part and the given part of a name, as written."""
    last, comma, first = text.partition(",")
    if comma:
        return last.strip(), first.strip()
    words = [word for word in text.replace(".", ". ").split() if word.lower() not in _PARTICLES] or text.split()
    if not words:
        return "", ""
    start = len(words)
    while start > 1 and _INITIALS.fullmatch(words[start - 1]):
        start -= 1
    if start < len(words) and (len(words[0]) > 2 or not _INITIALS.fullmatch(words[0])):
        return " ".join(words[:start]), " ".join(words[start:])
    return words[-1], " ".join(words[:-1])


@lru_cache(maxsize=8192)
def _name(text: str) -> _Name:
    last, first = _parts_of_name(plain(text))
    words = _WORD.findall(last.lower())
    family = "".join([word for word in words if word not in _PARTICLES] or words)
    for pair, letter in (("ae", "a"), ("oe", "o"), ("ue", "u")):
        family = family.replace(pair, letter)
    given = _WORD.findall(first.lower())
    return _Name(family, given[0][0] if given else "")


def _authors_agree(one: Bibliography, other: Bibliography) -> bool | None:
    """Tell whether the authors are the same as far as both records list them; None where one lists none."""
    if not one.authors or not other.authors:
        return None
    left, right = list(map(_name, one.authors)), list(map(_name, other.authors))
    short, long = sorted((left, right), key=len)
    if len(short) < len(long) // 2 and not (one.authors_truncated or other.authors_truncated) and len(short) > 1:
        return False
    matched = sum(any(_same_name(name, candidate) for candidate in long) for name in short)
    leads = _same_name(left[0], right[0]) or {n.surname for n in left} == {n.surname for n in right}
    return leads and matched >= 0.6 * len(short)


def _same_name(one: _Name, other: _Name) -> bool:
    if one.surname != other.surname and not (_one_slip(one.surname, other.surname) and len(one.surname) > 5):
        return False
    return not one.initial or not other.initial or one.initial == other.initial


def _years_apart(one: Bibliography, other: Bibliography) -> int:
    """Return by how many years two records differ, 0 where one has no year."""
    return abs(one.year - other.year) if one.year and other.year else 0


# ---------------------------------------------------------------------- abstracts


def likeness(one: str, other: str) -> float:
    """Return how alike two abstracts are, 0 to 1: the Jaccard index of their runs of three words.

    An abstract that was cut short is as alike as its part of the other.
    """
    left, right = _shingles(_abstract_words(one)), _shingles(_abstract_words(other))
    if not left or not right:
        return 0.0
    shared, smaller = len(left & right), min(len(left), len(right))
    jaccard = shared / (len(left) + len(right) - shared)
    if smaller >= 8 and shared >= 0.9 * smaller:
        return max(jaccard, shared / smaller)
    return jaccard


@lru_cache(maxsize=1024)
def _shingles(words: tuple[str, ...], length: int = 3) -> frozenset[tuple[str, ...]]:
    return frozenset(words[i : i + length] for i in range(len(words) - length + 1))


def _shared_words(one: Bibliography, other: Bibliography) -> float:
    """Return the share of the shorter abstract's content words that the other has too."""
    left, right = _content(_abstract_words(one.abstract)), _content(_abstract_words(other.abstract))
    return len(left & right) / min(len(left), len(right)) if left and right else 0.0


def _jaccard(one: Iterable[object], other: Iterable[object]) -> float:
    left, right = set(one), set(other)
    return len(left & right) / len(left | right) if left and right else 0.0


# ---------------------------------------------------------------------- blocks

_SKETCH = 6


def blocks(record: Bibliography) -> set[str]:
    """Return the keys under which a record is looked up; the same paper under another wording shares at least one.

    Identifiers; the title, its opening and its end, its parts around a colon; the first author's surname with each of
    the title's longest words; and a sketch of the abstract, the smallest hashes of its runs of four words, which two
    versions of a text share in proportion to their likeness.
    """
    title = _title(record.title)
    keys = set()
    if record.title:
        keys |= {"title:" + part for part in title.parts}
        keys |= {"opening:" + "".join(title.words[:4]), "closing:" + "".join(title.words[-4:])}
    if record.doi:
        keys.add("doi:" + doi_base(record.doi))
    if arxiv := arxiv_of(record):
        keys.add("arxiv:" + arxiv)
    if record.authors:
        surname = _name(record.authors[0]).surname
        longest = sorted(set(title.words), key=lambda word: (-len(word), word))[:4]
        keys |= {f"author:{surname}:{stem(word)}" for word in longest}
    runs = _shingles(_abstract_words(record.abstract), 4)
    hashes = sorted(hashlib.blake2b(" ".join(run).encode(), digest_size=6).hexdigest() for run in runs)
    return keys | {"text:" + value for value in hashes[:_SKETCH]}
