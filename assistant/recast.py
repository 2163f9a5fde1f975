"""Tell a sentence of an abstract as related work tells it, without a model: who acts, another shape, fewer words.

"We propose X to do Y" becomes "Mehta et al. propose X to do Y", "To do Y, Mehta et al. propose X" or "X is proposed by
Mehta et al.". Words are left out only where a clause ends, and replaced only by words that say the same, so what comes
out says nothing that the sentence doesn't. The caller checks it all the same.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from assistant import check, lexicon
from assistant.terms import STOPWORDS, longest_common_run, tokens

Shape = Literal["active", "purpose first", "passive", "of theirs", "reported", "inside"]

_BASES = frozenset(
    """achieve add address adopt advance aim analyse analyze annotate apply argue ask assess attack augment benchmark
    build characterise characterize collect combine compare compile compute conclude conduct confirm consider
    construct contribute create deal define demonstrate derive describe design detail detect determine develop
    devise discover discuss distinguish document employ enhance establish estimate evaluate examine exploit
    explore extend extract find focus follow formalise formalize formulate frame gather generalise generalize
    generate give identify illustrate implement improve include incorporate integrate introduce investigate
    learn leverage look make measure model modify note observe obtain offer optimise optimize outline perform
    pinpoint point predict present propose prove provide quantify question reach reduce refine relate release
    replace report represent reveal review revisit search set show simplify simulate solve study suggest
    summarise summarize survey take tackle target test trace track train treat try turn use utilise utilize
    validate verify view work accelerate approximate assemble attempt cast classify cluster complement compress
    conjecture contrast convert corroborate cover decompose embed encode enlarge expand express hypothesise
    hypothesize interpret isolate link map monitor open parse pose pretrain prune pursue put quantise quantize
    rank recommend recruit retrieve sample scale screen segment sequence share shed start summarise translate
    understand unify update adapt advocate alter allow boost bridge curate deploy emphasise emphasize enable
    encourage ensure envision finetune freeze fuse guide highlight impose inject inspect instantiate maximise
    maximize minimise minimize mitigate motivate overcome parameterize perturb prefer prevent probe process
    promote push realise realize reconsider reconstruct redesign reformulate regularise regularize reimplement
    remove repurpose reproduce resolve restrict rethink reuse revise scrutinise scrutinize shift specify split
    standardise standardize streamline strengthen substitute supplement support synthesise synthesize tailor
    transfer transform tune uncover unveil upgrade visualise visualize weigh""".split()
)
# What may stand behind "we" besides these; elsewhere these words may be nouns or adjectives.
_DEEDS = frozenset(
    """aggregate arrange assert assign assume automate balance believe bring calculate calibrate categorize check
    clarify code coin compose concentrate conceptualize condition consolidate contend control correlate count
    crowdsource customize deduce diagnose differentiate disentangle distil distill draw elaborate elicit engineer
    enrich equip exclude experiment explain factor fill fit fix group harness help hope induce infer input insert
    intend interview invent join justify label list maintain manipulate mark mask match merge mine mix name narrow
    normalise normalize notice operationalize organise organize pair participate partition plan plot posit postulate
    preprocess preserve produce profile project publish query raise rate read reason recast recognise recognize
    record recover reorganize require rerank research rewrite score select separate sketch solicit sort speculate
    stack state store stress structure submit supervise supply suspect tag teach think transcribe undertake vary
    warn weight write""".split()
)
_ACTS = _BASES | _DEEDS
_PASTS = {
    "found": "find", "built": "build", "made": "make", "gave": "give", "took": "take", "drew": "draw", "set": "set",
    "showed": "show", "sought": "seek", "began": "begin", "held": "hold", "chose": "choose", "ran": "run",
    "wrote": "write", "brought": "bring", "saw": "see", "undertook": "undertake", "thought": "think",
}  # fmt: skip
_SAME_IN_PAST = frozenset(_PASTS) - {"set"}
_ADVERBS = r"(?:also|then|further|first|finally|thus|therefore|hence|additionally|here|next|jointly|briefly)"
_WE = re.compile(
    rf"^(?:(?:in|throughout|with|through) (?:this|the present|our) (?:paper|work|study|article|letter|survey),? "
    rf"|here,? |to this end, |to that end, )?(?:(?-i:[Ww]e)|the authors|the researchers|the investigators)"
    rf" (?:{_ADVERBS} )?",
    re.IGNORECASE,
)
_THIS_PAPER = re.compile(
    r"^(?!our [a-z]+ (?:is|was|has|involves)\b)"  # what "our study" is, it doesn't do
    r"(?:this|the|our|the present) (?P<what>author|paper|work|study|article|letter|survey|report|thesis) "
    rf"(?:(?:{_ADVERBS}|mainly|mostly|primarily|largely|specifically) )?(?=[a-z]+s\b)",
    re.IGNORECASE,
)
_PASSIVE_HERE = re.compile(
    r"^(?:in this (?:paper|work|study|article),? )?(?P<what>(?:a|an) (?:(?!\b(?:is|are|was|were)\b)[^.;:]){8,140}?) "
    r"(?:is|was) "
    r"(?P<verb>proposed|presented|introduced|described|developed|studied|investigated|examined)\b(?P<rest>.*)$",
    re.IGNORECASE,
)
_OF_THEIRS = re.compile(
    r"^(?:our|the|this|the proposed|our proposed|the presented|the resulting) (?:new |novel )?"
    r"(?P<what>(?:(?!first|second|third|other|same|most)[a-z]+ )?"
    r"(?:approach|method|model|system|framework|algorithm|technique|architecture|strategy|pipeline"
    r"|network|classifier|parser|results?|experiments|findings|analysis|evaluation|work))\s+(?P<rest>[a-z].*)$",
    re.IGNORECASE,
)
# A sentence that opens like this leans on one that isn't told.
_LEANS = re.compile(
    r"^(?:it|its|this|these|those|such|they|their|both|that|here|then|he|she|each|another|other|two"
    r"|one (?:of (?:them|these|those|which)|such|is|was|has|can)"
    r"|the (?:first|second|third|other|latter|former|last|next|same)|for (?:this|that|these)|with (?:this|these"
    r"|that)|as such|on (?:these|this)|in (?:this|these|that|both) (?!paper|work|study|article)|by doing so"
    r"|to do so|even so|so|besides|in addition to|with both|among them|the (?:process|rest|others?)"
    r"|all (?:of )?(?:them|these|this))\b",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(
    r"\b(?:this|that|these|those|such) (?:question|problem|issue|task|gap|property|technique|method|approach|challenge"
    r"|challenges|problems|issues|limitations?|idea|end|hypothesis|setting|goal|purpose|way|result|results|case|cases"
    r"|algorithms?|models?|methods?|estimators?|data|dataset|corpus|words?|guidelines|strategies|questions)\b"
    r"|\b(?:this|these|those) (?!paper|work|study|article|letter|survey|thesis|report|project|who|which|that|of|with|in"
    r"|where)[a-z0-9]+"
    r"|\b(?:the (?:above|latter|former|same)|aforementioned|above-mentioned)\b|\bthis to\b|\bdo so\b",
    re.IGNORECASE,
)

# "The model as an example, 489.": an entry of a table of contents.
_CONTENTS = re.compile(r"[,…]\s*\d{1,4}\.?$")
# "Because there are few.": the clause that it belongs to is missing.
_HALF = re.compile(r"^(?:because|although|though|while|whereas|if|since)\b[^,]*$", re.IGNORECASE)
# "Represent each node …": a step of a list, that nobody is said to take.
_TELLS_TO = re.compile(r"^[A-Z][a-z]+ (?:a|an|the|all|each|every|them|it)\b")
# "outperforms (2016)", "established by (Name, 2018)": what a verb or a preposition goes with is a citation, which is
# left out with its brackets.
_CUT_CITATION = re.compile(
    r"\b(?:[a-z]+s \(\d{4}[a-z]?\)|(?:by|of|in|from|to|with|on|than|following|see|and) \([A-Z][^()]*\d{4}[a-z]?\))"
)
# "We address this challenge, and propose …", "… by proposing …": the challenge is in the sentence before.
_ANSWERS = r"(?:address|tackle|overcome|solve|resolve|mitigate|alleviate|bridge|fill|meet|handle|remedy|counter)"
_POINTS_AT = r"(?:all |both )?(?:of )?(?:this|that|these|those|such|the above|the aforementioned)\b"
_ANSWERS_AND = re.compile(
    rf"^((?:in this (?:paper|work|study),? )?we )(?:{_ADVERBS} )?{_ANSWERS} {_POINTS_AT}[^,.;:]{{0,40}},? (?:and|by) "
    r"(?:(?P<ing>(?:propos|introduc|develop|present|design)ing)|(?=(?:propose|introduce|develop|present|design)\b))",
    re.IGNORECASE,
)
# "…, to address the above issues."
_ANSWERS_BEHIND = re.compile(
    rf",? (?:in order )?to (?:{_ANSWERS}|deal with) {_POINTS_AT} [a-z -]{{1,40}}(?=\.?$)", re.IGNORECASE
)
# ", however," in the middle leans on the sentence before; behind a phrase in front one comma is needed.
_TURNS = re.compile(
    r"(?P<front>^(?:At|In|On|For|With|Under|By|From|When|While|Among|Across|Over|If|After|Before)\b[^,]{3,60},)?"
    r"(?(front)|,) (?:however|therefore|thus|moreover|furthermore|in turn|hence|consequently|for example|for instance),"
)
_OPENS_THEN_POINTS = re.compile(
    r"^(?:on|in|for|with|among|across|using|by|when|after|before|at|during|while|although|though|if|because|as|unlike|from)"
    r" [^,]{3,90}, (?:it|they|this|these|he|she|such)\b",
    re.IGNORECASE,
)


# A preposition without what belongs to it, because that stood in brackets: "for (i), we …".
_LEFT_OPEN = re.compile(r"\b(?:for|in|of|to|with|by|from|and|or)\s*[,.;]", re.IGNORECASE)


@dataclass(frozen=True)
class Subject:
    """Who acts in a sentence.

    Attributes:
        text: as written: `Mehta et al.`, or `One study` where the authors aren't known.
        plural: whether a verb takes the plural.
        named: whether it names the paper's authors.
    """

    text: str
    plural: bool = True
    named: bool = True

    @property
    def inside(self) -> str:
        """The subject as it stands inside a sentence."""
        return self.text if self.named else self.text[:1].lower() + self.text[1:]


@dataclass(frozen=True)
class Recast:
    """A sentence told anew.

    Attributes:
        text: the sentence.
        shape: how it opens.
    """

    text: str
    shape: Shape


def tellable(sentence: str) -> bool:
    """Tell whether a sentence can be told alone: it has a shape that is known, and leans on no other sentence."""
    return _shape_of(_plain(sentence)) is not None and not points_back(sentence)


def points_back(sentence: str) -> bool:
    """Tell whether a sentence speaks of something that only the sentence before it names."""
    text = _plain(sentence)
    opens_known = _THIS_PAPER.match(text) or _WE.match(text) or _OF_THEIRS.match(text)
    if not _balanced(sentence) or _CUT_CITATION.search(sentence) or _OPENS_THEN_POINTS.match(text):
        return True
    return bool(_POINTS_BACK.search(text)) or (bool(_LEANS.match(text)) and not opens_known)


# "1)" or "ii)" in a running list.
_ENUMERATOR = re.compile(r"(?<![\w(])(?:\d|[ivx]{1,4}|[a-d])\) ")


def _balanced(text: str) -> bool:
    """Tell whether each bracket that opens closes, and none closes that didn't open."""
    depth = 0
    for char in _ENUMERATOR.sub("", text):
        depth += (char == "(") - (char == ")")
        if depth < 0:
            return False
    return depth == 0


