"""The tour on the bundled sample library: demo."""

import typer

from assistant.cli.run import Run, command, screen, show, tell, width

# One of them can't be answered from the sample library, which is the point of it.
QUESTIONS = (
    "What is XNLI and how many languages does it cover?",
    "Which papers present data sets for dialogue?",
    "What is the melting point of tungsten?",
)
TOPIC = "neural dialogue systems and conversation data"


def register(app: typer.Typer) -> None:
    """Register the commands."""
    command(app)(demo)


def demo(run: Run) -> None:
    """Show what the program does, on the bundled sample library and in a home of its own."""
    from assistant import chat, ingest, render
    from assistant.answer import Answerer
    from assistant.config import data_path
    from assistant.draft import Drafter
    from assistant.eval.dataset import LIBRARY
    from assistant.files import write_whole
    from assistant.library import Library
    from assistant.store import Store, write_lock

    settings = run.settings.model_copy(update={"home": run.settings.home / "demo"})
    text, bib = settings.home / "related-work.md", settings.home / "related-work.bib"
    with Library.create(settings.catalogue) as library:
        with write_lock(settings.write_lock, waiting=lambda: tell("Waiting for another process …")):
            report = ingest.add(ingest.read_files([data_path("eval") / LIBRARY]), library, run.embedder)
            store = Store(library, settings.index, settings.write_lock, tell)
            store.sync()
        tell(f"The sample library: {len(library)} papers ({report.added} new).")
        demo_run = Run(run.overrides, run.as_json, run.verbose, run.debug)
        demo_run.settings, demo_run.library, demo_run.store = settings, library, store
        demo_run.embedder, demo_run.generator = run.embedder, run.generator
        answerer: Answerer = demo_run.answerer
        for question in QUESTIONS:
            show(f"\n? {question}\n")
            chat.answer_in(answerer, library, question, screen())
        drafter: Drafter = demo_run.drafter
        show(f"\nA related-work paragraph on: {TOPIC}\n")
        draft = drafter.draft(TOPIC)
        show(render.wrapped(draft.text, width()))
        write_whole(text, draft.text + "\n")
        write_whole(bib, draft.bibliography)
    show(f"\nThe paragraph is in {text}, its bibliography in {bib}.")
    show(f"The library is in {settings.home}.")
    show("\nYour own papers: assistant add FILE…, then assistant chat.")
