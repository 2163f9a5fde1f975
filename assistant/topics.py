"""What a paper is about: told from its category, its title and how its abstract speaks, by words and their kin.

A word match alone doesn't tell: a paper about images need not say "vision", and one that says "unlike language
models" isn't about them. So a topic that names an area of research stands for the words that show the area and for
its arXiv category; any other topic stands for its own stems. A mention behind "without" or "unlike" doesn't count.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from assistant.records import Bibliography
from assistant.sentences import split
from assistant.terms import content_stems, tokens


@dataclass(frozen=True)
class _Area:
    """An area of research: the names that call it, the words that show it (`*` ends a prefix), its categories."""

    names: frozenset[str]
    shown_by: tuple[str, ...]
    categories: frozenset[str] = frozenset()


def _area(names: str, shown_by: str, categories: str = "") -> _Area:
    return _Area(
        frozenset(_plain(name) for name in names.split(",")),
        tuple(part.strip() for part in shown_by.split(",")),
        frozenset(categories.split()),
    )


def _plain(topic: str) -> str:
    """Return a topic in a comparable form: lower case, hyphens opened, plural endings off."""
    words = re.sub(r"[-–_/]+", " ", topic.lower()).split()
    return " ".join(
        word[:-1] if len(word) > 2 and word.endswith("s") and word[-2] not in "si" else word for word in words
    )


_AREAS = (
    _area(
        "vision, computer vision, visual, visual recognition",
        "vision, visual*, image*, imagery, picture*, video*, pixel*, vit, vits, photo*, object detection, "
        "segmentation, camera*",
        "CV IV",
    ),
    _area("image, imagery, picture, photo", "image*, imagery, photo*, picture*, visual*, vit, vits", "IV"),
    _area("video", "video*, film*, footage"),
    _area("audio, sound, acoustic", "audio*, sound*, acoustic*, speech, music*", "SD AS"),
    _area("speech, spoken language, voice", "speech, spoken, speaker*, asr, tts, voice*", "AS"),
    _area("music", "music*, song*, melod*"),
    _area(
        "language, text, nlp, natural language processing, natural language",
        "language*, nlp, text*, llm*, translation, linguistic*",
        "CL",
    ),
    _area(
        "llm, large language model, language model, language modeling, language modelling, lm, gpt, chatbot",
        "llm*, slm, slms, lm, lms, language model*, gpt*, llama*, chatgpt",
    ),
    _area(
        "multimodal, multi modal, multimodal llm, mllm, multimodal large language model, multimodal language model, "
        "vlm, lvlm, lmm, large multimodal model, vision language, vision language model, large vision language model",
        "mllm*, vlm*, lvlm*, lmm*, multimodal*, multi modal*, vision language*, visual language*, llava*, "
        "vision and language",
    ),
    _area("vision transformer, vit", "vision transformer*, vit, vits"),
    _area("transformer", "transformer*, vit, vits, bert, attention"),
    _area("cnn, convnet, convolutional, convolutional network, convolution", "cnn*, convnet*, convolution*, resnet*"),
    _area("rnn, lstm, recurrent network, recurrent", "rnn*, lstm*, gru, recurrent"),
    _area("gan, generative adversarial network", "gan, gans, generative adversarial*"),
    _area("diffusion, diffusion based", "diffusion*, denoising diffusion"),
    _area("mamba, state space, ssm", "mamba*, state space*, ssm*"),
    _area("reinforcement learning, rl, rlhf", "reinforcement*, rl, rlhf, policy gradient*", ""),
    _area("graph, graph network, gnn", "graph*, gnn*"),
    _area("robotic, robot", "robot*, manipulation, embodied", "RO"),
    _area(
        "autonomous driving, self driving, driving, autonomous vehicle",
        "autonomous driving, self driving, driving, autonomous vehicle*",
    ),
    _area(
        "medicine, medical, clinical, biomedical, health, healthcare",
        "medic*, clinical*, biomedic*, patient*, health*, disease*, hospital*, radiolog*",
    ),
    _area("translation, machine translation, mt", "translat*, nmt"),
    _area("retrieval, information retrieval, ir, search", "retriev*, search engine*, ranking", "IR"),
    _area("code, code generation, programming, software", "code generation, program*, software*, source code", "SE PL"),
    _area("agent", "agent*"),
    _area("recommendation, recommender", "recommend*"),
    _area("theory, theoretical", "theor*, bound*, proof*, convergence", "ST"),
    _area("mouse, mice, animal", "mouse, mice, murine, rat, rats, animal*"),
    _area("children, child, paediatric, pediatric", "child*, paediatric*, pediatric*, infant*, adolescen*"),
)
_AREA_OF = {name: area for area in reversed(_AREAS) for name in area.names}
_GENERIC = frozenset("model method approach approache system network task domain application paper work one".split())
_CONTRIBUTES = re.compile(
    r"\b(?:we|(?:this|our|the) (?:paper|work|study|article))\b(?:\s+\w+){0,3}?\s+(?:propos|introduc|present|develop|"
    r"describ|design|build|built|stud(?:y|ies)|investigat|explor)|\b(?:introducing|proposing|presenting|developing)\b",
    re.IGNORECASE,
)
_NEGATIONS = frozenset(
    "without no not unlike than beyond nor non instead over versus vs outperform outperforms".split()
)
# So many mentions in an abstract make it a subject of the paper rather than something it names in passing.
_OFTEN = 3


def is_area(topic: str) -> bool:
    """Tell whether a topic names an area of research or a kind of model, rather than a thing that methods use."""
    return _area_of(topic) is not None


def about(topic: str, paper: Bibliography) -> bool:
    """Tell whether a paper is about a topic."""
    area = _area_of(topic)
    if area is not None and area.categories & {
        category.rsplit(".", 1)[-1].upper() for category in paper.categories[:1]
    }:
        return True
    pattern = _pattern(topic)
    if _mentions(pattern, _spaced(paper.title)) or _mentions(pattern, _spaced(paper.abstract)) >= _OFTEN:
        return True
    # A narrow topic is the paper's own where it says so: "we introduce a post-training quantization method".
    return area is None and any(
        _CONTRIBUTES.search(span.text) and _mentions(pattern, _spaced(span.text)) for span in split(paper.abstract)
    )


def mentioned(topic: str, paper: Bibliography) -> bool:
    """Tell whether a paper speaks of a topic at all."""
    pattern = _pattern(topic)
    return bool(_mentions(pattern, _spaced(paper.title)) or _mentions(pattern, _spaced(paper.abstract)))


def _pattern(topic: str) -> re.Pattern[str]:
    area = _area_of(topic)
    return _shown(area.shown_by) if area is not None else _own_words(topic)


def _area_of(topic: str) -> _Area | None:
    """Return the area that a topic names, with or without the word for what works in it: `vision models`, `vision`."""
    name = _plain(topic)
    bare = " ".join(word for word in name.split() if word not in _GENERIC)
    return _AREA_OF.get(name) or _AREA_OF.get(bare)


@lru_cache(maxsize=256)
def _shown(words: tuple[str, ...]) -> re.Pattern[str]:
    parts = [re.escape(word[:-1]) + r"\w*" if word.endswith("*") else re.escape(word) for word in words]
    return re.compile(rf"\b(?:{'|'.join(parts)})\b")


@lru_cache(maxsize=256)
def _own_words(topic: str) -> re.Pattern[str]:
    """Return a pattern of a topic's own stems, in order, a word or two apart at most."""
    specific = [word for word in topic.split() if _plain(word) not in _GENERIC]
    stems = content_stems(" ".join(specific)) or content_stems(topic) or [topic.lower()]
    return re.compile(r"\b" + r"\w*(?: \w+)? ".join(re.escape(_trunk(each)) for each in stems))


def _trunk(stemmed: str) -> str:
    """Return what the inflections of a stem share: Snowball writes `study` as `studi`."""
    return stemmed[:-1] if len(stemmed) > 4 and stemmed[-1] in "iye" else stemmed


@lru_cache(maxsize=65536)
def _spaced(text: str) -> str:
    """Return the words of a text in lower case with single spaces, hyphenated ones in parts."""
    return " ".join(part for token in tokens(text) for part in re.split(r"[-–/]+", token.lower()) if part)


def _mentions(pattern: re.Pattern[str], text: str) -> int:
    """Count where a text speaks of something, except behind a negation."""
    return sum(not _NEGATIONS.intersection(text[: found.start()].split()[-2:]) for found in pattern.finditer(text))