def announces(sentence: str) -> bool:
    """Tell whether a sentence says what its paper does: "We propose …", "This study asks …"."""
    text = _plain(sentence)
    return bool(_WE.match(text) or _THIS_PAPER.match(text) or _PASSIVE_HERE.match(text))


# "We propose …", "This paper presents …", but not what comes on top of it: "We also show …", "We hope …".
_CONTRIBUTES = re.compile(
    r"^(?:propos|introduc|present|develop|describ|design|devis|build|built|creat|construct|releas|put forward|study\b"
    r"|studies|studied|investigat|examin|explor|analy|survey|review|compar|evaluat|formulat|extend|address|tackl|ask"
    r"|collect|establish|benchmark|assess|measure|quantif|characteri)",
    re.IGNORECASE,
)
_ON_TOP = re.compile(
    r"^(?:moreover|further|furthermore|additionally|in addition|finally|lastly|besides|also|then|next|second|third"
    r"|secondly|thirdly|(?:we|this paper|the authors) (?:also|then|further|additionally|finally|next))\b",
    re.IGNORECASE,
)


def contributes(sentence: str) -> bool:
    """Tell whether a sentence says what its paper is for above all: what it proposes, builds or studies."""
    text = _plain(sentence)
    found = _WE.match(text) or _THIS_PAPER.match(text)
    if not found:
        return bool(_PASSIVE_HERE.match(text))
    aims = re.sub(r"^(?:aims?|seeks?|intends?|attempts?|tr(?:y|ies)) to ", "", _without_manner(text[found.end() :]))
    return bool(_CONTRIBUTES.match(aims)) and not _ON_TOP.match(" ".join(sentence.split()))


def recast(sentence: str, subject: Subject, *, year: int | None = None) -> list[Recast]:
    """Return the ways in which a sentence can be told, in no order; none where it can't.

    Args:
        sentence: exact words of an abstract.
        subject: who acts.
        year: when; then it is told with the year in front.
    """
    text = _plain(sentence)
    if points_back(sentence) or _LEFT_OPEN.search(text) or text.endswith("?") or not _english(text):
        return []
    found: list[Recast] = []
    for one in _whole(text, subject, year):
        for shorter in _shortened(one.text):
            told_of = shorter.partition(" that ")[2] if one.shape == "reported" else ""
            whole = shorter.rstrip(".") == one.text.rstrip(" .") or one.shape != "reported"
            if whole or (_FINITE.search(told_of) and not _only_introduces(told_of)):
                found.append(Recast(shorter, one.shape))
        if one.shape not in ("reported", "inside") and _INTERSECTIVE.match(one.text.removeprefix(subject.text).strip()):
            found += [Recast(shorter, one.shape) for shorter in _without_modifiers(one.text)]
    return list(dict.fromkeys(found))


# What has fewer of its sentence's words than this has left something out.
_WHOLE_FROM = 0.85


def rewordings(sentence: str, subject: Subject, abstract: str, limit: int) -> list[str]:
    """Return texts that tell a sentence, none of which runs along with its abstract for more than `limit` words.

    Each way to recast it comes with what one more change of words makes of it; those that leave nothing out come first,
    and of these those that copy least.
    """
    runs: dict[str, int] = {}
    whole = _WHOLE_FROM * len(_plain(sentence).split())
    for way in recast(sentence, subject):
        told = own_words(way.text, [abstract], limit)
        if longest_common_run(told, [abstract]) <= limit:
            for text in (told, *_swapped(told)):
                runs.setdefault(text, longest_common_run(text, [abstract]))
    fitting = (text for text, run in runs.items() if run <= limit)
    return sorted(fitting, key=lambda text: (len(text.split()) < whole, runs[text], text))


def _english(text: str) -> bool:
    """Tell whether a text is in Latin letters, and enough of its words are those that every English sentence has."""
    words = [word.lower() for word in tokens(text)]
    letters = [char for char in text if char.isalpha()]
    latin = sum(char.isascii() for char in letters) >= 0.8 * len(letters)
    return latin and (len(words) < _MIN_WORDS or sum(word in STOPWORDS for word in words) >= len(words) / 12)


