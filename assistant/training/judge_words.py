# ruff: noqa: E501 (word lists)
"""Word lists of the rule-made training pairs: what may stand for what in an abstract, and what turns its meaning round."""

import re

_IRREGULAR = {
    "put": ("puts", "put", "put"),
    "beat": ("beats", "beat", "beaten"),
    "do": ("does", "did", "done"),
    "come": ("comes", "came", "come"),
    "cut": ("cuts", "cut", "cut"),
    "draw": ("draws", "drew", "drawn"),
    "make": ("makes", "made", "made"),
    "find": ("finds", "found", "found"),
    "see": ("sees", "saw", "seen"),
    "build": ("builds", "built", "built"),
    "give": ("gives", "gave", "given"),
    "let": ("lets", "let", "let"),
    "take": ("takes", "took", "taken"),
    "deal": ("deals", "dealt", "dealt"),
    "grow": ("grows", "grew", "grown"),
    "rise": ("rises", "rose", "risen"),
    "keep": ("keeps", "kept", "kept"),
    "hold": ("holds", "held", "held"),
    "show": ("shows", "showed", "shown"),
    "get": ("gets", "got", "got"),
    "set": ("sets", "set", "set"),
    "bring": ("brings", "brought", "brought"),
    "spot": ("spots", "spotted", "spotted"),
    "call": ("calls", "called", "called"),
    "go": ("goes", "went", "gone"),
    "teach": ("teaches", "taught", "taught"),
    "permit": ("permits", "permitted", "permitted"),
    "pick": ("picks", "picked", "picked"),
    "run": ("runs", "ran", "run"),
    "lead": ("leads", "led", "led"),
    "need": ("needs", "needed", "needed"),
}


def inflect(verb: str) -> tuple[str, str, str, str, str]:
    """Return base form, past tense, participle, third person and -ing form; what follows the first word is kept."""
    first, _, tail = verb.partition(" ")
    if first in _IRREGULAR:
        third, past, done = _IRREGULAR[first]
    else:
        if re.search(r"(?:s|x|z|ch|sh)$", first):
            third = first + "es"
        elif re.search(r"[^aeiou]y$", first):
            third = first[:-1] + "ies"
        else:
            third = first + "s"
        if first.endswith("e"):
            past = first + "d"
        elif re.search(r"[^aeiou]y$", first):
            past = first[:-1] + "ied"
        else:
            past = first + "ed"
        done = past
    if first in ("put", "cut", "get", "let", "set", "spot", "run", "permit"):
        ing = first + first[-1] + "ing"
    elif first.endswith("e") and not first.endswith("ee"):
        ing = first[:-1] + "ing"
    else:
        ing = first + "ing"
    forms = (first, past, done, third, ing)
    return tuple(f"{form} {tail}" if tail else form for form in forms)  # type: ignore[return-value]


def participle(verb: str) -> str:
    """Return the past participle."""
    return inflect(verb)[2]


# Verbs that may stand for each other before an object.
VERBS = tuple(
    tuple(part.strip() for part in line.split(","))
    for line in """propose, introduce, present, put forward, suggest
show, demonstrate, make clear, establish, reveal
outperform, beat, surpass, do better than, come out ahead of, exceed
improve, raise, boost, enhance, lift
reduce, lower, cut, decrease, bring down
use, employ, make use of, draw on, rely on, work with
utilize, employ, make use of, draw on, work with
achieve, reach, obtain, attain, arrive at
examine, investigate, study, explore, look into, analyze
evaluate, assess, test, try out
require, need, call for, demand
describe, outline, set out, report on
develop, build, construct, create, devise, design
generate, produce, give rise to
predict, forecast, anticipate
find, discover, observe, see, note
provide, offer, supply, give
combine, merge, unite, join, bring together
contain, include, comprise, hold
address, tackle, deal with, take on
exploit, leverage, take advantage of, profit from
learn, acquire
capture, pick up, grasp
identify, detect, spot, recognize
help, assist, aid
focus on, concentrate on, deal mainly with
release, publish, make public
collect, gather, assemble
argue, maintain, claim, hold
consist of, be made up of
indicate, suggest, point out
confirm, verify, bear out
extend, expand, widen
select, choose, pick
remain, stay
compare, contrast, set side by side
explain, account for
obtain, get, gain
affect, influence, have an effect on
associate, link, connect
inhibit, suppress, block
induce, trigger, cause
mediate, bring about
promote, foster, encourage
""".replace("be made up of", "comprise")
    .strip()
    .splitlines()
)

