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
    note that = state that | report that = state that | the authors note, = the authors say,
    the authors report, = the authors say, | in order to = to | by making use of = with | by means of = through
    a variety of = various | a wide range of = many | a number of = several | a series of = several
    as well as = and | due to = because of | based on = on the basis of | is based on = rests on
    are based on = rest on | by using = with | using = with | such as = like | is able to = can | are able to = can
    novel = new | utilizes = uses | utilize = use | utilizing = using | leverages = uses | leverage = use
    employs = uses | employ = use | employing = using | demonstrates = shows | demonstrate = show
    outperforms = surpasses | outperform = surpass | outperforming = surpassing | achieves = reaches
    achieve = reach | achieving = reaching | constructs = builds | construct = build | constructing = building
    requires = needs | require = need | requiring = needing | enables = allows | enable = allow
    enabling = allowing | multiple = several | numerous = many | various = several | several = various
    challenging = difficult | difficult = hard | crucial = important | generating = producing | generate = produce
    generates = produces | generated = produced | producing = generating | produces = generates
    produced = generated | produce = generate | investigate = study | examine = study | examines = studies
    explore = study | ask how = examine how | ask whether = examine whether | which is = that is
    which are = that are | together with = along with | along with = together with
    with respect to = with regard to | methods = techniques | approaches = methods | method = technique
    approach = method | dataset = data set | datasets = data sets | containing = with | although = though
    usually = mostly | within = in | upon = on | reveals = shows | reveal = show | selects = chooses
    select = choose | selected = chosen | selecting = choosing | occurs = happens | occur = happen | have to = must
    has to = must | need to = must | at the same time = simultaneously | with the help of = through
    often = frequently | frequently = often | mainly = mostly | consists of = comprises | consist of = comprise
    results in = leads to | relies on = depends on | rely on = depend on | relying on = depending on
    makes use of = uses | make use of = use | aims to = seeks to | aim to = seek to | attempt to = try to
    in the case of = for | focuses on = concentrates on | focus on = concentrate on
    takes into account = considers | take into account = consider | taking into account = considering
    so that = such that | extends = expands | entire = whole | whole = entire | amount of = quantity of
    helps to = helps | easily = readily | quickly = rapidly | conduct = carry out | conducted = carried out
    conducting = carrying out | provides = gives | provide = give | providing = giving | provided by = given by
    evaluate = assess | evaluates = assesses | evaluating = assessing | evaluation of = assessment of
    assess = evaluate | compared to = compared with | compared with = relative to | via = through | through = via
    particularly = especially | especially = particularly | currently = at present | capability = ability
    capabilities = abilities | abilities = capabilities | widely used = commonly used | remains = is still
    despite = in spite of | prior work = earlier work | previous = earlier | recently = lately
    substantially = considerably | considerably = substantially | approximately = about | additional = further
    enhance = improve | enhances = improves | enhancing = improving | enhanced = improved | alleviate = ease
    alleviates = eases | facilitate = ease | facilitates = eases | accelerate = speed up | accelerates = speeds up
    accelerating = speeding up | eliminate = remove | eliminates = removes | eliminating = removing
    addressing = tackling | exploit = use | exploits = uses | exploiting = using | adopt = use | adopts = uses
    adopting = using | maintain = keep | maintains = keeps | maintaining = keeping | preserve = keep
    preserves = keeps | preserving = keeping | retain = keep | retains = keeps | retaining = keeping
    yielding = giving | exhibit = show | exhibits = shows | essential = vital | vital = essential
    necessary = needed | limited = restricted | huge = very large | vast = very large | amounts of = quantities of
    the majority of = most | typically = usually | primarily = mainly | simultaneously = at the same time
    subsequently = then | prior to = before | regarding = about | concerning = about | thereby = thus | obtain = get
    obtains = gets | obtaining = getting | carefully designed = designed with care | difficulties = problems
    combining = joining | combines = joins | combine = join | utilized = used | evaluated on = assessed on
    examined = studied | investigated = studied | constructed = built | required = needed | improvements = gains
    improvement = gain | findings = results | also = | existing = current | commonly = often
    straightforward = simple | incurs = causes | sufficient = enough | contains = holds
    the ability to = the capability to | a broad range of = many | a wide variety of = many
    large amounts of = large quantities of | instead of = in place of | due to = owing to | because of = owing to
    as a result of = owing to | during = in the course of | superior = better | inferior = worse
    reduce = bring down | reduces = brings down | has emerged as = has become | have emerged as = have become
    has become = is now | have become = are now | plays a crucial role in = is vital to
    play a crucial role in = are vital to | plays an important role in = matters for
    play an important role in = matter for | plays a key role in = is key to | play a key role in = are key to
    substantial = considerable | leads to = results in | lead to = result in | leading to = resulting in
    resulting in = leading to | led to = resulted in | for example = for instance | limiting = restricting
    limited to = restricted to | ensures that = makes sure that | ensure that = make sure that
    ensuring that = making sure that | offers = provides | offer = provide | offering = providing
    comprises = consists of | comprising = consisting of | consisting of = made up of
    the need for = the demand for | through the use of = by using | highly = very | extremely = very
    key challenge = central challenge | key challenges = central challenges | key components = main components
    key component = main component | key factors = main factors | key idea = main idea | main idea = key idea
    is important for = matters for | in recent years = lately | has been shown to = was shown to
    have been shown to = were shown to | have been proposed = were proposed | has been proposed = was proposed
    achieved = reached | obtained from = drawn from | applied to = used on | is used to = serves to
    are used to = serve to | handle = deal with | handles = deals with | handling = dealing with
    dealing with = handling | deal with = handle | cope with = handle | performs better than = does better than
    perform better than = do better than | perform well = do well | performs well = does well | therefore = hence
    notably = in particular | comprehensive = extensive | extensive = thorough | diverse = varied
    flexible = adaptable | expensive = costly | rapid = quick | growing = increasing
    rapidly growing = fast-growing | the number of parameters = the parameter count | hinders = hampers
    hinder = hamper | hindering = hampering | suffers from = is affected by | suffer from = are affected by
    motivated by = prompted by | derived from = drawn from | extracted from = taken from | collect = gather
    collected = gathered | collecting = gathering | without sacrificing = without giving up
    without requiring = without needing | in the field of = in | in the area of = in | in the domain of = in
    the impact of = the effect of | the effect of = the influence of | the effects of = the influence of
    the influence of = the effect of | effect on = influence on | impact on = effect on | influence on = effect on
    information about = information on | information on = information about | knowledge about = knowledge of
    research on = work on | depends on = hinges on | depend on = hinge on | serve as = act as | serves as = acts as
    serving as = acting as | act as = serve as | acts as = serves as | regarded as = seen as
    considered as = seen as | viewed as = seen as | referred to as = called | gives rise to = brings about
    carry out = conduct | carried out = conducted | with the goal of = with the aim of
    with the aim of = with the goal of | the goal of = the aim of | the aim of = the goal of
    the goal is to = the aim is to | for the purpose of = for | massive = huge | enormous = huge | tremendous = huge
    impressive = striking | remarkable = striking | promising results = encouraging results
    stems from = comes from | stem from = come from | arises from = comes from | arise from = come from
    caused by = brought about by | corresponding to = that correspond to | associated with = linked to
    exhibited = showed | is demonstrated = is shown | are demonstrated = are shown | been demonstrated = been shown
    demonstrated that = showed that | outcomes = results | roughly = about | subsequent = later | largely = mostly
    even though = although | despite the fact that = although | whereas = while | so as to = to
    easier to = simpler to | easy to = simple to | learning process = process of learning
    focusing on = concentrating on | relies on = rests on | rely on = rest on
    relying on = resting on | aims at = is aimed at | aim at = are aimed at | aims to = sets out to
    aim to = set out to | aiming to = seeking to | attempts to = tries to | evaluations = assessments | broad = wide
    primarily = chiefly | mainly = chiefly | mostly = mainly | exploring = studying | explores = studies
    investigating = studying | investigates = studies | examining = studying | analyzing = studying
    analyze = study | analyzes = studies | is composed of = consists of | are composed of = consist of
    is comprised of = consists of | mitigate = ease | mitigates = eases | mitigating = easing
    tackling = dealing with | tackle = deal with | tackles = deals with | adapts = adjusts | adapting = adjusting
    ranging from = going from | ranges from = goes from | as opposed to = as against | apart from = besides
    prior methods = earlier methods | prior approaches = earlier approaches | prior works = earlier works
    the existing = the current | achieves = attains | achieving = attaining | achieve = attain | reaches = attains
    provides = supplies | providing = supplying | introduce = present | introduces = presents
    reveals that = shows that | increasing number = growing number | increasing interest = growing interest
    increasing amount = growing amount | increasing demand = growing demand
    show that = demonstrate that | shows that = demonstrates that | showed that = demonstrated that
    showing that = demonstrating that | find that = observe that | finds that = observes that
    found that = observed that | suggest that = indicate that | suggests that = indicates that
    indicate that = suggest that | indicates that = suggests that | argue that = contend that
    argues that = contends that | hypothesize that = conjecture that | propose = put forward | proposes = puts forward
    present = introduce | presents = introduces | improve = enhance | improves = enhances | improving = enhancing
    increase the = raise the | increases the = raises the | increasing the = raising the | reduce = lower
    reduces = lowers | reducing = lowering
    created by = made by | develop a = build a | develop an = build an | develops a = builds a
    develops an = builds an | developing a = building a | developed by = built by | developed for = built for
    developed to = built to | have developed = have built | authors developed = authors built | identify = pick out
    identifies = picks out | identifying = picking out | address = deal with | addresses = deals with
    determine whether = find out whether | determine which = find out which | determine how = find out how
    determining whether = finding out whether | understand how = see how | allows for = permits | allow for = permit
    allowing for = permitting | allow = permit | allows = permits | allowing = permitting | allowed = permitted
    involves = entails | involve = entail | involving = entailing | include = contain | includes = contains
    perform a = carry out a | perform an = carry out an | performs a = carries out a | performing a = carrying out a
    performed on = carried out on | use = employ | uses = employs | used = employed | using = employing
    use = make use of | uses = makes use of | leverage = make use of | leverages = makes use of
    leveraging = making use of | leveraging = exploiting | exploit = make use of | exploits = makes use of
    exploiting = making use of | outperforms = does better than | outperform = do better than
    outperforming = doing better than | achieves = obtains | achieve = obtain | yields = gives | yield a = give a
    yield better = give better | investigate = look into | investigates = looks into | investigating = looking into
    explore = look into | explores = looks into | exploring = looking into | study how = look into how
    studies how = looks into how | study the = look into the | examine = look at | examines = looks at
    examining = looking at | analysis of = study of | analyses of = studies of | investigation of = study of
    investigation into = study of | exploration of = study of | examination of = study of | release = make available
    releases = makes available | released = made available | releasing = making available
    publicly available = openly available | freely available = available for free | focused on = concentrated on
    propose to use = suggest using | makes it possible to = allows one to | make it possible to = allow one to
    incorporate = bring in | incorporates = brings in | incorporating = bringing in | annotated = labelled
    annotating = labelling | labeled = annotated | manually annotated = hand-annotated | manually created = hand-made
    manually labeled = hand-labelled | manually constructed = hand-built | manually crafted = hand-crafted
    increasingly = more and more | to what extent = how far | whether or not = whether | in addition to = besides
    in contrast to = unlike | in comparison to = compared with | in comparison with = compared with
    for instance = for example | in the form of = as | in the absence of = without
    at the expense of = at the cost of | in an end-to-end manner = end to end | in an end-to-end fashion = end to end
    in an unsupervised manner = without supervision | in an unsupervised fashion = without supervision
    in an unsupervised way = without supervision | a large number of = a great number of | a small number of = a few
    a single = one | all of the = all the | in which = where | is used as = serves as
    are used as = serve as | was used as = served as | can be used to = can serve to | can be used for = can serve for
    can be used as = can serve as | there are = there exist | there is a = there exists a | types of = kinds of
    type of = kind of | kinds of = types of | characteristics = traits | experiments show = tests show
    experiments on = tests on | experiments with = tests with | experimental results show = experiments show
    experimental results demonstrate = experiments demonstrate | experimental results indicate = experiments indicate
    experimental results on = results of experiments on | state-of-the-art models = leading models
    state-of-the-art methods = leading methods | state-of-the-art systems = leading systems
    state-of-the-art approaches = leading approaches | competitive with = on a par with
    comparable to = on a par with | comparable with = on a par with | comparable performance = similar performance
    comparable results = similar results | robust to = resistant to | related to = connected with
    useful for = of use for | useful in = of use in | useful to = of use to | similar to = akin to
    important for = of importance for | effectiveness of = efficacy of | ability to = capacity to
    capacity to = ability to | better understanding of = better grasp of | deeper understanding of = deeper grasp of
    understanding of how = grasp of how | insights into = insight into | research into = work on
    researchers = scholars | challenge for = difficulty for | challenges of = difficulties of
    challenges in = difficulties in | the issue of = the problem of | the problem of = the issue of
    issues such as = problems such as | the objective of = the aim of | scenarios = settings | field of = area of
    area of = field of | labor-intensive = laborious | labour-intensive = laborious | more complex = more complicated
    highly complex = very complicated | a specific = a particular | a particular = a specific | a new = a novel
    simple yet effective = simple but effective | yet effective = but effective | yet powerful = but powerful
    well-known = widely known | most popular = most widely used | popular approach = widely used approach
    completely = entirely | entirely = wholly | thus = hence | a variety of = a range of
    a wide range of = a wide variety of | a combination of = a mix of | combination of = mix of
    creation of = making of | construction of = building of | generation of = production of | selection of = choice of
    assessment of = evaluation of | description of = account of | an overview of = a survey of
    a survey of = an overview of | dependence on = reliance on | reliance on = dependence on
    relationship between = relation between | relationships between = relations between
    relation between = relationship between | connection between = link between | link between = connection between
    the role of = the part played by | a trade-off between = a balance between | crucial for = vital to
    essential for = vital to | critical for = vital to | critical to = vital to | crucial to = vital to
    appropriate = suitable | suitable = fitting | adequate = sufficient | precise = exact | main = chief
    main = principal | a major = a big | the primary = the main | incorrect = wrong | wrong = incorrect
    incorrectly = wrongly | is better than = is superior to | are better than = are superior to
    is worse than = is inferior to | are worse than = are inferior to | humans = people | generally = in general
    in general = generally | rarely = seldom | seldom = rarely | almost = nearly | nearly = almost
    sometimes = at times | nowadays = today | relies heavily on = depends heavily on
    rely heavily on = depend heavily on | heavily rely on = depend heavily on | heavily relies on = depends heavily on
    explicitly = expressly | automatically generated = machine-generated | real-world = real-life
    low-resource languages = languages with few resources | low-resource language = language with few resources
    high-resource languages = languages with many resources | under-resourced languages = languages with few resources
    labeled data = data with labels | labelled data = data with labels | unlabeled data = data without labels
    unlabelled data = data without labels | annotated data = data with annotations
    word embeddings = embeddings of words | sentence embeddings = embeddings of sentences
    word representations = representations of words | sentence representations = representations of sentences
    sentence pairs = pairs of sentences | word pairs = pairs of words | error analysis = analysis of errors
    user reviews = reviews by users | product reviews = reviews of products
    social media posts = posts on social media | social media data = data from social media
    Twitter data = data from Twitter | domain knowledge = knowledge of the domain
    world knowledge = knowledge of the world | translation quality = quality of translation | rather than = instead of
    instead of = rather than | given by = supplied by | aims to = tries to | aim to = try to | seeks to = tries to
    seek to = try to | expand = enlarge | expands = enlarges | computes = calculates
    computing = calculating | computed = calculated | calculate = compute | calculated = computed | selects = picks
    selecting = picking | remove = take out | removes = takes out | removing = taking out | modify = change
    modifies = changes | modifying = changing | modified = changed | alter = change | alters = changes
    begins with = starts with | begin with = start with | starting with = beginning with
    starting from = beginning from | begins by = starts by | prevents = stops | preventing = stopping
    assume that = suppose that | assumes that = supposes that | assuming that = supposing that
    imply that = mean that | implies that = means that | implying that = meaning that | confirm = bear out
    confirms = bears out | confirming = bearing out | verify = confirm | verifies = confirms | verifying = confirming
    illustrate = show | illustrates = shows
    clarify = make clear | clarifies = makes clear | emphasize = stress | emphasizes = stresses
    highlight = point out | highlights = points out | highlighting = pointing out | underscore = stress
    underscores = stresses | advocate = argue for | strengthen = reinforce | strengthens = reinforces
    weaken = lessen | diminish = lessen | diminishes = lessens | merge = join | merges = joins
    merging = joining | divide = split | divides = splits | divided into = split into
    omit = leave out | omits = leaves out | omitting = leaving out | ignore = disregard | ignores = disregards
    ignoring = disregarding | neglect = overlook | neglects = overlooks | neglecting = overlooking
    overlook = neglect | overlooks = neglects | participate in = take part in | participated in = took part in
    participating in = taking part in | took part in = participated in | assist = help | assists = helps
    assisting = helping | speeds up = accelerates | speed up = accelerate | speeding up = accelerating
    decide whether = tell whether | distinguish between = tell apart | distinguishing between = telling apart
    distinguishes between = tells apart | discriminate between = tell apart | differentiate between = tell apart
    has demonstrated = has shown | have demonstrated = have shown | has achieved = has reached
    have achieved = have reached
    over the past several years = over the last several years | over the past few years = over the last few years
    in the past few years = in the last few years | various downstream = several downstream
    incurs significant = causes significant | allowing for = making possible |
    hampers = hinders | hamper = hinder | without compromising = without harming | at inference time = during inference
    during inference = at inference time | memory footprint = memory use | memory usage = memory use
    memory consumption = memory use | computational cost = cost of computation
    computational costs = costs of computation | computational overhead = overhead of computation
    computational complexity = complexity of computation | inference speed = speed of inference
    inference latency = latency of inference | inference costs = costs of inference
    training costs = costs of training | training efficiency = efficiency of training | widespread = wide
    adoption of = uptake of | splits = divides | split into = divided into | inherits = takes over
    dramatically = drastically | drastically = dramatically | designed to = made to | designed for = made for
    tailored to = adapted to | tailored for = adapted to
    state-of-the-art performance = leading performance | state-of-the-art results = leading results
    state-of-the-art accuracy = leading accuracy | high-resolution images = images of high resolution
    low-resolution images = images of low resolution | high-quality images = images of high quality
    high-quality data = data of high quality | tends to = is apt to | tend to = are apt to | explains = accounts for
    explain = account for | understand = grasp | observe that = find that | observed that = found that
    introducing = presenting | presenting = introducing | proposing = putting forward | followed by = and then
    unlike = in contrast to | negligible = very small | minimal = very small
    in particular = notably | ultimately = in the end | initially = at first | inherently = by nature
    predominantly = mainly | drawback = shortcoming | drawbacks = shortcomings | shortcomings = drawbacks
    limitations of = limits of | benefits of = advantages of | advantages of = benefits of | benefit from = gain from
    benefits from = gains from | recent efforts = recent attempts | demand for = need for
    susceptible to = prone to | prone to = liable to | equivalent to = the same as | identical to = the same as
    consistent with = in line with | fundamental = basic | complex tasks = complicated tasks
    complex problems = complicated problems | severe = serious | significant improvements = considerable gains
    significant improvement = considerable gain | significant gains = considerable gains
    significantly = considerably | advantages over = strengths over | in practice = in real use
    called the = known as the | is called = is known as | are called = are known as
    showcase = show | showcases = shows | boosts = raises | boosting = raising | boost = raise
    generalizes to = carries over to | generalize to = carry over to | generalizes well to = carries over well to
    validate = confirm | validates = confirms | validating = confirming
    conversely = on the other hand | for use in = to be used in
    overcome = get over | overcomes = gets over | overcoming = getting over | training from scratch = training anew
    trained from scratch = trained anew | incorporated into = brought into | integrated into = built into
    struggle with = have difficulty with | struggles with = has difficulty with | struggle to = find it hard to
    excel at = are very good at | excels at = is very good at | excel in = are very good in
    excels in = is very good in | relying solely on = depending solely on
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


