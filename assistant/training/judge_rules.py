# ruff: noqa: E501 (patterns)
"""Rule-made training pairs for the support judge, in which the claim alone tells nothing.

A sentence of an abstract is edited in its meaning (a number, a direction, a negation, a name, the scope, a detail
added). A coin decides whether the abstract that the judge reads holds the sentence as written or as edited; both
versions are then reworded in the same way and become claims, of which the abstract supports one. So each wording is as
often right as wrong, however odd it sounds. Sentences taken out of the abstract, and those of a similar paper, are
further failures whose wordings are right elsewhere.
"""

import random
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from assistant.check import coverage, informative, third_person
from assistant.sentences import split as sentences
from assistant.training.judge_sources import acl_papers, claim, most_similar, pack, read, share
from assistant.training.judge_words import (
    FLIPS,
    LEADS,
    NUMBER_WORDS,
    OVERCLAIMS,
    PHRASES,
    TYPES,
    VERBS,
    inflect,
    participle,
)

Row = dict[str, Any]
Edit = tuple[str, str]  # the sentence as edited, the kind of error


# Rewording


def _table() -> dict[str, list[str]]:
    table: dict[str, list[str]] = {}
    for group in PHRASES:
        for member in group:
            table.setdefault(member.lower(), []).extend(other for other in group if other != member)
    for group in VERBS:
        forms = [inflect(member) for member in group]
        for i, own in enumerate(forms):
            for slot, form in enumerate(own):
                if slot == 2 and own[1] == own[2]:
                    continue  # past tense and participle look the same: they are exchanged together below
                others = [f[slot] for j, f in enumerate(forms) if j != i]
                if slot == 1 and own[1] == own[2]:
                    others = [f[1] for j, f in enumerate(forms) if j != i and f[1] == f[2]]
                table.setdefault(form, []).extend(others)
    return {key: value for key, value in table.items() if value}


_SYNONYMS = _table()
# Forms that are nouns as often as verbs are exchanged only where a verb must stand.
_AMBIGUOUS = frozenset(form for group in VERBS for member in group for form in (inflect(member)[0], inflect(member)[3]))
_BEFORE_VERB = re.compile(
    r"\b(?:to|we|they|it|authors|paper|study|work|article|which|that|who|can|could|may|will|might|should|not|also|then|model|"
    r"approach|method|system|framework|further|significantly|only|and) $",
    re.IGNORECASE,
)
_ANY_SYNONYM = re.compile(
    r"(?<![\w-])(" + "|".join(sorted(map(re.escape, _SYNONYMS), key=len, reverse=True)) + r")(?![\w-])", re.IGNORECASE
)


def reword(sentence: str, seed: int, strength: float) -> str:
    """Return a sentence in other words and another order; the same seed treats two versions alike.

    Args:
        sentence: a sentence of an abstract.
        seed: decides all choices.
        strength: 0 to 1, how many words are exchanged and how much is moved.
    """
    rng = random.Random(seed)
    text = third_person(sentence)
    text = re.sub(r"\s*\([^()]*\)", "", text) if rng.random() < 0.6 else text
    if rng.random() < strength:
        text = LEADS.sub("", text)
        text = text[:1].upper() + text[1:]
    for move in (_passive, _turned, _refronted, _without_relative):
        coin = random.Random(rng.random())
        if coin.random() < strength * 0.7:
            text = move(text, coin)
    base = rng.random()
    subject = rng.choice(
        ["The authors", "The paper", "The work", "This study", "The article", "Its authors", "The authors"]
    )
    if text.startswith("The authors ") and subject != "The authors":
        text = re.sub(
            r"^The authors (\w+)",
            lambda m: f"{subject} {_third(m.group(1)) if subject != 'Its authors' else m.group(1)}",
            text,
        )

    def other(match: re.Match[str]) -> str:
        word = match.group(1)
        if word[0].isupper() and match.start() > 0:
            return word
        if word.lower() in _AMBIGUOUS and not _BEFORE_VERB.search(text[: match.start()]):
            return word
        coin = random.Random(f"{base}{word.lower()}")
        if coin.random() > strength:
            return word
        new = coin.choice(_SYNONYMS[word.lower()])
        return new[:1].upper() + new[1:] if word[0].isupper() else new

    text = _ANY_SYNONYM.sub(other, text)
    text = re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", text)
    text = re.sub(r"\b([Aa])n (?=[bcdfgjklmnpqrstvwz][a-z])", r"\1 ", text)
    text = re.sub(r"\s+", " ", text).strip()
    return text[:1].upper() + text[1:]