# Phrases that may stand for each other.
PHRASES = tuple(
    tuple(part.strip() for part in line.split("|"))
    for line in """novel|new|not seen before
approach|method|technique|procedure
approaches|methods|techniques|procedures
performance|quality of results|results achieved
dataset|data set|collection of data
datasets|data sets|collections of data
significantly|clearly|considerably|markedly|to a clear degree
substantially|considerably|by much|greatly
large|big|sizeable
large-scale|very large|sizeable
important|crucial|key|of great weight
importance|weight|great relevance
existing|available|current|known
various|several different|a range of|multiple
several|a number of|multiple|a handful of
many|numerous|lots of|a good many
difficult|hard|demanding
challenging|hard|demanding|far from easy
previous|earlier|prior|past
previously|earlier|before now
experiments|trials|tests|empirical runs
experimental results|the outcomes of tests|trials
however|yet|still|all the same
because|since|given that
although|while|even though
paper|article|work
effective|useful|successful|fruitful
effectiveness|usefulness|value
efficient|economical|sparing with resources
efficiently|economically|at low cost
automatically|by machine|without human effort
automatic|machine-made|computed
manually|by hand|by human effort
amount of|quantity of|volume of
amounts of|quantities of|volumes of
in order to|so as to|with the aim to
due to|because of|owing to|on account of
based on|built on|resting on|grounded in
such as|like|for instance|among them
as well as|and also|together with
in terms of|as regards|with respect to
in addition|besides|on top of that
a variety of|many kinds of|diverse|all sorts of
a wide range of|many different|a broad set of
compared to|relative to|set against|in comparison with
compared with|relative to|set against|in comparison to
recent|lately published|latest
recently|of late|in the last few years
task|problem|job
tasks|problems|jobs
furthermore|besides|what is more
moreover|besides|what is more
also|in addition
annotated|labelled|marked-up
annotation|labelling|mark-up
annotations|labels|mark-up
labeled|annotated
human|manual|people's
humans|people|human beings
state-of-the-art|best known|leading|top
state of the art|best published level|leading edge
baseline|reference system|simple point of comparison
baselines|reference systems|points of comparison
simple|plain|uncomplicated
complex|intricate|complicated
framework|scheme|general setup
system|tool|set-up
systems|tools|set-ups
information|knowledge|facts
feature|cue|characteristic
features|cues|characteristics
potential|promise
problems|issues|difficulties
often|frequently|in many cases
usually|as a rule|in most cases
typically|as a rule|commonly
mainly|chiefly|for the most part
especially|above all|in particular
particularly|above all|notably
different|distinct|differing|diverse
similar|alike|comparable
able to|capable to|in a position to
enough|sufficient
lack of|shortage of|want of
lack|do not have
limited|scarce|small
quickly|fast|rapidly
full|complete|entire
whole|entire|complete
main|chief|principal
major|chief|principal
crucial|decisive|key
common|widespread|frequent
widely used|popular|in wide use
well-known|familiar|established
robust|stable|sturdy
accurate|precise|exact
accurately|precisely|exactly
strong|powerful|robust
weak|feeble
relevant|pertinent|fitting
additional|further|extra
entire|whole
current|present-day|today's
corpus|text collection|body of text
corpora|text collections|bodies of text
sentences|utterances
algorithm|procedure
algorithms|procedures
architecture|design|network layout
relationship|link|connection|relation
relationships|links|connections|relations
users|people using it
across|over|throughout
within|inside
without|with no|in the absence of
according to|by|following
namely|that is
respectively|in that order
overall|on the whole|all in all
finally|lastly|in the end
instead of|rather than|in place of
rather than|instead of|and not
thus|so|hence|in this way
therefore|so|hence|for that reason
depends on|hinges on|varies with
leads to|results in|brings about
lead to|result in|bring about
led to|resulted in|brought about
to the best of our knowledge|as far as is known
to the best of their knowledge|as far as is known
is able to|can
are able to|can
can be|may be
not only|not just
in contrast|by contrast|on the other hand
in contrast to|unlike|as opposed to
patients|people treated|sufferers
children|young people|minors
mice|laboratory mice
cells|cell populations
disease|illness|disorder
mortality|death rate|deaths
risk|likelihood|danger
treatment|therapy
treated|given therapy
trial|clinical study
essential|indispensable|vital
findings|results|observations
evidence|proof|support""".strip().splitlines()
)