def in_first_person(sentence: str) -> str:
    """Return a sentence about one's own work as it stands behind a lead: "we propose …"; nothing without a "we"."""
    text = _plain(sentence)
    if found := _WE.match(text):
        return f"we {text[found.end() :]}"
    if found := _THIS_PAPER.match(text):
        return f"this {found['what'].lower()} {text[found.end() :]}"
    return ""


# One author who says "I" is told of like those who say "we"; "type I errors" are no such person.
_I = re.compile(rf"(?:^|(?<=[a-z,] ))I(?= (?:{'|'.join(sorted(_ACTS))}|also|then|have|am|will|was|do)\b)")


def _plain(sentence: str) -> str:
    """Return a sentence without white space, labels of structured abstracts, lead-ins and what stands in brackets."""
    text = " ".join(sentence.split())
    text = re.sub(r"^(?:abstract|summary|[A-Z]{4,}(?: [A-Z]+)*)\s*[:.—-]?\s+(?=[A-Z])", "", text, flags=re.NOFLAG)
    text = re.sub(r"^Abstract\s+(?=[A-Z])(?!(?:Meaning|Syntax|Interpretation)\b)", "", text)
    text = re.sub(r"^(?:\(?(?:[ivx]{1,4}|[IVX]{1,4}|\d)\)|\d\.)\s+", "", text)
    text = check.without_lead_in(text)
    text = _I.sub(lambda found: "We" if found.start() == 0 else "we", text)
    text = re.sub(r"\b(?:[Mm]y) (?=[a-z])", lambda found: "Our " if found[0][0] == "M" else "our ", text)
    text = re.sub(r"^(?:But|And|Yet|So) ([a-z])", lambda found: found[1].upper(), text)
    text = _ANSWERS_AND.sub(lambda found: found[1] + (_base_of_ing(found["ing"] or "") or ""), text)
    text = _ANSWERS_BEHIND.sub("", text)
    text = _TURNS.sub(lambda found: found["front"] or "", text, count=1)
    text = _ENUMERATOR.sub("", re.sub(r"\s*\((?![^)]*\d+(?:\.\d+)?\s*%)[^()]*\)", "", text))
    return text.strip()


def _shape_of(text: str) -> str | None:
    if _LEANS.match(text) and not (_WE.match(text) or _THIS_PAPER.match(text) or _OF_THEIRS.match(text)):
        return None
    if found := _WE.match(text):
        return "we" if _verb(_without_manner(text[found.end() :])) else None
    if found := _THIS_PAPER.match(text):
        return "paper" if _third(text[found.end() :].split()[0]) else None
    if _PASSIVE_HERE.match(text):
        return "passive"
    if _HALF.match(text):
        return None
    if _TELLS_TO.match(text) and text.split()[0].lower() in _BASES:
        return None
    found = _OF_THEIRS.match(text)
    if found and _opens_with_verb(found["rest"]):
        return "of theirs"
    return None if _CONTENTS.search(text) and not _SURE_VERB.search(text) else "fact"


def _whole(text: str, subject: Subject, year: int | None) -> Iterator[Recast]:
    opens = _introduced(text)
    if opens and _WE.match(opens["rest"]) and not year:
        yield from _behind(opens["first"], opens["rest"], subject)
        return
    shape = _shape_of(text)
    lead = f"In {year}, " if year else ""
    if shape in ("we", "paper"):
        found = _WE.match(text) or _THIS_PAPER.match(text)
        assert found is not None
        predicate = _third_person(text[found.end() :], subject)
        if shape == "paper":
            predicate = _to_base(predicate)
        bare = _without_manner(predicate)
        manner = predicate[: len(predicate) - len(bare)]
        acts = manner + (bare if subject.plural else _to_singular(bare))
        yield Recast(f"{lead}{subject.text} {acts}", "active")
        if not year and subject.text not in _PRONOUNS:
            yield from _purpose_first(acts, subject)
            yield from _passive(predicate, subject)
    elif shape == "passive":
        parts = _PASSIVE_HERE.match(text)
        assert parts is not None
        what = _third_person(parts["what"][:1].lower() + parts["what"][1:], subject)
        base = _base_of(parts["verb"].lower())
        acts = base if subject.plural else third_singular(base)
        yield Recast(f"{lead}{subject.text} {acts} {what}.", "active")
    elif shape == "of theirs":
        parts = _OF_THEIRS.match(text)
        assert parts is not None
        rest = _third_person(parts["rest"], subject)
        what = parts["what"]
        if subject.text in _POSSESSIVES:
            yield Recast(f"{_POSSESSIVES[subject.text]} {what} {rest}", "of theirs")
        else:
            yield Recast(f"{lead}{'the' if lead else 'The'} {what} of {subject.inside} {rest}", "of theirs")
    elif shape == "fact":
        told = _third_person(text, subject)
        lowered = _lowered(told)
        verb = "report" if re.search(r"\d", told) else "note"
        verb = verb if subject.plural else verb + "s"
        yield Recast(f"{lead}{subject.text} {verb} that {lowered}", "reported")
        if not year:
            for aside in _with_aside(told, f"{subject.inside} {verb}"):
                yield Recast(aside, "inside")
        if not year and (opens := _introduced(told)):
            yield Recast(f"{opens['first']}, {subject.inside} {verb}, {opens['rest']}", "inside")
            last = opens["rest"].rstrip(".")
            if not re.search(r"[,;]", last):
                yield Recast(f"{lead}{subject.text} {verb} that {last}, {_lowered(opens['first'])}.", "reported")


def _without_manner(predicate: str) -> str:
    """Return what is done without an adverb in front that says how: "publicly release …"."""
    return re.sub(r"^(?!(?:only|rely|apply|supply|reply|imply|multiply|comply)\b)[a-z]+ly (?=[a-z])", "", predicate)


def _behind(first: str, rest: str, subject: Subject) -> Iterator[Recast]:
    """Yield what somebody does with the phrase that opens the sentence left in front, or put behind."""
    first = _third_person(first, subject)
    for one in _whole(rest, subject, None):
        if one.shape == "active":
            acts = one.text.removeprefix(subject.text).strip()
            yield Recast(f"{first}, {subject.inside} {acts}", "purpose first")
            if not re.search(r"[,;]", acts) and not first.startswith(("To ", "About ")):
                yield Recast(f"{subject.text} {acts.rstrip('.')}, {_lowered(first)}.", "active")


def _lowered(text: str) -> str:
    """Return a text that goes on inside a sentence; a name of several words keeps its capital."""
    first, _, rest = text.partition(" ")
    # "Recently, Masked Learners …" and "Training BERT …" open with no part of a name.
    opens = first in _OPENERS or first.endswith(("ly,", "ing"))
    named = _keeps_capital(first) or bool(re.match(r"(?:[A-Z][a-z]+|[A-Z]{2,}s?)\b", rest) and not opens)
    return text if named else text[:1].lower() + text[1:]


# Words that open a sentence, and aren't part of the name behind them.
_OPENERS = frozenset(
    """A An The This These Those That Our Their Its In On For With Among Across Using By When After Before Compared
    Under At During While Although If Because As Unlike From Between Despite Given To Through Based Most Many Some
    Several All Both Each Recent Recently Current Currently Existing Previous Prior Given Since Traditional Standard
    Modern Early Unfortunately Typically Often Not No One Two Three Combining Training Like Of""".split()
)


_PRONOUNS = {"They": "Their", "It": "Its"}
_POSSESSIVES = {**_PRONOUNS, "The authors": "The authors'"}


def _opens_with_verb(rest: str) -> bool:
    first = rest.split()[0]
    known = first in _BASES or _third(first) or first in _PASTS or first.endswith("ed")
    return bool(known) or first in (
        "is",
        "are",
        "was",
        "were",
        "has",
        "have",
        "can",
        "does",
        "do",
        "beats",
        "runs",
        "needs",
    )