def _third(verb: str) -> str:
    if verb in ("are", "have", "were", "can", "will", "also", "do"):
        return {"are": "is", "have": "has", "were": "was", "do": "does"}.get(verb, verb)
    return inflect(verb)[3] if not verb.endswith(("ed", "s", "ly")) else verb


_ACTIVE = re.compile(
    r"^The authors (?:also |then |further |first )?(present|propose|introduce|describe|use|evaluate|develop|study|investigate|explore|"
    r"analyze|examine|test|compare|build|create|employ|apply|release|collect|report|train|discuss|design|define|"
    r"address|consider|provide|conduct|construct|annotate|extend|adapt|combine|implement) "
    r"((?:an?|the|this|two|three|several|their|some|various|different|multiple) [^,.;:]{4,60}?)"
    r"((?: that| which| for| to| on| by| in| with| from| using| based|,|;|:).*)?\.?$"
)


def _passive(text: str, coin: random.Random) -> str:
    found = _ACTIVE.match(text)
    if not found:
        return text
    verb, what, rest = found.group(1), found.group(2), found.group(3) or ""
    single = re.match(r"(?:an?|this) ", what) or (what.startswith("the ") and not what.endswith("s"))
    start = what[:1].upper() + what[1:]
    middle = f"{'is' if single else 'are'} {participle(verb)}"
    if rest and not rest.startswith(",") and coin.random() < 0.5 and len(rest) < 70:
        return f"{start}{rest} {middle}."
    return f"{start} {middle}{rest}."


_BEATS = re.compile(
    r"^(?P<a>.{4,80}?) (?:significantly |consistently |substantially |clearly )?(?P<verb>outperforms?|surpass(?:es)?|exceeds?|beats?|outperformed) "
    r"(?P<b>.{3,70}?)(?P<rest>(?: on| in| for| by| across| with| at|,|;).*)?\.?$"
)
_THAN = re.compile(r"\b(higher|lower|larger|smaller|better|worse|faster|slower|more accurate|less accurate)\b")


def _turned(text: str, coin: random.Random) -> str:
    """A outperforms B -> B is outperformed by A, B falls behind A."""
    found = _BEATS.match(text)
    if not found or " that " in found["a"]:
        return text
    a, b, rest = found["a"], found["b"], found["rest"] or ""
    a = a if re.match(r"[A-Z][^ ]*[A-Z0-9]", a) else a[:1].lower() + a[1:]
    verb = coin.choice(
        ["does worse than", "falls behind", "is outperformed by", "scores below", "is beaten by", "loses to"]
    )
    if re.search(r"s$|\band\b", b):
        verb = {"does": "do", "falls": "fall", "is": "are", "scores": "score", "loses": "lose"}[verb.split()[0]] + verb[
            verb.index(" ") :
        ]
    return f"{b[:1].upper() + b[1:]} {verb} {a}{rest}."


_FRONTED = re.compile(
    r"^((?:In|On|For|By|With|To|Using|Through|Based on|Unlike|Despite|Although|While|When|Since|Because|If|Given|Without|Due to|After|Compared to|As) [^,]{6,90}), (?!and |or |which )([^;:]{15,})\.$"
)
_TAIL = re.compile(
    r"^([^,;:]{15,140}?) ((?:by [a-z]+ing|in order to|when|because|while|although|without|using|on the) [^,;:]{6,80})\.$"
)


def _refronted(text: str, coin: random.Random) -> str:
    if found := _FRONTED.match(text):
        first, rest = found.groups()
        return f"{rest[:1].upper() + rest[1:]}{', ' if first.startswith(('Although', 'While')) else ' '}{first[:1].lower() + first[1:]}."
    if found := _TAIL.match(text):
        rest, first = found.groups()
        lower = rest if re.match(r"[A-Z][^ ]*[A-Z0-9]", rest) else rest[:1].lower() + rest[1:]
        return f"{first[:1].upper() + first[1:]}, {lower}."
    return text