@lru_cache(maxsize=1024)
def canonical(text: str) -> str:
    """Return a text in which words that say the same are one word: "due to" and "owing to", "is able to" and "can".

    What checks compare are texts in this form, so that a change from one to the other isn't taken for another claim.
    """
    told = _PHRASE.sub(lambda found: _cased(_CANONICAL[found[0].lower()], found[0]), text)
    return _BY_DOING.sub(lambda found: _cased(_CANONICAL["through"], found[0]), told)


_BY_DOING = re.compile(r"\bby(?= [a-z]+ing\b)", re.IGNORECASE)


def _cased(word: str, like: str) -> str:
    return word[:1].upper() + word[1:] if like[:1].isupper() else word


# What checks look for stands for what says the same, the shortest otherwise.
_TELLING = frozenset("with can must better worse most because if owing against before after despite".split())


def _classes() -> dict[str, str]:
    """Return for each phrase of `SAME` the one that stands for all that say the same."""
    of: dict[str, set[str]] = {}
    for old, new in ((old.lower(), new.lower()) for old, new in SAME):
        if old and new:
            joined = of.get(old, {old}) | of.get(new, {new})
            of.update(dict.fromkeys(joined, joined))
    return {
        phrase: min(same, key=lambda word: (word not in _TELLING, len(word.split()), word))
        for phrase, same in of.items()
    }


_CANONICAL = _classes()
_PHRASE = re.compile(
    rf"(?<![\w-])(?:{'|'.join(map(re.escape, sorted(_CANONICAL, key=len, reverse=True)))})(?![\w-])", re.IGNORECASE
)


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