# Openings that say nothing about the content.
LEADS = re.compile(
    r"^(?:(?:The )?(?:[Oo]ur |[Tt]heir )?(?:[Ee]xtensive )?(?:[Ee]xperiment(?:s|al results)?|[Rr]esults|[Ee]valuations?|[Ff]indings|[Aa]nalys[ie]s)"
    r"(?: [^,.]{0,50}?)? (?:show|demonstrate|indicate|suggest|reveal|confirm)s? that |"
    r"The authors (?:also |further |then )?(?:show|demonstrate|find|observe|argue|report|conclude|note) that |"
    r"It (?:is|was) (?:shown|found|argued|observed) that |In this (?:paper|work|study|article), )"
)

NUMBER_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "ten")

# Words that turn a statement round; any of one side may be exchanged for any of the other.
FLIPS = tuple(
    tuple(tuple(word.strip() for word in side.split(",")) for side in line.split("|"))
    for line in """outperforms, surpasses, exceeds, beats|falls short of, underperforms, does worse than, trails
outperform, surpass, exceed, beat|fall short of, underperform, do worse than, trail
outperformed, surpassed, exceeded|fell short of, underperformed, did worse than, trailed
outperforming|falling short of, doing worse than
improves, raises, boosts, enhances|worsens, lowers, hurts, degrades
improve, raise, boost, enhance|worsen, lower, hurt, degrade
improved|worsened, degraded
improving|worsening, degrading
improvement, gain|decline, drop, loss
improvements, gains|declines, drops, losses
increases, grows, rises|decreases, shrinks, falls
increase, grow, rise|decrease, shrink, fall
increased|decreased, reduced
increasing|decreasing, reducing
reduces, decreases|increases, raises
reduced, decreased|increased, raised
reduce, decrease|increase, raise
reducing|increasing
reduction|increase, rise
higher|lower
high|low
highest|lowest
larger, bigger|smaller
large|small
more|less, fewer
most|least, fewest
better|worse
best|worst
stronger|weaker
strong|weak
faster|slower
easier|harder
easy|hard, difficult
simple|complex, complicated
difficult, challenging, hard|easy, simple
positive|negative
positively|negatively
effective|ineffective, useless
efficient|inefficient, costly
successful|unsuccessful
successfully|unsuccessfully
able|unable
possible|impossible
sufficient|insufficient
important|unimportant, negligible
significant|insignificant, negligible
significantly|barely, hardly
substantially, considerably|barely, hardly
accurate|inaccurate
reliable|unreliable
robust|brittle, fragile
supervised|unsupervised
labeled, annotated|unlabeled, unannotated
monolingual|multilingual, bilingual
multilingual|monolingual
before|after
early|late
short|long
shorter|longer
rare|frequent
rarely, seldom|often, frequently
often, frequently|rarely, seldom
always|never
few|many
many|few
little|much
similar|different, dissimilar
similarity|difference, dissimilarity
same|opposite, different
consistent|inconsistent
helps|hinders
help|hinder
benefits|suffers
benefit|suffer
success|failure
succeeds|fails
fails|succeeds
fail|succeed
failed|succeeded
allows, enables|prevents, keeps
allow, enable|prevent, keep
with|without
without|with
including|excluding
lack|abundance
scarce, limited|plentiful, abundant
cheap, inexpensive|expensive
expensive, costly|cheap, inexpensive
explicit|implicit
implicit|explicit
automatic|manual
manual|automatic
automatically|manually
manually|automatically
promotes, induces, activates|inhibits, suppresses, blocks
promote, induce, activate|inhibit, suppress, block
inhibits, suppresses, blocks|promotes, induces, activates
inhibit, suppress|promote, induce
upregulated|downregulated
activation|inhibition
protects|endangers
safe|unsafe, harmful
associated|not associated
related|unrelated
linear|nonlinear
local|global
static|dynamic
dense|sparse
strength|weakness
strengths|weaknesses
advantage|drawback
advantages|drawbacks
support, confirm|refute, contradict
supports, confirms|refutes, contradicts
underestimates|overestimates
above|below
over|under
at least|at most
up to|at least
majority|minority
in-domain|out-of-domain
known|unknown
new, novel|old, well-known
additional|no
superior|inferior
competitive|uncompetitive
comparable|inferior, superior""".strip().splitlines()
)