def _without_relative(text: str, coin: random.Random) -> str:
    return re.sub(r", (?:which|where|who) [^,.;]{8,100}(?:,|(?=\.$))", "", text, count=1)


# Edits of the meaning

_NUMBER = re.compile(r"(?<![\w.,/-])\d+(?:,\d{3})*(?:\.\d+)?(?![\w/-]|[.,]\d)")


def edit_number(sentence: str, rest: str, rng: random.Random) -> Edit | None:
    """Change one number, or let two change places."""
    found = [m for m in _NUMBER.finditer(sentence) if not re.fullmatch(r"(?:19|20)\d\d", m.group())]
    if len(found) >= 2 and rng.random() < 0.4:
        one, two = sorted(rng.sample(found, 2), key=lambda m: m.start())
        if one.group() != two.group() and not re.fullmatch(
            r"[\s,]*(?:and|or|,)?\s*", sentence[one.end() : two.start()]
        ):
            return (
                sentence[: one.start()]
                + two.group()
                + sentence[one.end() : two.start()]
                + one.group()
                + sentence[two.end() :],
                "number",
            )
    if found:
        one = rng.choice(found)
        new = _other_number(one.group(), rng)
        return (sentence[: one.start()] + new + sentence[one.end() :], "number") if new not in rest else None
    words = [m for m in re.finditer(r"\b(" + "|".join(NUMBER_WORDS) + r")\b", sentence) if m.group() != "one"]
    if words:
        one = rng.choice(words)
        new = rng.choice([w for w in NUMBER_WORDS[1:] if w != one.group()])
        return sentence[: one.start()] + new + sentence[one.end() :], "number"
    return None


def _other_number(text: str, rng: random.Random) -> str:
    plain = text.replace(",", "")
    value = float(plain)
    if rng.random() < 0.3 and len(plain.replace(".", "")) > 1:
        digits = list(text)
        places = [i for i, c in enumerate(digits) if c.isdigit()]
        at = places[0] if rng.random() < 0.6 else rng.choice(places)
        digits[at] = rng.choice([d for d in "123456789" if d != digits[at]])
        return "".join(digits)
    while True:
        new = (
            value * rng.choice((0.3, 0.5, 0.6, 0.75, 1.3, 1.5, 2, 3))
            if value > 5 or "." in plain
            else value + rng.choice((-2, -1, 1, 2, 3))
        )
        if new <= 0:
            continue
        decimals = len(plain.split(".")[1]) if "." in plain else 0
        shown = f"{new:,.{decimals}f}" if "," in text else f"{new:.{decimals}f}"
        if shown != text:
            return shown


def _flip_table() -> dict[str, list[str]]:
    table: dict[str, list[str]] = {}
    for one, other in FLIPS:
        for a, b in ((one, other), (other, one)):
            for x in a:
                table.setdefault(x, []).extend(b)
    return table


_FLIPS = _flip_table()
_ANY_FLIP = re.compile(
    r"(?<![\w-])(" + "|".join(sorted(map(re.escape, _FLIPS), key=len, reverse=True)) + r")(?![\w-])", re.IGNORECASE
)


def edit_flip(sentence: str, rest: str, rng: random.Random) -> Edit | None:
    """Turn a direction, a comparison or a polarity round."""
    found = list(_ANY_FLIP.finditer(sentence))
    if not found:
        return None
    one = rng.choice(found)
    new = rng.choice(_FLIPS[one.group().lower()])
    new = new[:1].upper() + new[1:] if one.group()[0].isupper() else new
    return sentence[: one.start()] + new + sentence[one.end() :], "negation"


_NEGATIONS = (
    (re.compile(r"\b(is|are|was|were|can|could|does|do|did|will|has|have|should|may|might) not (?=[a-z])"), r"\1 "),
    (re.compile(r"\bcannot (?=[a-z])"), "can "),
    (re.compile(r"\b[Ww]ithout (?=[a-z])"), "with "),
    (re.compile(r"\b(can|could|will|may|should|would) (?!not\b)(?=[a-z])"), r"\1 not "),
    (re.compile(r"\b(is|are|was|were) (?!not\b)(?=[a-z]+(?:ed|ive|ent|able|ful|al|ing)\b)"), r"\1 not "),
    (
        re.compile(
            r"\b(we|We|which|that|also|and) (show|find|use|perform|need|require|improve|work|contain|include|learn|depend|help) "
        ),
        r"\1 do not \2 ",
    ),
    (
        re.compile(
            r" (requires|improves|outperforms|achieves|performs|uses|needs|helps|leads|allows|enables|contains|reduces|provides) "
        ),
        None,
    ),
)


