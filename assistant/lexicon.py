"""The words in which a statement may speak: those of its sentence, and words that claim nothing of their own.

With the vocabulary closed, a small model can order, join and shorten, but it can't bring in a fact. Words that would
turn or widen a claim (not, only, best, all, may, more, because, ...) are open only if the sentence has them.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from assistant.terms import STOPWORDS, stem

_PLAIN = frozenset(
    """a an the and or as at by for from in into of on onto over per than that to under upon via with within is are was
    were be been being has have had having does do it its they their them this these those which who whose what when
    where while how both such there here between among across through during along like own""".split()
)
# Ordinary words of papers that may stand for each other without changing what is claimed.
_SYNONYMS = tuple(
    frozenset(group.split())
    for group in """
    improve improves improved improving enhance enhances enhanced boost boosts boosted
    show shows demonstrate demonstrates reveal reveals indicate indicates
    use uses using employ employs apply applies utilize utilizes leverage leverages
    method approach technique
    methods approaches techniques
    large big
    many numerous
    fast quick rapid
    hard difficult challenging
    problem issue challenge
    problems issues challenges
    produce produces generate generates create creates
    outperform outperforms surpass surpasses exceed exceeds
    reduce reduces reduced lower lowers lowered cut cuts
    build builds built construct constructs constructed create creates created develop develops developed
    data dataset corpus
    evaluate evaluates evaluated assess assesses assessed test tests tested
    investigate investigates study studies studied examine examines examined explore explores explored
    propose proposes introduce introduces present presents
    need needs require requires
    help helps assist assists
    choose chooses select selects selected chosen
    obtain obtains achieve achieves achieved reach reaches reached
    allow allows enable enables permit permits
    crucial essential vital important
    compare compares compared contrast contrasts
    learn learns learned acquire acquires
    detect detects identify identifies identified
    simple straightforward
    fuse combine combines combined merge merges merged join joins
    contain contains comprise comprises hold holds include includes
    happen happens occur occurs
    begin begins start starts
    several multiple
    """.strip().splitlines()
)
# Words that say the same; none says more than the one that it stands for. One way unless both are listed.
SAME = tuple(
    (old.strip(), new.strip())
    for pair in """
    in order to = to | by making use of = with | by means of = through | a variety of = various | a wide range of = many
    a number of = several | a series of = several | as well as = and | due to = because of | based on = built on
    by using = with | using = with | such as = like | is able to = can | are able to = can | novel = new
    utilizes = uses | utilize = use | utilizing = using | leverages = uses | leverage = use | employs = uses
    employ = use | employing = using | demonstrates = shows | demonstrate = show | outperforms = surpasses
    outperform = surpass | outperforming = surpassing | achieves = reaches | achieve = reach | achieving = reaching
    constructs = builds | construct = build | constructing = building | requires = needs | require = need
    requiring = needing | enables = allows | enable = allow | enabling = allowing | multiple = several
    numerous = many | various = several | several = various | challenging = difficult | difficult = hard
    crucial = important | generating = producing | generate = produce | generates = produces | generated = produced
    producing = generating | produces = generates | produced = generated | produce = generate | investigate = study
    examine = study | examines = studies | explore = study | ask how = examine how | ask whether = examine whether
    ask which = examine which | which is = that is | which are = that are | together with = along with
    along with = together with | with respect to = with regard to | more than = over | methods = techniques
    approaches = methods | method = technique | approach = method | dataset = data set | datasets = data sets
    containing = with | because = since | although = though | usually = mostly | within = in | upon = on
    whether = if | reveals = shows | reveal = show | indicates = shows | indicate = show | selects = chooses
    select = choose | selected = chosen | selecting = choosing | occurs = happens | occur = happen | have to = must
    has to = must | need to = must | a large number of = many | at the same time = simultaneously
    in addition to = besides
    instead of = rather than | during = in the course of
    with the help of = through | often = frequently | frequently = often | mainly = mostly
    in which = where | that can = able to | is based on = builds on | are based on = build on | consists of = comprises
    consist of = comprise | results in = leads to | relies on = depends on | rely on = depend on
    relying on = depending on | known as = called | called = named | named = called | makes use of = uses
    make use of = use | aims to = seeks to | aim to = seek to | attempt to = try to | in the case of = for
    in terms of = in | focuses on = concentrates on | focus on = concentrate on | takes into account = considers
    take into account = consider | taking into account = considering | so that = such that | extends = expands
    collection of = set of | humans = people  | rarely = seldom
    entire = whole | whole = entire | amount of = quantity of | helps to = helps | easily = readily | quickly = fast
    conduct = carry out | conducted = carried out
    conducting = carrying out | provides = gives | provide = give | providing = giving
    provided by = given by | reduce = lower | reduces = lowers | reducing = lowering | evaluate = assess
    evaluates = assesses | evaluating = assessing | evaluation of = assessment of | assess = evaluate
    compared to = compared with | compared with = relative to | via = through | through = via
    particularly = especially | especially = particularly | currently = at present | capability = ability
    capabilities = abilities | abilities = capabilities | widely used = commonly used | remains = is still
    despite = in spite of | in contrast to = unlike | prior work = earlier work
    previous = earlier | recently = lately | substantially = considerably | considerably = substantially
    approximately = about | nearly = almost | almost = nearly | rapidly = quickly | additional = further
    enhance = improve | enhances = improves | enhancing = improving | enhanced = improved | alleviate = ease
    alleviates = eases | facilitate = ease | facilitates = eases | accelerate = speed up | accelerates = speeds up
    accelerating = speeding up | eliminate = remove | eliminates = removes | eliminating = removing
    addressing = tackling | exploit = use | exploits = uses
    exploiting = using | adopt = use | adopts = uses | adopting = using | maintain = keep | maintains = keeps
    maintaining = keeping | preserve = keep | preserves = keeps | preserving = keeping | retain = keep
    retains = keeps | retaining = keeping | yielding = giving | exhibit = show
    exhibits = shows | possess = have | possesses = has | attain = reach | attains = reaches | attaining = reaching
    essential = vital | vital = essential | necessary = needed | superior = better | limited = restricted
    absence of = lack of | huge = very large | vast = very large | amounts of = quantities of
    the majority of = most | typically = usually | primarily = mainly | simultaneously = at the same time
    subsequently = then | prior to = before | regarding = about | concerning = about | thereby = thus
    obtain = get | obtains = gets | obtaining = getting | carefully designed = designed with care
    difficulties = problems | obtained by = gained by | combining = joining | combines = joins | combine = join
    utilized = used | leveraged = used | demonstrated = shown | evaluated on = assessed on
    examined = studied | investigated = studied | constructed = built | required = needed
    improvements = gains | improvement = gain | findings = results
    also = | existing = current
    commonly = often | straightforward = simple | incurs = causes
    incur = cause | suitable for = fit for | sufficient = enough | contains = holds
    alleviate this = ease this
    as a result of = because of | on the basis of = from | the ability to = the capability to
    """.replace("\n", "|").split("|")
    if "=" in pair
    for old, new in [pair.split("=")]
)
"""Words with what may be put in their place."""
_WORD = re.compile(r"[^\s()\[\]{}\"“”‘<>|\\]+")
_VERB_ENDINGS = ("ed", "ing", "s", "es")


def words_of(text: str) -> list[str]:
    """Return the words of a text as it writes them, without brackets, quotation marks and final punctuation."""
    found = (word.strip(".,;:!?'’") for word in _WORD.findall(text))
    return [word for word in found if word]


def allowed(sentence: str, names: Iterable[str] = ()) -> frozenset[str]:
    """Return every word that a rewording of a sentence may use.

    Args:
        sentence: the sentence, in the third person.
        names: further words that may occur, such as those of the subject.
    """
    own = words_of(sentence)
    words = set(_PLAIN) | set(own) | set(names)
    for word in own:
        words |= {word.lower()} if word[1:].islower() else set()
        if word.isalpha() and word.islower() and word not in STOPWORDS:
            words |= inflections(word)
            for group in _SYNONYMS:
                if word in group:
                    words |= group
    return frozenset(words)


def inflections(word: str) -> set[str]:
    """Return the plain inflections of a word; what isn't a word does no harm, no model would choose it."""
    base = word
    for ending in _VERB_ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            base = word[: -len(ending)]
            break
    forms = {word, base + "s", base + "ed", base + "ing", base + "e", base + "es", base}
    if base.endswith("e"):
        forms |= {base + "d", base[:-1] + "ing"}
    return {form for form in forms if stem(form) == stem(word)}


@lru_cache(maxsize=4096)
def synonym_stems(stemmed: str) -> frozenset[str]:
    """Return the stems of the words that may stand for a word, given its stem."""
    return frozenset(other for group in _SYNONYM_STEMS if stemmed in group for other in group)


_SYNONYM_STEMS = tuple(
    frozenset(map(stem, group))
    for group in (*_SYNONYMS, *(pair for pair in SAME if all(pair) and " " not in "".join(pair)))
)