# What keeps its capital inside a sentence although it looks like a plain word: languages, peoples, schools.
_PROPER = re.compile(
    r"^(?:[A-Z][a-z]+(?:ian|ean|ese|ish)|French|Greek|Dutch|Welsh|Hindi|Urdu|Arabic|Hebrew|Swahili|Thai|German|Latin"
    r"|Wikipedia|Twitter|Google|Monte|Markov|Fourier|Africa\w*|America\w*|Europe\w*|China|India|Japan|[A-Z][a-z]+'s)$"
)
# A phrase that opens a sentence, behind which "Mehta et al. report," can stand.
_INTRODUCTION = re.compile(
    r"^(?P<first>(?:On|In|For|About|Regarding|Concerning|With|Among|Across|Using|By|When|After|Before|Compared|Under|At|During|While|Although|If"
    r"|Because|As|Unlike|From|Between|Despite|Given|To|Through|Based|Over|Without|Within|Throughout|Since|Upon|Beyond"
    r"|Aided by|Inspired by|Motivated by|Following|Building on|Like|Even (?:with|without|when|after|for|in|on|if)"
    r"|According to) [^,;]{4,150}), (?P<rest>[^,]{16,}.*)$"
)


_ADDED = re.compile(r"(?:which|who|where|whose|and|or|such|including)\b")


def _only_introduces(told: str) -> bool:
    """Tell whether nothing but a phrase in front is left: of "in contrast to X, Y does Z" the end is cut."""
    first, *rest = told.split(", ")
    clauses = [part for part in rest if not _ADDED.match(part) and _SURE_VERB.search(_RELATIVE.split(part)[0])]
    return bool(_FIRST_OF_PHRASE.match(first[:1].upper() + first[1:])) and not clauses


def _introduced(text: str) -> re.Match[str] | None:
    """Match a phrase that opens a sentence, and no first part of a list: a clause with a verb of its own follows."""
    found = _INTRODUCTION.match(text)
    clause = found["rest"].partition(",")[0] if found else ""
    return (
        found if _FINITE.search(clause) and not re.match(r"(?:and|but|or|so|yet|which|who|where)\b", clause) else None
    )


def _keeps_capital(word: str) -> bool:
    named = any(char.isupper() or char.isdigit() for char in word[1:]) or (len(word) > 1 and word.isupper())
    return named or bool(_PROPER.match(word))


def _third_person(text: str, subject: Subject) -> str:
    """Return a text that speaks of its authors as others would: "our" is what they have, or what one study has."""
    if not subject.plural and not subject.named:
        text = re.sub(r"\b([Oo])ur\b", lambda found: "Its" if found[1] == "O" else "its", text)
    one = not subject.plural and not subject.named
    told = check.third_person("x " + text)[2:]
    told = re.sub(
        r"\b(to|by|with|for|of|from|than) the authors\b", lambda found: f"{found[1]} {'it' if one else 'them'}", told
    )
    return _OF_AUTHORS.sub(_of_one_study, told) if one else re.sub(r"\bthe authors\b", "they", told)


_OF_AUTHORS = re.compile(
    r"\bthe authors\b(?P<between>(?: (?:also|then|further|thus|first|[a-z]+ly))?)(?: (?P<verb>[a-z]+))?"
)
_ONE_DOES = {"are": "is", "were": "was", "have": "has", "do": "does"}


def _of_one_study(found: re.Match[str]) -> str:
    """Return what authors do as what a study does: "the authors then propose" as "it then proposes"."""
    verb = found["verb"] or ""
    does = third_singular(verb) if verb in _ACTS else _ONE_DOES.get(verb, verb)
    return " ".join(filter(None, ("it" + found["between"], does)))


# ---------------------------------------------------------------------- verbs


def _verb(predicate: str) -> str | None:
    """Return the verb that a predicate opens with, or nothing where it isn't a plain one."""
    word = predicate.split()[0] if predicate.split() else ""
    if word in _ACTS or word in _PASTS or word in ("are", "have", "were", "had", "can", "call"):
        return word
    return word if re.fullmatch(r"[a-z]+ed", word) else None


def _third(word: str) -> str | None:
    """Return the base of a verb in the third person singular, or nothing."""
    return next((base for base in _BASES | {"ask", "call"} if third_singular(base) == word), None)


def _base_of(past: str) -> str:
    return next((base for base in _BASES if past in (base + "d", base + "ed", base[:-1] + "ied")), past)


def third_singular(base: str) -> str:
    """Return the third person singular of a verb."""
    if base in ("are", "have", "were", "had", "can"):
        return {"are": "is", "have": "has", "were": "was"}.get(base, base)
    if base.endswith(("s", "sh", "ch", "x", "z", "o")):
        return base + "es"
    if base.endswith("y") and base[-2:-1] not in "aeiou":
        return base[:-1] + "ies"
    return base + "s"


# Verbs that are nouns as well: joined by "and" they are verbs only with an object that opens like one.
_NOUNS_AS_WELL = frozenset(
    """aim approach attack attempt benchmark boost bridge cast change cluster control cover deal design detail document
    draw estimate experiment exploit factor fit fix focus frame group guide harness help highlight hope impose index
    input insert label link list look map mark mask match measure mine mix model monitor name need note offer open pair
    plan plot point prefer probe process profile project promote prompt push query question rank rate read reason
    record release report research result review sample scale score screen search segment sequence set shape share shed
    shift show sketch solve sort split stack start state store stress structure study supplement supply support survey
    tag take target teach test trace track transfer turn tune update use view weight work write""".split()
)
_DETERMINER = (
    r"(?:an?|the|that|how|whether|what|why|its|their|our|it|them|this|these|those|each|all|both|any|some|several"
    r"|various|multiple|many|different|such|new|novel|two|three|four|five|six|\d[\w.,]*)\b"
)
_OPENS_OBJECT = re.compile(rf"{_DETERMINER}|[A-Z\\]|(?:on|to) (?:an?|the)\b")
_NEXT_VERB = re.compile(
    r"(?P<before>(?:(?:(?P<comma>,)? |^)(?:and|but)(?: also| then| further| finally)?|, then)"
    r"(?: (?!apply|rely|supply|imply|multiply|comply)[a-z]+ly)? )"
    r"(?P<verb>[a-z]+)(?= [^\s,.;])"
)
_CLAUSE = re.compile(
    r".*?(?P<comma>,)?(?: [a-z]+)? (?:that|which|who|whose|where|when|if|because|while)\b(?P<tail>.*)$"
)
_INFINITIVE = re.compile(
    r".*\b(?:to|can|could|may|might|will|would|should|must) (?:[a-z]+ly )?(?P<verb>[a-z]+)\b(?P<tail>.*)$"
)


def _to_singular(predicate: str) -> str:
    """Return a predicate in the singular: its verb, and verbs that are joined to it."""
    first, _, rest = predicate.partition(" ")
    past = first in _SAME_IN_PAST or (first.endswith("ed") and first not in _BASES)
    if past:
        return predicate

    def singular(found: re.Match[str]) -> str:
        verb = found["verb"]
        changes = verb in _ACTS and _is_verb(rest, found) and _joins_first(rest, found)
        return found["before"] + (third_singular(verb) if changes else verb)

    return f"{third_singular(first)} {_NEXT_VERB.sub(singular, rest)}"


def _is_verb(rest: str, found: re.Match[str]) -> bool:
    """Tell whether a joined word that may be a noun too is a verb here."""
    after = rest[found.end("verb") + 1 :]
    return found["verb"] not in _NOUNS_AS_WELL or bool(_OPENS_OBJECT.match(after))