def edit_negation(sentence: str, rest: str, rng: random.Random) -> Edit | None:
    """Put a negation in or take one out."""
    for pattern, new in rng.sample(_NEGATIONS, len(_NEGATIONS)):
        found = list(pattern.finditer(sentence))
        if not found:
            continue
        one = rng.choice(found)
        if new is None:
            base = one.group(1)
            stemmed = {
                "requires": "require",
                "achieves": "achieve",
                "enables": "enable",
                "reduces": "reduce",
                "provides": "provide",
                "improves": "improve",
                "uses": "use",
            }.get(base, base[:-1])
            text = f" does not {stemmed} "
        else:
            text = one.expand(new)
        return sentence[: one.start()] + text + sentence[one.end() :], "negation"
    return None


_TERMS = [(term, kind) for kind, terms in TYPES.items() for term in terms]
_TYPE_OF = {term.lower(): kind for term, kind in _TERMS}
_ANY_TERM = re.compile(
    r"(?<![\w-])(" + "|".join(sorted((re.escape(t) for t, _ in _TERMS), key=len, reverse=True)) + r")(?![\w-])",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<![\w-])(?:[A-Z][A-Za-z]*[A-Z0-9][\w-]*|[A-Z]{2,}[\w-]*)(?![\w-])")


def edit_swap(sentence: str, rest: str, rng: random.Random) -> Edit | None:
    """Exchange a term for another of its type, from the same abstract if there is one; or let two change places."""
    found = list(_ANY_TERM.finditer(sentence))
    names = [m for m in _NAME.finditer(sentence) if m.start() > 0]
    spots = found + names
    if rng.random() < 0.5:
        pairs = [
            (a, b)
            for a in spots
            for b in spots
            if a.end() < b.start() and a.group().lower() != b.group().lower() and _exchangeable(a, b, sentence)
        ]
        if pairs:
            a, b = rng.choice(pairs)
            return sentence[: a.start()] + b.group() + sentence[a.end() : b.start()] + a.group() + sentence[
                b.end() :
            ], "swap"
    if found:
        one = rng.choice(found)
        kind = _TYPE_OF[one.group().lower()]
        near = [
            m.group()
            for m in _ANY_TERM.finditer(rest)
            if _TYPE_OF[m.group().lower()] == kind and m.group().lower() != one.group().lower()
        ]
        pool = (
            near
            if near and rng.random() < 0.6
            else [t for t in TYPES[kind] if t.lower() not in (rest + sentence).lower()]
        )
        if pool:
            new = rng.choice(pool)
            return sentence[: one.start()] + new + sentence[one.end() :], "swap"
    if names:
        one = rng.choice(names)
        near = [m.group() for m in _NAME.finditer(rest) if m.group() != one.group()]
        if near:
            return sentence[: one.start()] + rng.choice(near) + sentence[one.end() :], "swap"
    return None


def _exchangeable(a: re.Match[str], b: re.Match[str], sentence: str) -> bool:
    between = sentence[a.end() : b.start()]
    same = _TYPE_OF.get(a.group().lower()) == _TYPE_OF.get(b.group().lower())
    listed = re.fullmatch(r"\s*(?:,|and|or|/|-|&|\s|as well as|[\w-]+(?:,| and| or))*\s*", between)
    return same and not listed and len(between) < 90


def edit_overclaim(sentence: str, rest: str, rng: random.Random) -> Edit | None:
    """Raise the scope or the certainty."""
    options = [(m, new) for pattern, news in OVERCLAIMS for m in pattern.finditer(sentence) for new in news]
    if not options:
        return None
    one, new = rng.choice(options)
    new = one.expand(new)
    new = new[:1].upper() + new[1:] if one.group()[0].isupper() else new
    return sentence[: one.start()] + new + sentence[one.end() :], "overclaim"