# Terms of a type, for exchanges.
TYPES = {
    kind: tuple(term.strip() for term in terms.split(","))
    for kind, terms in {
        "language": "English, German, French, Spanish, Chinese, Japanese, Korean, Arabic, Russian, Hindi, Turkish, Finnish, Czech, Italian, "
        "Portuguese, Dutch, Polish, Swedish, Danish, Hebrew, Hungarian, Basque, Romanian, Vietnamese, Persian, Urdu, Bengali, Tamil, Greek, "
        "Estonian, Latvian, Indonesian, Mandarin, Swahili, Norwegian, Croatian, Catalan, Thai, Latin, Sanskrit",
        "task": "machine translation, sentiment analysis, question answering, text summarization, summarization, named entity recognition, "
        "parsing, dependency parsing, semantic role labeling, relation extraction, text classification, language modeling, "
        "part-of-speech tagging, POS tagging, word sense disambiguation, coreference resolution, entity linking, natural language inference, "
        "machine reading comprehension, reading comprehension, dialogue generation, paraphrase identification, speech recognition, "
        "information extraction, event detection, event extraction, keyphrase extraction, stance detection, sarcasm detection, "
        "argument mining, grammatical error correction, text simplification, image captioning, information retrieval, "
        "hate speech detection, fake news detection, intent detection, slot filling, semantic parsing, word segmentation, "
        "lemmatization, transliteration, topic modeling, data-to-text generation, constituency parsing, readability assessment",
        "model": "LSTM, BiLSTM, CNN, RNN, GRU, Transformer, BERT, RoBERTa, ELMo, GPT-2, CRF, SVM, word2vec, GloVe, fastText, XLNet, mBERT, "
        "logistic regression, random forest, naive Bayes, decision tree, attention mechanism, convolutional neural network, recurrent neural network, "
        "graph neural network, variational autoencoder, hidden Markov model, reinforcement learning, multi-task learning, transfer learning, "
        "active learning, adversarial training, knowledge distillation, data augmentation, self-training, pre-training, fine-tuning, "
        "domain adaptation, back-translation, beam search, curriculum learning, contrastive learning, meta-learning",
        "metric": "BLEU, ROUGE, METEOR, accuracy, F1, F1 score, precision, recall, perplexity, error rate, word error rate, latency, speed, memory, "
        "correlation, inter-annotator agreement, coverage, fluency, adequacy, coherence",
        "data": "tweets, news articles, Wikipedia articles, scientific papers, product reviews, movie reviews, social media posts, blog posts, "
        "legal documents, clinical notes, patents, emails, forum posts, lectures, podcasts, novels, textbooks, dialogues, chat logs, "
        "parliamentary speeches, news headlines, Reddit comments, student essays, subtitles, web pages",
        "dataset": "SQuAD, SNLI, MultiNLI, GLUE, CoNLL-2003, Penn Treebank, WMT, IWSLT, OntoNotes, CNN/Daily Mail, WikiText-2, MultiWOZ, CoQA, "
        "HotpotQA, Natural Questions, TriviaQA, FrameNet, PropBank, WordNet, Universal Dependencies, Wikipedia, Twitter, ConceptNet",
        "unit": "words, sentences, documents, paragraphs, phrases, characters, subwords, morphemes, clauses, tokens, syllables, images, "
        "questions, queries, entities, events, topics",
        "level": "syntactic, semantic, morphological, lexical, phonological, pragmatic, acoustic, visual, discourse-level",
        "part": "encoder, decoder, discriminator, generator, classifier, retriever, ranker, embedding layer, output layer",
        "role": "nouns, verbs, adjectives, adverbs, pronouns, prepositions, function words, proper names",
        "word": "noun, verb, adjective, adverb, pronoun, preposition",
        "people": "teachers, students, linguists, crowd workers, experts, translators, clinicians, journalists, novices, native speakers, lawyers",
        "level2": "word-level, sentence-level, document-level, character-level, token-level, phrase-level, span-level",
        "organ": "liver, kidney, brain, lung, heart, spleen, muscle, bone, skin, colon, pancreas",
        "patient": "mice, rats, humans, zebrafish, women, men, children, adults, infants, pregnant women, older adults, yeast",
        "illness": "cancer, breast cancer, lung cancer, diabetes, type 2 diabetes, obesity, hypertension, stroke, asthma, malaria, tuberculosis, HIV, "
        "depression, schizophrenia, Alzheimer's disease, Parkinson's disease, coronary heart disease, leukemia, influenza",
        "cell": "T cells, B cells, macrophages, neutrophils, dendritic cells, stem cells, fibroblasts, neurons, astrocytes, platelets, monocytes",
        "molecule": "insulin, glucose, cholesterol, DNA, RNA, mRNA, microRNA, interferon, collagen, estrogen, testosterone, vitamin D, aspirin",
    }.items()
}