def _joins_first(rest: str, found: re.Match[str]) -> bool:
    """Tell whether a verb in the plural is joined to the first verb, and not to one of a clause or an infinitive."""
    before = rest[: found.start()]
    if clause := _CLAUSE.match(before):
        # A clause between commas is over; and one about a single thing has no verb in the plural.
        over = bool(clause["comma"] and found["comma"])
        return over or bool(_SINGULAR_VERB.search(clause["tail"]))
    infinitive = _INFINITIVE.match(before)
    if infinitive and infinitive["verb"] in _ACTS:
        return bool(found["comma"]) and "," not in infinitive["tail"]
    return True


def _to_base(predicate: str) -> str:
    """Return a predicate of "this paper" with its verbs in the plural."""
    first, _, rest = predicate.partition(" ")

    def plural(found: re.Match[str]) -> str:
        clause = _CLAUSE.match(rest[: found.start()])
        inside = clause and not (clause["comma"] and found["comma"])
        base = None if inside else _third(found["verb"])
        return found["before"] + (base or found["verb"])

    return f"{_third(first) or first} {_NEXT_VERB.sub(plural, rest)}"


# ---------------------------------------------------------------------- other shapes

_PURPOSE = re.compile(
    r"^(?P<does>.{12,}?[a-z0-9)])(?P<comma>,?) (?:in order )?to (?P<purpose>(?P<verb>[a-z]+) [^,;]{8,})\.$", re.DOTALL
)
_TAKES_TO = re.compile(
    r"\b(?:allow\w*|enabl\w*|able|unable|how|used?|using|train\w*|learn\w*|need\w*|aim\w*|tr(?:y|ies|ied)|attempt\w*|seek\w*|fail\w*"
    r"|abilit(?:y|ies)|tend\w*|according|due|applied|apply|applies|compared|likely|ways?|means|possible|hard|easy|difficult"
    r"|sufficient|enough|required?|requires|asked|ask|asks|forced?|leads?|led|help\w*|them|it|designed|want\w*|and|or|as|set"
    r"|begin\w*|start\w*|continu\w*|known|shown|found|said|expected|proposed|capacity|decid\w*|whether|where|what|attempts)$"
)


_MADE_VERB = re.compile(rf"{'|'.join(sorted(_ACTS))}|[a-z]{{3,}}(?:ize|ise|ify)")


def _purpose_first(predicate: str, subject: Subject) -> Iterator[Recast]:
    found = _PURPOSE.match(predicate)
    if not found or not _MADE_VERB.fullmatch(found["verb"]) or _TAKES_TO.search(found["does"]):
        return
    if any(_MADE_VERB.fullmatch(deed) for deed in re.findall(r"\band ([a-z]+)\b", found["purpose"])):
        return  # "We apply X to do Y and employ Z": whether Z is done to do Y, too, can't be told
    if re.search(r"\b(?:that|which|whether|and|or|but|while|,)\b", found["does"].split(" ", 1)[-1][-60:]):
        return
    yield Recast(f"To {found['purpose']}, {subject.inside} {found['does']}.", "purpose first")


_PASSIVE_VERBS = {
    "propose": "proposed", "present": "presented", "introduce": "introduced", "describe": "described",
    "develop": "developed", "survey": "surveyed", "study": "studied", "release": "released",
    "investigate": "investigated",
}  # fmt: skip


def _passive(predicate: str, subject: Subject) -> Iterator[Recast]:
    verb, _, rest = predicate.partition(" ")
    what = rest.rstrip(".")
    words = what.split()
    if verb not in _PASSIVE_VERBS or not 3 <= len(words) <= 14 or words[0] not in ("a", "an"):
        return
    if re.search(r"[,;:]|\b(?:that|which|who|where|and|or|whose|how|to|called|they|their)\b", what):
        return
    end = "" if subject.text.endswith(".") else "."
    yield Recast(f"{what[:1].upper()}{what[1:]} is {_PASSIVE_VERBS[verb]} by {subject.inside}{end}", "passive")


# ---------------------------------------------------------------------- who says it, in the middle

_AUXILIARY = r"(?:is|are|was|were|has|have|had|can|could|may|might|must|will|would|does|do|did)"
# What may be a noun too counts as a verb only where a clause of its own is looked for.
_MORE = """affect beat become benefit capture comprise consist contain cover depend equal exceed exhibit fail gain give
    grow handle help hinder hold influence lack lead need offer outperform perform play receive rely remain score seem
    serve suffer surpass tend vary win yield""".split()
_MORE_THIRDS = "|".join(map(third_singular, _MORE))
# Verbs that are nothing else, in the third person, and in the plural behind a plural: a subject ends there.
_ONLY = """accept accommodate achieve acquire adapt agree allow appear arise assign assume attain avoid become belong
    bring capture carry choose combine come compare comprise confirm connect consider consist contain convert create
    decide define deliver demand demonstrate depend derive describe detect determine develop differ employ enable
    encode enhance ensure establish exhibit exist express extend extract facilitate fail generate get govern happen
    hurt identify ignore illustrate implement improve include incorporate indicate introduce investigate involve keep
    know learn lose make neglect obtain occur operate optimise optimize outperform perform permit predict prevent
    produce propose prove provide reach receive recognise recognize recover reduce reflect reject rely remain require
    retain retrieve reveal rise scale seem select send solve specify strengthen succeed suffer suggest summarise
    summarize surpass tell tend treat undergo understand use utilise utilize vary want write""".split()
_ONLY_THIRDS, _ONLY_BASES = "|".join(map(third_singular, _ONLY)), "|".join(["give", "lack", "need", *_ONLY])
_SURE_VERB = re.compile(rf"\b(?:{_AUXILIARY}|{_ONLY_THIRDS}|{_ONLY_BASES}|{_MORE_THIRDS})\b")
_JOINED_CLAUSE = re.compile(r", (?=(?:and|but|while|whereas|so|although|because|since|though|as) (?P<clause>[^,;]+))")
# What opens a phrase that stands before the subject.
_FIRST_OF_PHRASE = re.compile(
    r"(?:On|In|For|With|Among|Across|Using|By|When|After|Before|Compared|Under|At|During|While|Although|Because|As"
    r"|Unlike|From|Between|Despite|Given|Through|Based|Since|Of|Over|Without|According|Upon|Within|Throughout|Beyond"
    r"|Inspired|Motivated|Building|Following|Considering|Like|Once|If|To)\b"
)
# A subject of some words, without a clause of its own, and the verb behind it.
_SUBJECT_AND_VERB = re.compile(
    r"^(?P<subject>(?!(?:There|It|They|This|That|These|Those|What|Which|How|Here|To|We|If)\b)"
    r"(?:(?!\b(?:that|which|who|whose|whether|how|what|where|when|to|than|if)\b)[^,;:.()]){3,70}?)"
    rf" (?P<rest>(?:{_AUXILIARY}|{_ONLY_THIRDS}|(?:(?<=s )|(?<=corpora ))(?:{_ONLY_BASES}))\b.{{12,}})$"
)
# A subject that ends on an adverb or a conjunction isn't whole.
_NO_SUBJECT = re.compile(r"(?:\b(?:and|or|but|not|also|then|often|still)|ly)$")


def _with_aside(text: str, says: str) -> Iterator[str]:
    """Yield a sentence with "the authors note" put in: between two clauses, and behind a short subject."""
    text = text[:1].upper() + text[1:]
    if re.match(r"(?:However|But|And|So|Yet|Hence|Thus)\b", text):
        return
    for found in _JOINED_CLAUSE.finditer(text):
        first = text[: found.start()]
        if (
            len(first.split()) >= _MIN_WORDS
            and (_SURE_VERB.search(first) or (_FINITE.search(first) and "," not in first))  # "a, b" may go on with c
            and _SURE_VERB.search(_RELATIVE.split(found["clause"])[0])  # a list goes on with things
        ):
            yield f"{first}, {says}, {text[found.end() :]}"
    behind = _SUBJECT_AND_VERB.match(text)
    whole = behind and not _NO_SUBJECT.search(behind["subject"]) and not re.search(r"[\"“]", behind["subject"])
    if behind and whole and not _FIRST_OF_PHRASE.match(text):
        yield f"{behind['subject']}, {says}, {behind['rest']}"


