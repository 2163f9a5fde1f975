"""The report on a draft as one HTML page: each sentence opens the words that support it.

The page needs nothing from elsewhere: no script at all, a style sheet inside it, and every text escaped. It is what a
co-author reads to see what stands behind each sentence.
"""

from collections.abc import Callable
from html import escape

from assistant import render
from assistant.records import Citation, Draft, Paper
from assistant.section import Section, Sentence, sentence_text

_STYLE = """\
body { font: 16px/1.5 Georgia, serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
h1, h2 { font-family: sans-serif; line-height: 1.2; }
details { margin: .3rem 0; } summary { cursor: pointer; } summary:hover { background: #f3f3ea; }
blockquote { margin: .5rem 0 .5rem 1rem; padding-left: .8rem; border-left: 3px solid #bbb; color: #444; }
mark { background: #fdf3b0; } .meta { font: 13px sans-serif; color: #666; } li { margin: .2rem 0; }
"""


def page(draft: Draft, section: Section, paper_of: Callable[[str], Paper]) -> str:
    """Return the page.

    Args:
        draft: the draft, for its report and what was left out.
        section: its sentences.
        paper_of: gives the paper of a key.
    """
    marks = {key: number for number, key in enumerate(section.keys, start=1)}
    body = [f"<h1>{_safe(draft.topic or 'Related work')}</h1>", _summary(draft)]
    for number, paragraph in enumerate(section.paragraphs, start=1):
        body.append(f"<h2>{number}. {_safe(paragraph.theme)}</h2>")
        for place, sentence in enumerate(paragraph.sentences, start=1):
            body.append(_sentence(f"{number}.{place}", sentence, marks, paper_of))
        for own in paragraph.own:
            quote = f"<blockquote>{_safe(own.quote)}</blockquote><p class=meta>in your own words</p>"
            body.append(f"<details><summary>{_safe(own.lead + own.text)}</summary>{quote}</details>")
    body.append("<h2>Sources</h2><ol>" + "".join(_source(paper_of(key)) for key in section.keys) + "</ol>")
    if draft.coverage.unused:
        rows = "".join(f"<li>{_safe(item.key)}: {_safe(item.why)}</li>" for item in draft.coverage.unused)
        body.append(f"<h2>Found and not used</h2><ul>{rows}</ul>")
    if draft.dropped:
        rows = "".join(
            f"<li>{_safe(item.text)} <i>({_safe(item.key)}: {_safe(item.why)})</i></li>" for item in draft.dropped
        )
        body.append(f"<h2>Wordings that failed</h2><ul>{rows}</ul>")
    title = _safe(f"Evidence: {draft.topic}")
    head = f"<meta charset=utf-8><title>{title}</title><style>\n{_STYLE}</style>"
    policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    return (
        f"<!doctype html>\n<html lang=en><head>{policy}{head}</head>\n<body>\n" + "\n".join(body) + "\n</body></html>\n"
    )


def _summary(draft: Draft) -> str:
    report = draft.report
    text = (
        f"{report.sentences} sentences, {report.supported} supported, {report.repaired} repaired, "
        f"{report.dropped} claims not told; {report.used} of {report.planned} planned papers cited; "
        f"longest run of words in common with an abstract: {draft.longest_copied_run}. Model: {draft.model.name}."
    )
    return f"<p class=meta>{_safe(text)}</p>"


def _sentence(number: str, sentence: Sentence, marks: dict[str, int], paper_of: Callable[[str], Paper]) -> str:
    evidence = []
    for part in sentence.parts:
        support = "" if part.support is None else f", support {part.support:.2f}"
        about = f"{part.origin}, {part.verdict} ({part.checked_by}{support})"
        evidence += [_quote(citation, paper_of(citation.key), marks[citation.key]) for citation in part.citations]
        evidence.append(f"<p class=meta>{_safe(about)}</p>")
    text = sentence_text(sentence, "text", "cite", marks)
    return f"<details><summary><span class=meta>{number}</span> {_safe(text)}</summary>{''.join(evidence)}</details>"


def _quote(citation: Citation, paper: Paper, mark: int) -> str:
    """Return an abstract with the words that support a sentence marked in it."""
    before, quote = paper.abstract[: citation.start], paper.abstract[citation.start : citation.end]
    after = paper.abstract[citation.end :]
    marked = f"{_safe(before)}<mark>{_safe(quote)}</mark>{_safe(after)}"
    return f"<p class=meta>[{mark}] {_safe(paper.title)} ({_safe(paper.key)})</p><blockquote>{marked}</blockquote>"


def _source(paper: Paper) -> str:
    by = render.byline(paper)
    return f"<li>{_safe(paper.title)}{f' ({_safe(by)})' if by else ''} <span class=meta>{_safe(paper.key)}</span></li>"


def _safe(text: str) -> str:
    return escape(render.visible(text))