# What raises the scope or the certainty of a statement.
OVERCLAIMS = tuple(
    (re.compile(pattern), tuple(new.split("|")))
    for pattern, new in (
        (r"\b[Ss]ome (?=[a-z]+s\b)", "all |most |nearly all "),
        (r"\b[Ss]everal (?=[a-z-]+ )", "all |all known |the great majority of "),
        (r"\b[Mm]any (?=[a-z-]+ )", "all |virtually all "),
        (r"\b[Mm]ost (?=[a-z]+s\b)", "all "),
        (
            r"\b(?:two|three|four|five|six|seven|eight|multiple|various|different) (?=[a-z -]*(?:datasets|languages|tasks|domains|benchmarks|corpora|settings|models|methods)\b)",
            "all |all existing |all common ",
        ),
        (r"\b[Oo]ften\b", "always|invariably"),
        (r"\b[Uu]sually\b|\b[Tt]ypically\b|\b[Gg]enerally\b", "always|without exception"),
        (r"\bsometimes\b", "always|usually"),
        (r"\b(?:may|might|could) (?=[a-z])", "will |is sure to "),
        (
            r"\bcan (help|be used|improve|reduce|lead|benefit|achieve|provide|capture)\b",
            r"will always \1|is guaranteed to \1",
        ),
        (r"\bsuggests?\b|\bindicates?\b", "proves|establishes beyond doubt"),
        (r"\bsuggest that\b|\bindicate that\b|\bshow that\b", "prove that|establish for good that"),
        (r"\bcompetitive (?:with|to)\b", "clearly better than|superior to"),
        (r"\bcomparable (?:to|with)\b", "clearly better than|superior to"),
        (r"\bcompetitive (?=results|performance)", "record |state-of-the-art "),
        (r"\bpromising\b", "conclusive|perfect|definitive"),
        (r"\bone of the first\b", "the very first"),
        (r"\bup to (?=\d)", "more than |at least "),
        (r"\b(?:about|approximately|around|nearly|almost|roughly) (?=\d)", "well over |far more than "),
        (r"\b(?:partially|partly|to some extent)\b", "fully|completely"),
        (r"\b(?:significantly|substantially|considerably|consistently)\b", "always|in every case|without exception"),
        (r"\bslightly\b", "greatly|by a wide margin"),
        (r"\bmainly\b|\bprimarily\b|\blargely\b|\bmostly\b", "exclusively|only"),
        (
            r"\boutperforms? (?:the |a |several |existing |previous |strong |other )?(?:baselines?|methods|models|systems|approaches)\b",
            "outperforms all known systems|beats every other method",
        ),
        (r"\bassociated with\b|\bcorrelated? with\b|\blinked to\b", "the cause of|caused by"),
        (r"\bimproves\b", "always improves|invariably improves"),
        (r"\bimprove (?=the|performance|results)", "always improve "),
        (r"\breduces\b", "eliminates|always reduces"),
        (r"\breduce (?=the)", "eliminate "),
        (r"\bmitigates?\b|\balleviates?\b", "eliminates|solves completely"),
        (r"\baddresses?\b|\btackles?\b", "solves completely|settles"),
        (r"\ba new (?=[a-z])|\ba novel (?=[a-z])", "the first "),
        (r"\b(?:helps?|contributes?|aids?) (?:to )?(?=[a-z])", "suffices to "),
        (r"\bin (?:patients|mice|women|men|children|adults)\b", "in all people|in every age group"),
        (r"\bevaluate (?:our|the) [a-z ]+ on\b", "are the first to evaluate it on"),
        (r"\bThe results show\b|\bResults show\b|\bExperiments show\b", "Results prove beyond doubt"),
    )
)