# ---------------------------------------------------------------------- fewer words, other words

# Plurals of nouns that look like verbs.
_NOUNS_TOO = frozenset(
    """attacks clusters designs documents estimates frames links maps measures models outlines questions reports samples
    scales sets shares studies tests traces trains trees views works""".split()
)
_VERBS = "|".join(sorted((_BASES | {third_singular(base) for base in _BASES}) - _NOUNS_TOO))
_THIRDS = "|".join(sorted({third_singular(base) for base in _BASES} - _NOUNS_TOO))
_SINGULAR_VERB = re.compile(rf"\b(?:is|was|has|does|{_THIRDS}|{_ONLY_THIRDS}|{_MORE_THIRDS})\b")
_FINITE = re.compile(
    rf"\b(?:is|are|was|were|has|have|had|can|could|may|might|will|would|do|does|did|{_VERBS}|[a-z]+ed)\b"
)

# A verb behind "and": what may be a noun too only before what opens an object.
_BOTH_KINDS = _NOUNS_AS_WELL | set(map(third_singular, _NOUNS_AS_WELL))
_NEXT = (
    f"(?:{'|'.join(sorted(set(_VERBS.split('|')) - _BOTH_KINDS))})"
    rf"|(?:{'|'.join(sorted(_BOTH_KINDS))})(?= {_DETERMINER})"
)

# Where a sentence may end: what follows is added to what was said before, and takes nothing back.
_CLAUSE_END = re.compile(
    rf"(?:;|,? –|,? —|, and (?=(?:they|it|we|thus|then|also|therefore|further|{_NEXT}) )"
    r"|, (?:which|where|whose|who|resulting|leading|making|thereby|thus|yielding|achieving|showing"
    r"|demonstrating|so that|as well as|including|such as|while|whereas|in which)\b"
    rf"|\band (?:also |then |further )?(?:{_NEXT}) )"
)
# What follows a thing that is proposed or studied only says more about it: "a system that …", "a method for …".
_MODIFIER = re.compile(
    r",? (?:that|which|to [a-z]+|by [a-z]+ing|using|based on|for|with|through|via|in order to|where|whose|when|from"
    r"|on|in|so that|such that|including|called|named|under|without|across|within|as)\b"
)
_INTERSECTIVE = re.compile(
    r"^(?:propose|present|introduce|describe|develop|devise|study|investigate|examine|explore|address|outline|survey|review"
    r"|build|construct|create|design|release|offer|consider|discuss|give|provide|report|tackle|formulate|extend|analy[sz]e"
    r"|implement|collect|compile|model)(?:s|es|ied|d|ed)? (?!that\b|how\b|whether\b|why\b|no\b|not\b|only\b)"
)
# "memory, energy, and compute costs": what follows belongs to a list.
_LAST_OF_LIST = re.compile(r", [\w-]+(?: [\w-]+)?$")
_MAX_WORDS, _MIN_WORDS = 40, 7
# What a sentence must not end on after it was cut.
_OPEN_END = re.compile(
    r"\b(?:the|a|an|of|for|in|on|to|by|with|and|or|that|which|as|from|at|is|are|between|both|not|only|than|into|over"
    r"|without|within|across|during|upon|through|throughout|against|towards?|among|beyond|despite|per"
    r"|under|using|via|such|either|neither|whether|if|because|when|while|had|has|have|was|were|can|could|may|must|will"
    r"|should|used|able|ability|capacity|potential|attempt|effort|need|subject|how|does|do|did|be|been|being|there|it|they|them"
    r"|more|less|all|each|many|some|any|what|who|where|its|as well|and (?:two|three|four|five|six|\d+)"
    r"|their|so|no|most|several|various|other|new|same|rather|according|compared|due|in order|together|along|based"
    r"|(?:that|which|where|who|whose|what|how)(?: [\w-]+){1,3}|(?:i\.e\.|e\.g\.),?(?: [\w-]+){1,3}"
    r"|\d\S* (?:increase|decrease|reduction|improvement|gain|drop|rise|boost|saving|speed-?up)s?)$"  # of what?
)


def _shortened(text: str) -> Iterator[str]:
    """Yield a sentence, and what is left of it when clauses at its end are left out one by one."""
    whole = text.rstrip(" .;<>–—-") + "."
    if len(whole.split()) <= _MAX_WORDS:
        yield whole
    for found in _CLAUSE_END.finditer(text):
        rest = text[: found.start()].rstrip(" ,;–—-")
        in_list = found[0].startswith(", and") and _LAST_OF_LIST.search(rest)
        if _may_end(rest) and not in_list:
            yield rest + "."


def _without_modifiers(text: str) -> Iterator[str]:
    """Yield a sentence that names a thing, without what it says about the thing at its end."""
    for found in _MODIFIER.finditer(text):
        rest = text[: found.start()].rstrip(" ,;–—-")
        if _may_end(rest) and ":" not in rest and not rest.endswith(("ed", "ing")) and not _HALF_CLAUSE.search(rest):
            yield rest + "."


# A relative clause without a verb yet, or a participle without what belongs to it.
_HALF_CLAUSE = re.compile(
    rf"\b(?:that|which|who|where|whose)\b(?!.*\b(?:is|are|was|were|has|have|can|may|do|does|draws|runs|goes|needs|wants|helps|leads"
    rf"|contains|holds|allows|enables|captures|supports|lets|fits|beats|{'|'.join(sorted(_BASES))}"
    rf"|{'|'.join(sorted(third_singular(base) for base in _BASES))}|[a-z]+ed)\b)"
    r"|\b(?:made|built|given|drawn|taken|written|found|known|shown|held|told|taught|said|sent|put|done|chosen|driven)$"
)


_VERBS_LAST = ({third_singular(base) for base in _BASES} - _NOUNS_TOO) | (
    {third_singular(base) for base in _DEEDS | {*_ONLY, *_MORE}} - _BOTH_KINDS
)


def _may_end(rest: str) -> bool:
    """Tell whether what is left of a sentence may stand: neither too short nor too long, and nothing left open."""
    words = rest.split()
    closed = rest.count("(") == rest.count(")") and rest.count('"') % 2 == 0
    fits = _MIN_WORDS <= len(words) <= _MAX_WORDS
    verb_last = words[-1] in _BASES or words[-1] in _VERBS_LAST
    verb_last = verb_last or words[-1].endswith("ly") or words[-2:-1] == ["to"]
    apart = re.search(r"\bbetween\b(?!.*\band\b)(?! (?:\w+ )?\w+s\b)|\btwo\b[^.]*: one\b(?!.*\bother\b)", rest)
    return fits and closed and not (verb_last or apart) and "both" not in words and not _OPEN_END.search(rest)