_DETAIL = re.compile(
    r" (?:on (?:the )?[A-Z][\w-]+(?: [A-Z\d][\w-]*)*(?: (?:dataset|corpus|benchmark|task|data))?|using (?:an? )?[a-z -]{6,40}|"
    r"(?:in|from|for|between) [A-Z][a-z]+(?: and [A-Z][a-z]+)?|for [a-z]+ [a-z -]{6,30}|with(?:out)? [a-z]+ [a-z -]{6,30}|"
    r"by (?:up to )?\d[\d.]*(?: ?%| points| BLEU points)?|in terms of [a-z -]{4,25}|based on [a-z -]{8,35}|"
    r"and (?:faster|slower|smaller|cheaper|more robust|easier to train|less data)|within [a-z\d -]{4,25}|during [a-z -]{4,25})(?=[,.;])"
)


def details(papers: Iterable[Row]) -> list[str]:
    """Return phrases that add a detail to a sentence's end, out of some abstracts."""
    found = {m.group() for p in papers for m in _DETAIL.finditer(p["abstract"])}
    return sorted(d for d in found if len(d) < 60)


EDITS: tuple[Callable[[str, str, random.Random], Edit | None], ...] = (
    edit_number,
    edit_flip,
    edit_flip,
    edit_negation,
    edit_swap,
    edit_swap,
    edit_overclaim,
    edit_overclaim,
)


# Packs


def usable(text: str) -> bool:
    """Tell whether a sentence can become a claim."""
    return (
        8 <= len(text.split()) <= 42
        and informative(text)
        and text[:1].isupper()
        and text.endswith(".")
        and "http" not in text
    )


def rule_claims(
    title: str, parts: list[str], foreign: list[str], extras: list[str], rng: random.Random, most: int
) -> tuple[str, list[Row]]:
    """Return the evidence, edited here and there, and the claims about it.

    Args:
        title: the paper's title.
        parts: the sentences of its abstract.
        foreign: sentences of a similar paper.
        extras: phrases that add a detail.
        rng: decides.
        most: about how many claims.
    """
    shown: list[str | None] = list(parts)
    claims: list[Row] = []
    order = [i for i, part in enumerate(parts) if usable(part)]
    rng.shuffle(order)
    plain: list[int] = []
    for i in order:
        if len(claims) >= most - 2:
            break
        rest = " ".join(p for j, p in enumerate(parts) if j != i) + " " + title
        edited = None
        if rng.random() < 0.15 and extras:
            edited = (re.sub(r"\.$", rng.choice(extras) + ".", parts[i]), "addition")
        else:
            for change in rng.sample(EDITS, len(EDITS)):
                if edited := change(parts[i], rest, rng):
                    break
        if edited is None:
            plain.append(i)
            continue
        seed, strength = rng.randrange(10**9), rng.choice((0.5, 0.8, 0.95))
        written, other = reword(parts[i], seed, strength), reword(edited[0], seed, strength)
        if written == other or len(other.split()) > 45:
            plain.append(i)
            continue
        kind = edited[1]
        if rng.random() < 0.5:
            claims += [claim(written, 1, "rule", "rules"), claim(other, 0, kind, "rules")]
        else:
            shown[i] = edited[0]
            claims.append(claim(other, 1, "rule", "rules"))
            if kind in ("overclaim", "addition"):
                claims.append(claim(written, 1, "rule", "rules", 0.5))
            else:
                claims.append(claim(written, 0, kind, "rules"))
    for i in plain[:2] + [j for j in order if j not in plain][-1:]:
        if shown[i] != parts[i]:
            continue
        text = reword(parts[i], rng.randrange(10**9), 0.9)
        rest = " ".join(p for j, p in enumerate(shown) if j != i and p) + " " + title
        if i in plain and coverage(parts[i], rest) < 0.6 and rng.random() < 0.6:
            shown[i] = None
            claims.append(claim(text, 0, "removed", "rules"))
        else:
            claims.append(claim(text, 1, "rule", "rules"))
    for text in rng.sample(foreign, min(1 + (rng.random() < 0.5), len(foreign))):
        claims.append(claim(reword(text, rng.randrange(10**9), 0.9), 0, "neighbour", "rules"))
    if len(claims) > most:
        claims = claims[:most]
    rng.shuffle(claims)
    return " ".join(p for p in shown if p), claims


