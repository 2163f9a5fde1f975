"""What is missing or damaged, and the cure: doctor."""

from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli.run import Run, command, show, show_json, tell

if TYPE_CHECKING:
    from assistant.doctor import Finding

_MARKS = {"ok": "ok", "note": "note", "repaired": "mended", "problem": "PROBLEM"}
_SHOWN_KEYS = 5


def register(app: typer.Typer) -> None:
    """Register the command."""
    command(app)(doctor)


def doctor(
    run: Run,
    repair: Annotated[bool, typer.Option("--repair", help="Mend what can be mended.")] = False,
) -> None:
    """Check the library and its models, and say what is missing or damaged, with the cure.

    Ends with exit code 1 where a problem is left. JSON: `findings:[{check, state, found, keys, cure}]`, `state` being
    `ok`, `note`, `repaired` or `problem`.
    """
    from assistant.doctor import examine
    from assistant.store import write_lock

    waiting = lambda: tell("Another process is changing the library; waiting for it to end …")  # noqa: E731
    progress = lambda done, total: tell(f"{done:,} of {total:,} papers embedded again")  # noqa: E731
    library, embedder = run.library, run.embedder
    if repair:
        with write_lock(run.settings.write_lock, waiting=waiting):
            findings = examine(library, run.store, embedder, repair=True, progress=progress)
    else:
        findings = examine(library, run.store, embedder)
    findings += _models(run)
    if run.as_json:
        show_json({"findings": [finding.model_dump(mode="json") for finding in findings]})
    else:
        for finding in findings:
            _show(finding)
    if any(finding.state == "problem" for finding in findings):
        raise typer.Exit(1)


def _models(run: Run) -> "list[Finding]":
    """Check the two default models; one that isn't here is fetched when it is first needed."""
    from assistant.config import DEFAULT_EMBEDDER, DEFAULT_GENERATOR
    from assistant.doctor import Finding
    from assistant.models import installed

    findings = []
    for entry, state in installed(run.settings.models):
        if entry.name in (DEFAULT_EMBEDDER, DEFAULT_GENERATOR):
            bad = state != "ready"
            cure = f"Run: assistant models pull {entry.name}." if bad else ""
            findings.append(
                Finding(check="model", state="problem" if bad else "ok", found=f"{entry.name} is {state}", cure=cure)
            )
    return findings


def _show(finding: "Finding") -> None:
    from assistant.render import visible

    show(f"{_MARKS[finding.state]:>8}  {finding.check:<10} {visible(finding.found)}")
    if finding.keys and finding.state != "ok":
        more = f" and {len(finding.keys) - _SHOWN_KEYS:,} more" if len(finding.keys) > _SHOWN_KEYS else ""
        show(f"{'':>21}{', '.join(finding.keys[:_SHOWN_KEYS])}{more}")
    if finding.cure:
        show(f"{'':>21}{finding.cure}")