_FUNCTION = (
    r"(?:of|in|on|for|with|the|between|from|by|both|as|into|and|or|to|is|are|was|were|that|which|at|than|has|have)"
)
# What somebody or something has: "the accuracy of BERT" is BERT's accuracy, "the number of layers" isn't theirs.
_OWNED = (
    "(?:accuracy|performance|quality|abilit(?:y|ies)|capabilit(?:y|ies)|size|speed|behaviou?r|outputs?|robustness"
    "|efficiency|effectiveness|potential|strengths|weaknesses|limitations|success|structure|meanings?|results"
    "|parameters|weights|representations|predictions|errors|costs?|complexity|knowledge|performances)"
)
_CHANGES: tuple[tuple[re.Pattern[str], str], ...] = (
    # the structure of the data -> the data's structure
    (
        re.compile(rf"\bthe (?!state\b)([a-z]+) of the ([a-z]+[a-rt-z])(?=[,.;]| (?!as\b|and\b|or\b){_FUNCTION}\b)"),
        r"the \2's \1",
    ),
    # the accuracy of BERT -> BERT's accuracy
    (
        re.compile(rf"\bthe ({_OWNED}) of ([A-Z][\w-]*[A-Za-rt-z\d])(?=[,.;]| (?!as\b|and\b|or\b){_FUNCTION}\b)"),
        r"\2's \1",
    ),
    # the accuracy of large models -> large models' accuracy
    (
        re.compile(rf"\bthe ({_OWNED}) of ((?:[a-z-]+ )?[a-z]+[a-rt-z]s)(?=[,.;]| (?!as\b|and\b|or\b){_FUNCTION}\b)"),
        r"\2' \1",
    ),
    # training data -> data for training
    (
        re.compile(rf"\b(training|evaluation) (data|examples|sets?|metrics|samples|tasks)(?=[,.;]| {_FUNCTION}\b)"),
        r"\2 for \1",
    ),
    # by learning from -> through learning from
    (re.compile(r"(?<=[a-z]) by ([a-z]{3,}ing)(?= [a-z])"), r" through \1"),
    # models trained on -> models that are trained on
    (
        re.compile(
            r"(?<=[a-rt-z]s)(?<!\bis)(?<!\bwas)(?<!\bhas)(?<!\bits)(?<!\bthis)(?<!\bthus)"
            r" (trained|used|collected|extracted|obtained|generated|annotated|written|designed"
            r"|learned|produced|released|caused|driven|built|drawn|taken|found|proposed|needed|required|sampled|applied"
            r"|translated|labelled|labeled|held|shared|chosen|selected|retrieved|gathered)"
            r"(?= (?:by|in|on|with|for|from|to|under|at|between|across)\b)"
        ),
        r" that are \1",
    ),
    # several tasks, including -> several tasks, among them
    (re.compile(r"(?<=s), including (?=[^,.]+,? (?:and|or) )"), ", among them "),
    # sentences that are grounded in -> sentences grounded in
    (
        re.compile(
            r"(?<=[a-z]) (?:that|which) (?:is|are|was|were) ([a-z]+ed|built|made|given|drawn|written|found)"
            r"(?= (?:by|in|on|with|for|from|to|at|under|into|through|as)\b)"
        ),
        r" \1",
    ),
    # a model that learns -> a model which learns
    (re.compile(rf"(?<=[a-z]) that (?=(?:is|are|was|were|can|could|has|have|does|do|{_THIRDS}) )"), " which "),
    (re.compile(rf"(?<=[a-z]) that (?=[a-z]+ly (?:{_VERBS}) )"), " which "),
    # four different languages -> four languages
    (re.compile(r"\b(two|three|four|five|six|seven|several|many|multiple|various) different (?=[a-z-]+s\b)"), r"\1 "),
    # across different domains -> across various domains
    (
        re.compile(r"\b(of|in|on|for|with|from|across|between|using|over|under) different (?=(?:[a-z-]+ )?[a-z-]+s\b)"),
        r"\1 various ",
    ),
    # in an unsupervised manner -> in an unsupervised way
    (re.compile(r"\b(in an? [a-z-]+) (?:manner|fashion)\b"), r"\1 way"),
    # the task of detecting -> detecting
    (re.compile(r"\bthe (?:task|problem|process) of (?=[a-z]+ing\b)"), ""),
    # a model that can learn -> a model able to learn
    (re.compile(r"(?<=[a-z]) (?:that|which) can (?=(?!be\b|not\b|also\b)[a-z]+ )(?![a-z]+ly\b)"), " able to "),
    # the proposed model -> the model that is proposed
    (
        re.compile(r"\bthe proposed (model|method|approach|system|framework|algorithm|architecture)\b"),
        r"the \1 that is proposed",
    ),
    # a model trained on -> a model that is trained on
    (
        re.compile(
            r"\b(model|system|classifier|network|parser|corpus|dataset|method|approach)"
            r" (trained|designed|built|annotated|collected|obtained|drawn)(?= (?:by|in|on|with|for|from|to|under)\b)"
        ),
        r"\1 that is \2",
    ),
    # performance gains -> gains in performance
    (re.compile(r"\bperformance (gains?|improvements?|drops?|losses)\b"), r"\1 in performance"),
    # of words and characters -> of characters and words
    (
        re.compile(
            r"(?<= )(of|in|on|for|with|the|between|from|both|their) ([a-z-]{4,}) (and|or) ([a-z-]{4,})"
            rf"(?=[,.;]| (?!(?:the|both|to|that)\b){_FUNCTION}\b)"  # "states and segments the event" is no pair
        ),
        r"\1 \4 \3 \2",
    ),
)


# "and" between things, where they end soon: between what is done, and between clauses, "as well as" needs other forms.
_JOINED_NOUNS = re.compile(
    r"(?<=[a-z]) and (?!(?:also|then|thus|further|how|what|why|when|where|whether|to|they|it|is|are|was|were|has|have"
    r"|can|do|does|did|not|of|in|on|for|with|from|by|at|without|via|through|after|before|during|under|over"
    rf"|available|{_VERBS}|[a-z]+ed|[a-z]+ly)\b)"
    r"(?=[a-z][\w-]*(?: [\w-]+){0,3}(?:[.,;:]| (?:of|in|on|for|with|from|at|that|which)\b))"
)
# Before these, "and" may join what is done ("to train a net and accomplish tasks"), or end a list of three.
_MAY_JOIN_DEEDS = re.compile(
    r"\b(?:to (?!(?:an?|the|its|their|each|all|both)\b)|can |could |may |might |will |would |must |should )[a-z][^,;]*$"
    r"|, [\w-]+(?: [\w-]+){0,2}$"
)
# What is between, or a combination of, two things is so of one "and" the other.
_NEEDS_AND = re.compile(
    r"\b(?:both|between|respectively|(?:combination|combinations|mixture|comparison|trade-off|interplay|union|alignment"
    r"|integration|fusion|pairs?|intersection) of)\b",
    re.IGNORECASE,
)
# Behind "a model that uses …", a word that ends in s may be the next verb.
_MAYBE_VERB = re.compile(r"[a-z]+s\b")
_RELATIVE = re.compile(r"\b(?:that|which|who|it|they)\b")


def own_words(text: str, abstracts: Iterable[str], limit: int) -> str:
    """Return a sentence whose longest run in common with some abstracts is at most `limit` words, if that can be done.

    Words that say the same are put in the middle of the longest run, a few at most.
    """
    sources = list(abstracts)
    for _ in range(5):
        run = longest_common_run(text, sources)
        if run <= limit:
            break
        better = min(
            ((longest_common_run(new, sources), rank, new) for rank, new in enumerate(_swapped(text))),
            default=(run, 0, text),
        )
        if better[0] >= run:
            break
        text = better[2]
    return text


_PARTS = re.compile(r" (?:in|out|up|down|together|over|apart|on|into)$")
_PRONOUN = re.compile(r" (?:it|them|this|that|these|those|him|her)\b")