def rule_packs(data: Path, taken: set[str], count: int, rng: random.Random) -> list[Row]:
    """Return packs of rule-made claims: three quarters over ACL abstracts, one quarter over SciFact's cited ones."""
    acl = acl_papers(data)
    eligible = [
        p
        for i, p in sorted(acl.items())
        if i not in taken and 60 <= len(p["abstract"].split()) <= 170 and _english(p["abstract"])
    ]
    chosen = rng.sample(eligible, int(count * 0.75))
    texts = [(p["acl_id"], p["title"], [s.text for s in sentences(p["abstract"])]) for p in chosen]
    extras = details(rng.sample(eligible, 3000))
    corpus = {int(r["doc_id"]): r for r in read(data / "scifact" / "corpus.jsonl")}
    cited = {int(d) for r in read(data / "scifact" / "claims_train.jsonl") for d in r["cited_doc_ids"]}
    docs = [corpus[d] for d in sorted(cited) if d in corpus]
    for doc in rng.sample(docs, min(count - len(chosen), len(docs))):
        parts = [re.sub(r"^(?:[A-Z]{4,}(?: [A-Z]{3,})*:? )(?=[A-Z])", "", p).strip() for p in doc["abstract"]]
        start = rng.randrange(max(1, len(parts) - 6))
        texts.append((f"scifact:{doc['doc_id']}", doc["title"], parts[start : start + 7]))
    near = most_similar([title + " " + " ".join(parts) for _, title, parts in texts])
    packs = []
    for (paper, title, parts), other in zip(texts, near, strict=True):
        foreign = [p for p in texts[other][2] if usable(p) and coverage(p, " ".join(parts)) < 0.6]
        evidence, claims = rule_claims(title, parts, foreign, extras, rng, 12)
        if len(claims) >= 4:
            split = "dev" if share(paper) < 0.1 else "train"
            packs.append(pack(paper, "rules", split, title if rng.random() < 0.85 else "", evidence, claims))
    return packs


def _english(text: str) -> bool:
    words = text.lower().split()
    return sum(w in {"the", "of", "and", "to", "a", "in"} for w in words) > 0.12 * len(words)


def pubmedqa_packs(data: Path, rng: random.Random) -> list[Row]:
    """Return conclusions of medical abstracts against the rest of the abstract: as written, and turned round."""
    rows = read(data / "pubmedqa" / "train.jsonl")
    packs = []
    answers = {
        r["pmid"]: [s.text for s in sentences(r["long_answer"]) if usable(s.text) and len(s.text.split()) <= 36]
        for r in rows
    }
    near = most_similar([r["question"] + " " + " ".join(r["contexts"]) for r in rows])
    for row, other in zip(rows, near, strict=True):
        results = " ".join(row["contexts"][-2:]) if len(row["contexts"]) > 2 else " ".join(row["contexts"])
        parts = [s.text for s in sentences(results)][-8:]
        text = " ".join(parts)
        if len(text.split()) > 200 or row["label"] == "maybe":
            continue
        claims: list[Row] = []
        for sentence in answers[row["pmid"]][:2]:
            if coverage(sentence, text + " " + row["question"]) < 0.45 or re.search(
                r"\b(?:should|further|future|recommend)\b", sentence
            ):
                continue
            changed = (edit_flip if rng.random() < 0.6 else edit_negation)(sentence, text, rng)
            seed = rng.randrange(10**9)
            if changed:
                claims.append(claim(reword(sentence, seed, 0.5), 1, "conclusion", "pubmedqa"))
                claims.append(claim(reword(changed[0], seed, 0.5), 0, "negation", "pubmedqa"))
        if claims:
            claims += [
                claim(reword(s, rng.randrange(10**9), 0.5), 0, "neighbour", "pubmedqa", 0.5)
                for s in answers[rows[other]["pmid"]][:1]
            ]
            packs.append(
                pack(
                    "pubmed:" + row["pmid"],
                    "pubmedqa",
                    "dev" if share(row["pmid"]) < 0.1 else "train",
                    "",
                    text,
                    claims,
                )
            )
    return packs