def _swapped(text: str) -> Iterator[str]:
    """Yield a text with one change each, small ones first."""
    for old, new in lexicon.SAME:
        if old not in text:
            continue
        for found in re.finditer(rf"(?<![\w-]){re.escape(old)}(?![\w-])", text):
            if not _fits(old, text[: found.start()], text[found.end() :]):
                continue
            if _PARTS.search(new) and _PRONOUN.match(text, found.end()):  # "bringing in them"
                continue
            changed = f"{_with_article(text[: found.start()], new)}{new}{text[found.end() :]}"
            yield re.sub(r"\b([Aa])n? (?=(?:several|many|various)\b)", "", re.sub(r"\s{2,}", " ", changed))
    for found in re.finditer(r"\bcapable of ([a-z]+ing)\b(?= [a-z])", text):
        if base := _base_of_ing(found[1]):
            yield f"{text[: found.start()]}able to {base}{text[found.end() :]}"
    for found in re.finditer(r"\bfor ([a-z]+ing)\b(?= [a-z])", text):
        joined = re.match(r"(?: [\w-]+){0,4}(?:,| and| or) [a-z]+ing\b", text[found.end() :])
        if (base := _base_of_ing(found[1])) and not (joined or _STANDS_IN_THE_WAY.search(text[: found.start()])):
            yield f"{text[: found.start()]}to {base}{text[found.end() :]}"
    for found in _MEANS_TO.finditer(text):
        joined = re.match(r"(?: [\w-]+){0,4}(?:,| and| or) [a-z]+\b", text[found.end() :])
        if (doing := _GERUNDS.get(found["verb"])) and not joined:
            yield f"{text[: found.start('to')]}for {doing}{text[found.end() :]}"
    if not _NEEDS_AND.search(text):
        for found in _JOINED_NOUNS.finditer(text):
            before = text[: found.start()]
            if _MAY_JOIN_DEEDS.search(before) or (_MAYBE_VERB.match(text, found.end()) and _RELATIVE.search(before)):
                continue
            yield f"{text[: found.start()]} as well as {text[found.end() :]}"
    for pattern, instead in _CHANGES:
        for found in pattern.finditer(text):
            if not set(found.groups()) & STOPWORDS - {
                "of",
                "in",
                "on",
                "for",
                "with",
                "the",
                "between",
                "from",
                "both",
                "their",
                "and",
                "or",
            }:
                yield text[: found.start()] + found.expand(instead) + text[found.end() :]


# What stands before a verb in its base form, and before one in the third person, that could be a noun elsewhere.
_BEFORE_BASE = re.compile(
    r"(?:\b(?:to|they|we|authors|can|could|may|might|must|should|will|would|not|also|and|that|which|who|al\.)"
    r"|[a-z]+ly|(?!(?:its|this|his)\b)\b[a-z]+(?<!ou)s) $"
)
_BEFORE_THIRD = re.compile(
    r"(?:\b(?:which|that|it|this|who|and|also|paper|work|study|model|method|system|framework|approach|algorithm|network)"
    r"|,|[a-z]+ly|\b[A-Z][\w-]+) $"
)
_THIRDS_OR_NOUNS = frozenset(
    """results attempts offers supplies needs aims focuses exhibits exploits handles uses releases yields addresses
    highlights presents drops merges""".split()
)
# What follows a verb that its replacement doesn't take: "allows for", "improves on", "proposes to".
_TAKES_ANOTHER = {
    "allow": " (?:for|to)", "allows": " (?:for|to)", "allowing": " (?:for|to)",
    "identify": " (?:whether|how|that|why|which|what)",
    "propose": " (?:to|using|that)", "proposes": " (?:to|using|that)", "improve": " (?:up)?on",
    "improves": " (?:up)?on", "improving": " (?:up)?on", "expand": " on", "expands": " on",
    "approach": " to", "approaches": " to", "confirm": " (?:that|whether)",
    "confirms": " (?:that|whether)", "confirming": " (?:that|whether)", "multiple": " choice",
    "crucial": " importance", "include": " (?:how|whether)", "present": " (?:in|at|on|only|within|as)",
    "release": " (?:of|from)",
}  # fmt: skip
# Nouns with one that says of what kind they are: only where the term ends with them.
_NAMED_KIND = re.compile(
    r"\b(?:data|embeddings|representations|pairs|reviews|posts|languages?|quality|knowledge|analysis)$"
)
_TERM_ENDS = re.compile(rf"[,.;]|$| {_FUNCTION}\b")


_PASSIVE = re.compile(r"\b(?:(?:is|are|was|were|be|been|being)(?: [a-z]+)?|when|as|[a-z]+ly) $")
_COMPARED = re.compile(r"\b(?:more|most|less|least) $")
_AS_NOUN = re.compile(r"\b(?:an?|the|this|its|their) $")
# "the advantages of using", "consider using": what is used is no means to something else.
_NO_MEANS = re.compile(
    r"\b(?:of|by|for|from|and|or|than|in|on|to|before|after|when|while|through|without|report(?:ed)?|consider(?:ed)?"
    r"|tried|try|suggest|recommend|avoid|start(?:ed)?|investigate|study|explore|propose|is|are|was|were) $"
)
# Where the first word of what is replaced stands behind these, it means something else.
_NOT_BEHIND = {
    "difficult": _COMPARED, "straightforward": _COMPARED, "rapid": _COMPARED,
    "which": re.compile(r"(?:,|\b(?:of|in|on|for|to|by|with|from|at|under|over|through)) $"),
    "based": _PASSIVE, "compared": _PASSIVE, "followed": _PASSIVE,
    "using": _NO_MEANS, "employing": _NO_MEANS,
    "struggle": _AS_NOUN, "benefit": _AS_NOUN,
    "several": re.compile(r"\b(?:last|past|next|first) $"),
    "significantly": re.compile(r"statistically $"),
    "simultaneously": re.compile(r" (?:by|to) $"),
}  # fmt: skip
# "built upon", but not "upon completion".
_RESTS_UPON = re.compile(r"\b(?:based|buil[dt]s?|building|rel(?:y|ies|ying)|depend(?:s|ing)?|draw(?:s|ing|n)?) $")


def _fits(old: str, before: str, after: str) -> bool:
    """Tell whether words mean here what their replacement means: a verb is no noun, and no part of a term."""
    first = old.split()[0]
    if old in _TAKES_ANOTHER and re.match(rf"{_TAKES_ANOTHER[old]}\b", after):
        return False
    if " " in old and _NAMED_KIND.search(old) and (not _TERM_ENDS.match(after) or re.search(r"ly $", before)):
        return False
    if first in _BASES or first in ("need", "aim", "attempt", "focus", "handle", "lead", "act", "serve"):
        return bool(_BEFORE_BASE.search(before))
    if first in _NOT_BEHIND:
        return not _NOT_BEHIND[first].search(before)
    if first == "upon":
        return bool(_RESTS_UPON.search(before))
    return first not in _THIRDS_OR_NOUNS or bool(_BEFORE_THIRD.search(before))


def _with_article(before: str, word: str) -> str:
    """Return what stands before a word, an article at its end in the form that the word takes."""
    vowel = bool(re.match(r"(?!use|uni|eu|one)[aeiou]", word))
    return re.sub(r"\b([Aa])n? $", r"\1n " if vowel else r"\1 ", before)


def _gerund(base: str) -> str:
    """Return the form in -ing of a verb."""
    if base.endswith("e") and not base.endswith(("ee", "ye", "oe")):
        return base[:-1] + "ing"
    doubles = re.fullmatch(r"[^aeiou]*[aeiou][bdgmnprt]", base) or base in ("transfer", "program")
    return base + base[-1] + "ing" if doubles else base + "ing"


_GERUNDS = {base: _gerund(base) for base in _BASES}
# "an obstacle for learning", "responsible for choosing": no means to an end.
_STANDS_IN_THE_WAY = re.compile(
    r"\b(?:hurdles?|obstacles?|challenges?|barriers?|bottlenecks?|reasons?|needs?|difficult(?:y|ies)|responsible|suitable"
    r"|accounts?|accounted|calls?|called|looks?|looking|allow(?:s|ed|ing)?|except|important|crucial|essential) $"
)
# "a method to detect": what is for something.
_MEANS_TO = re.compile(
    r"\b(?:methods?|approach(?:es)?|techniques?|models?|systems?|frameworks?|procedures?|strateg(?:y|ies)|algorithms?"
    r"|tools?|mechanisms?|pipelines?|architectures?) (?P<to>to) (?P<verb>[a-z]+)\b(?= [a-z])"
)


def _base_of_ing(word: str) -> str | None:
    stemmed = word.removesuffix("ing")
    return next((base for base in (stemmed, stemmed + "e", stemmed[:-1]) if base in _BASES), None)


def words_in(text: str) -> int:
    """Return how many words a text has."""
    return len(tokens(text))
