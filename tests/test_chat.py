"""The chat: what it says and keeps, its commands, and what it does with hostile text."""

import json
import re
import sqlite3
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from assistant import ingest, prompts
from assistant.answer import Answerer
from assistant.chat import Chat, Conversation, Parts, Screen, commands
from assistant.chat.conversation import parse_filter
from assistant.chat.lines import PlainLines
from assistant.config import Settings
from assistant.draft import Drafter
from assistant.errors import UsageError
from assistant.filters import Filter
from assistant.judge.rules import RulesJudge
from assistant.library import Library
from assistant.records import Record, Source
from assistant.retrieve import Retriever
from assistant.schema import SCHEMA_VERSION
from assistant.sessions import Sessions, name_of
from assistant.store import Store, write_lock
from assistant.testing import HashingEmbedder, ScriptedGenerator
from assistant.wording import Worded, word
from tests.test_answers import PAPERS

SHEEP = "What share of sheep does the net miss on hill farms?"
LAMPS = "How many points does Lantern reach on NightSet?"


class Talk:
    """A chat over the small library, with everything that it printed."""

    def __init__(self, home: Path, *wordings: str, name: str | None = None, width: int = 80) -> None:
        settings = Settings(home=home)
        self.library = Library.open(settings.catalogue)
        self.sessions = Sessions(settings.catalogue)
        self.printed: list[str] = []
        store = Store(self.library, settings.index, settings.write_lock, print)
        retriever = Retriever(self.library, store, HashingEmbedder())
        self.generator = ScriptedGenerator(*wordings)
        prompt = prompts.load("reword")
        parts = Parts(
            Answerer(retriever, self.generator, prompt, free=True),
            lambda: Drafter(retriever, self.generator, prompt, free=True),
        )
        self.conversation = Conversation(self.library, self.sessions, RulesJudge(), self.printed.append, name)
        self.screen = Screen(self.printed.append, self.printed.append, lambda: width)
        self.chat = Chat(self.conversation, parts, lambda model: parts, self.screen, PlainLines(StringIO()))

    def __call__(self, *lines: str) -> str:
        """Type some lines; return what was printed."""
        self.printed.clear()
        for line in lines:
            self.chat.take(line)
        return "\n".join(self.printed)

    def close(self) -> None:
        self.sessions.close()
        self.library.close()


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A home with the small library."""
    fill(tmp_path / "home", PAPERS)
    return tmp_path / "home"


def fill(home: Path, papers: tuple[tuple[str, str], ...]) -> None:
    settings = Settings(home=home)
    records = [
        Record(title=title, abstract=abstract, year=2020 + line, source=Source(file="p.txt", line=line))
        for line, (title, abstract) in enumerate(papers, start=1)
    ]
    with Library.create(settings.catalogue) as library, write_lock(settings.write_lock):
        ingest.add(records, library, HashingEmbedder())


@pytest.fixture
def talk(filled: Path) -> Iterator[Callable[..., Talk]]:
    """Open chats over the small library."""
    opened: list[Talk] = []

    def start(*wordings: str, name: str | None = None, width: int = 80) -> Talk:
        opened.append(Talk(filled, *wordings, name=name, width=width))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


Start = Callable[..., Talk]

# ---------------------------------------------------------------------- answers and numbers


def test_each_statement_has_its_mark_and_key(talk: Start) -> None:
    """A statement is shown with the number of its source and its cite key, then the source."""
    out = talk("The net fails to see 3% of the sheep on hill farms.")(SHEEP)
    assert "[1] countingSheepDeep2022" in out
    assert "[1] Counting Sheep with Deep Nets" in out


def test_numbers_mean_the_same_paper_for_ever(talk: Start) -> None:
    """A paper keeps its number through further questions, /undo and a resumed conversation."""
    one = talk(name="numbers")
    one(SHEEP, LAMPS, "/undo", "Which papers map river names?")
    numbers = dict(one.conversation.numbers)
    assert sorted(numbers.values()) == list(range(1, len(numbers) + 1))
    assert numbers["countingSheepDeep2022"] == 1
    assert numbers["lanternSeeingLittle2021"] == 2
    two = talk(name="numbers")
    assert two.conversation.numbers == numbers
    assert "[2] Lantern" in two("/sources") or "lanternSeeingLittle2021" in two("/show 2")


def test_a_follow_up_by_number_asks_that_source(talk: Start) -> None:
    """`[1]` in a question is source 1 of the conversation, whatever the last answer cited."""
    one = talk()
    one(SHEEP, LAMPS)
    assert [source.key for source in one.conversation.last.answer.sources] == ["lanternSeeingLittle2021"]
    one("How many layers does the net of [1] have?")
    assert {source.key for source in one.conversation.last.answer.sources} <= {"countingSheepDeep2022"}
    assert "no source has the number 9" in one("What does [9] say?").lower()


def test_a_refusal_is_kept_and_not_followed_up(talk: Start) -> None:
    """What the library doesn't answer is told, kept, and no ground for a follow-up."""
    one = talk()
    out = one("How do volcanoes shape the economy of Iceland?")
    assert "does not answer" in out
    assert one.conversation.last.answer.abstained
    assert one.conversation.history("And it?") == []


# ---------------------------------------------------------------------- conversations are kept


def test_a_turn_is_written_before_its_end_is_shown(talk: Start, filled: Path) -> None:
    """When a statement, and when the end of an answer, is printed, it is in the catalogue already."""
    one = talk()
    seen: list[tuple[str, int, str]] = []

    def look(text: str) -> None:
        with closing(sqlite3.connect(filled / "catalogue.sqlite3")) as db:
            rows = [json.loads(data) for (data,) in db.execute("SELECT data FROM turns")]
        if rows:
            seen.append((text, len(rows[0]["answer"]["statements"]), rows[0]["ended"]))

    one.chat._screen = Screen(look, look, lambda: 80)
    one(SHEEP)
    said = len(one.conversation.last.answer.statements)
    assert [count for _, count, _ in seen[:said]] == list(range(1, said + 1))
    assert [ended for text, _, ended in seen if "checked" in text] == ["whole"]
    assert all(ended == "open" for _, _, ended in seen[:said])


def test_what_is_kept_of_a_turn(talk: Start) -> None:
    """A turn holds its evidence, the model and its hash, the hash of each prompt, and the seed."""
    one = talk("The net fails to see 3% of the sheep on hill farms.", name="kept")
    one("/set seed 5", SHEEP)
    (kept,) = talk(name="kept").conversation.exchanges
    assert kept == one.conversation.last
    assert (kept.seed, kept.ended, kept.answer.model.sha256) == (5, "whole", "0" * 64)
    assert kept.prompts == {"reword": prompts.load("reword").sha256}
    abstract = one.library.paper("countingSheepDeep2022").abstract
    for statement in kept.answer.statements:
        for citation in statement.citations:
            assert abstract[citation.start : citation.end] == citation.quote


def test_an_interrupted_answer_keeps_what_was_checked(talk: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of a statement: what was shown before is kept and said to be stopped."""
    one = talk(name="stopped")

    def interrupted(*arguments: Any, **named: Any) -> Worded:
        if one.printed:
            raise KeyboardInterrupt
        return word(*arguments, **named)

    monkeypatch.setattr("assistant.answer.word", interrupted)
    out = one("Which papers count sheep on hills from the air?")
    assert "stopped" in out
    (kept,) = talk(name="stopped").conversation.exchanges
    assert (kept.ended, len(kept.answer.statements)) == ("stopped", 1)
    assert kept.answer.statements[0].citations[0].quote


def test_two_chats_do_not_overwrite_each_other(talk: Start) -> None:
    """A turn of another chat in the same conversation is never written over; it is told instead."""
    talk(name="shared")(SHEEP)
    one, two = talk(name="shared"), talk(name="shared")
    one(LAMPS)
    out = two("Which papers map river names?")
    assert "changed by another chat" in out
    assert [e.answer.question for e in talk(name="shared").conversation.exchanges] == [SHEEP, LAMPS]


def test_conversations_are_named_listed_resumed_and_deleted(talk: Start) -> None:
    """The first question names a conversation; /save, /clear, /sessions and /resume lead between them."""
    one = talk()
    one(SHEEP)
    first = one.conversation.session
    assert first is not None
    assert first.name == name_of(SHEEP) == "share-sheep-net-miss-hill"
    assert "sheep" in one("/save sheep", "/clear")
    assert one.conversation.exchanges == []
    one(LAMPS)
    assert "sheep" in one("/sessions")
    assert "Conversation sheep: 1 turn" in one("/resume")
    assert one.conversation.last.answer.question == SHEEP
    assert "Did you mean sheep?" in one("/resume shep")
    one.sessions.delete(["sheep"])
    assert [session.turns for session in one.sessions.all()] == [1]


def test_a_home_that_cannot_be_written_still_talks(talk: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the conversation can't be kept, that is told once, and the answers go on."""
    from assistant.errors import HomeError

    one = talk()

    def refuse(*_: object) -> None:
        raise HomeError("can't write the catalogue (readonly)", "Check the permissions.")

    monkeypatch.setattr(one.sessions, "start", refuse)
    out = one(SHEEP, LAMPS)
    assert out.count("not kept") == 1
    assert len(one.conversation.exchanges) == 2


def test_a_catalogue_without_conversations_is_migrated(filled: Path) -> None:
    """Format 2 becomes the present one after a copy, and conversations can be kept in it."""
    path = filled / "catalogue.sqlite3"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(
            "DROP TABLE full_text; DROP TABLE passages; DROP TABLE sections;"
            "DROP TABLE turns; DROP TABLE numbered; DROP TABLE sessions; PRAGMA user_version = 2"
        )
    one = Talk(filled, name="new")
    one(SHEEP)
    one.close()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        assert db.execute("SELECT name FROM sessions").fetchall() == [("new",)]
    with closing(sqlite3.connect(filled / "catalogue.format-2.sqlite3")) as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (2,)


# ---------------------------------------------------------------------- commands


def test_every_command_of_the_table_does_something() -> None:
    """The table and what the chat obeys are the same."""
    assert {f"do_{command.name[1:]}" for command in commands.COMMANDS} == {
        name for name in dir(Chat) if name.startswith("do_")
    }


def test_help_names_every_command(talk: Start) -> None:
    """/help lists the table, at any width."""
    for width in (40, 80):
        out = talk(width=width)("/help")
        assert all(command.name in out for command in commands.COMMANDS)
        assert max(map(len, out.splitlines())) <= width


@pytest.mark.parametrize(("typed", "meant"), [("/sorces", "/sources"), ("/hepl", "/help"), ("/wy", "/why")])
def test_an_unknown_command_suggests_the_nearest(talk: Start, typed: str, meant: str) -> None:
    """A mistyped command names the one that was meant."""
    assert f"Did you mean {meant}?" in talk()(typed)


@pytest.mark.parametrize(
    "line",
    ["/show 1", "/why 1", "/why", "/drop 3", "/only nobody2020", "/copy", "/retry", "/more", "/undo", "/compare 1 2",
     "/export", "/export notes.txt", "/save", "/resume", "/resume x", "/set nothing 1", "/set seed x",
     "/filter since:x", "/edit", "/draft", "/show"],
)  # fmt: skip
def test_commands_that_cannot_be_done_say_so(talk: Start, line: str) -> None:
    """With nothing said yet, or with a wrong argument, a command tells what is missing; the chat goes on."""
    one = talk()
    out = one(line)
    assert out.strip().endswith((".", "?"))
    assert "unexpected" not in out
    assert "[1]" in one(SHEEP)


def test_why_shows_the_exact_words_in_their_context(talk: Start) -> None:
    """/why shows the statement, the words behind it inside the abstract, verdict, checks, and what was dropped."""
    out = talk("The net misses 95% of all wolves.", "The net fails to see 3% of the sheep on hill farms.")(
        SHEEP, "/why 1"
    )
    lines = out.splitlines()
    assert "  > The net misses 3% of the sheep on hill farms." in lines
    assert any(line.startswith("    ") and "deep net of 12 layers" in line for line in lines)
    assert "verdict: supported" in out
    assert "number ok" in out or "character for character" in out
    assert "wolves" in out[out.index("Dropped") :]


def test_why_without_a_number_explains_the_whole_answer(talk: Start) -> None:
    """/why alone goes through every statement of the last answer."""
    one = talk()
    one(SHEEP)
    out = one("/why")
    assert out.count("verdict: supported") == len(one.conversation.last.answer.statements)


def test_show_opens_the_abstract_with_what_was_made_of_it(talk: Start) -> None:
    """/show N gives the abstract and the quotes behind each statement."""
    out = talk()(SHEEP, "/show 1")
    assert "Counting sheep from the air is slow work." in out
    assert "supported by: “" in out


def test_only_drop_pin_and_filter_choose_the_papers(talk: Start) -> None:
    """What a conversation looks at changes the answers, is kept, and can be lifted."""
    one = talk(name="scope")
    question = "Which papers count sheep on hills?"
    one(question)
    assert {source.key for source in one.conversation.last.answer.sources} >= {
        "countingSheepDeep2022",
        "sheepHillsSurvey2024",
    }
    assert "3 of 4 papers" in one("/drop countingSheepDeep2022")
    one(question)
    assert [source.key for source in one.conversation.last.answer.sources] == ["sheepHillsSurvey2024"]
    assert talk(name="scope").conversation.scope.dropped == ("countingSheepDeep2022",)
    assert "4 of 4" in one("/drop off")
    assert "1 of 4" in one("/filter until:2021")
    assert "4 of 4" in one("/filter off")
    assert "1 of 4" in one("/only countingSheepDeep2022")
    one("/only off", "/pin countingSheepDeep2022")
    one("How many layers has the net, and what do ground counts by shepherds say of sheep on hills?")
    assert "countingSheepDeep2022" in {source.key for source in one.conversation.last.answer.sources}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("since:2021 until:2023", Filter(since=2021, until=2023)),
        (
            "category:CV tag:read has:code sheep",
            Filter(categories=("CV",), tags=("read",), has_code=True, text="sheep"),
        ),
        ("has:abstract source:p.txt", Filter(has_abstract=True, sources=("p.txt",))),
        ("", Filter()),
    ],
)
def test_conditions_of_a_filter(text: str, wanted: Filter) -> None:
    """/filter reads conditions, and plain words as words of the paper."""
    assert parse_filter(text) == wanted


def test_an_unknown_condition_is_refused() -> None:
    """A condition that isn't known is an error, not a word to look for."""
    with pytest.raises(UsageError, match="colour:red"):
        parse_filter("colour:red")


def test_retry_takes_the_place_of_the_last_answer(talk: Start) -> None:
    """/retry answers again with the next seed and leaves one turn."""
    one = talk(name="again")
    one(SHEEP, "/retry")
    (kept,) = talk(name="again").conversation.exchanges
    assert (kept.n, kept.seed, kept.ended) == (1, 1, "whole")


def test_more_cites_other_papers(talk: Start) -> None:
    """/more answers the same question from papers that weren't cited for it."""
    one = talk()
    one("/only countingSheepDeep2022", "Which papers count sheep on hills?", "/only off", "/more")
    first, second = one.conversation.exchanges
    keys = [{source.key for source in exchange.answer.sources} for exchange in (first, second)]
    assert keys[0] == {"countingSheepDeep2022"}
    assert keys[1]
    assert not keys[0] & keys[1]


def test_compare_asks_both_papers(talk: Start) -> None:
    """/compare N M gives what each of two papers says to the question, as one turn."""
    one = talk()
    one("Which papers count sheep on hills?")
    one("/compare 1 2 How are sheep counted on hills?")
    kept = one.conversation.last
    assert kept.kind == "comparison"
    assert {source.key for source in kept.answer.sources} == {"countingSheepDeep2022", "sheepHillsSurvey2024"}


def test_compare_without_a_question_tells_what_each_proposes(talk: Start) -> None:
    """Two papers are set beside each other whatever was asked last."""
    one = talk()
    one("Which papers count sheep on hills?")
    one("/compare 1 2")
    kept = one.conversation.last
    assert {source.key for source in kept.answer.sources} == {"countingSheepDeep2022", "sheepHillsSurvey2024"}
    assert any("We count sheep" in c.quote for s in kept.answer.statements for c in s.citations)


@pytest.mark.parametrize("line", ["thanks", "Hello!", "ok great"])
def test_a_courtesy_is_no_question(talk: Start, line: str) -> None:
    """It searches nothing, and isn't kept."""
    one = talk()
    assert "/help" in one(line)
    assert not one.conversation.exchanges


def test_a_draft_is_a_turn_of_the_conversation(talk: Start) -> None:
    """/draft writes a paragraph, each sentence with its number, and keeps it."""
    one = talk("One study counts the sheep with a deep net of 12 layers.", name="drafts")
    out = one("/draft counting sheep on hills")
    assert "[1]" in out
    (kept,) = talk(name="drafts").conversation.exchanges
    assert kept.kind == "draft"
    assert kept == one.conversation.last


def test_copy_hands_the_answer_to_the_clipboard(talk: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """/copy gives the system's own program the statements with their marks, and the sources."""
    taken = tmp_path / "taken"
    program = tmp_path / "bin" / "pbcopy"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n/bin/cat > "{taken}"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    assert "Copied." in talk()(SHEEP, "/copy")
    said, _, sources = taken.read_text().partition("\n\n")
    assert re.search(r"3% .*\[1\]", said)
    assert sources.splitlines()[0] == "[1] Counting Sheep with Deep Nets (countingSheepDeep2022)"


def test_copy_without_a_clipboard_names_another_way(talk: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a program and without a terminal, /copy says what else to do."""
    monkeypatch.setenv("PATH", "")
    assert "/export FILE" in talk()(SHEEP, "/copy")


def test_model_takes_another_one_and_keeps_the_seed(talk: Start) -> None:
    """/model NAME opens the model that is named, and answers go on with it and the same seed."""
    chat = talk()
    asked: list[str] = []
    parts = chat.chat._parts

    def open_model(name: str) -> Parts:
        asked.append(name)
        return Parts(parts.answerer.with_seed(0), parts.drafter)

    chat.chat._open_model = open_model
    assert re.search(r"Answers are worded by \S+ \(sha256", chat("/set seed 7", "/model other-model"))
    assert asked == ["other-model"]
    assert chat.chat._parts.answerer is not parts.answerer
    assert chat.chat._parts.answerer.seed == 7
    assert "[1] countingSheepDeep2022" in chat(SHEEP)


def test_undo_takes_the_last_turn_back(talk: Start) -> None:
    """/undo removes the last turn from the conversation and from the catalogue."""
    one = talk(name="undone")
    one(SHEEP, LAMPS)
    assert LAMPS in one("/undo")
    assert [e.answer.question for e in talk(name="undone").conversation.exchanges] == [SHEEP]


def test_export_as_markdown_json_and_bibtex(talk: Start, tmp_path: Path) -> None:
    """/export writes what its file's name asks for: Markdown with the bibliography, JSON, or BibTeX."""
    one = talk(name="out")
    markdown, data, bib = tmp_path / "out.md", tmp_path / "out.json", tmp_path / "out.bib"
    one(SHEEP, f"/export {markdown}", f"/export {data}", f"/export {bib}")
    text = markdown.read_text(encoding="utf-8")
    assert "## 1. What share of sheep" in text
    assert "{countingSheepDeep2022," in text
    assert "{countingSheepDeep2022," in bib.read_text(encoding="utf-8")
    value = json.loads(data.read_text(encoding="utf-8"))
    assert list(value) == ["schema", "session", "scope", "sources", "turns"]
    assert value["turns"][0]["answer"]["statements"][0]["citations"][0]["quote"]
    assert value["sources"][0]["n"] == 1


# ---------------------------------------------------------------------- lines


def test_a_pipe_is_read_plainly(talk: Start) -> None:
    """Lines of a pipe are taken one by one; triple quotes join several; the end of the input ends the chat."""
    one = talk()
    one.chat._lines = PlainLines(StringIO(f'"""What share of sheep\ndoes the net miss\n"""\n\n{LAMPS}\n'))
    one.chat.loop()
    assert [e.answer.question for e in one.conversation.exchanges] == ["What share of sheep does the net miss", LAMPS]
    assert not any(text.startswith(">") for text in one.printed)


def test_quit_leaves(talk: Start) -> None:
    """/quit ends the chat before the end of the input."""
    one = talk()
    one.chat._lines = PlainLines(StringIO(f"/quit\n{LAMPS}\n"))
    one.chat.loop()
    assert one.conversation.exchanges == []


# ---------------------------------------------------------------------- hostile text

HOSTILE = (
    "Red \x1b[31mBirds\x1b[0m\x1b]0;owned\x07",
    "Red birds sing in the old forest every morning. "
    "Birds \x1b]8;;http://evil.example\x07click\x1b]8;;\x07 sing at dawn.\rThey\x1b]52;c;ZXZpbA==\x07 sing in "
    "\u202eesrever\u202c rows of 12 birds.\x9b2J Red birds sing \u2066loudly\u2069 in 14 forests\x08\x08 near the sea. "
    + "x"
    * 5000,
)


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[Talk]:
    """A chat over a library whose paper tries to take over the terminal."""
    fill(tmp_path / "home", (HOSTILE,))
    talk = Talk(tmp_path / "home", width=60)
    yield talk
    talk.close()


@pytest.mark.parametrize(
    "line", ["/why", "/show 1", "/sources", "/only 1", "/sessions", "/more", "/undo", "/draft birds"]
)
def test_hostile_text_is_shown_and_does_nothing(hostile: Talk, line: str) -> None:
    """Whatever prints the text of a paper: no control character and no mark of direction reaches the terminal."""
    out = hostile("Where do red birds sing?", line)
    forbidden = [char for char in out if char != "\n" and (unicodedata.category(char)[0] == "C")]
    assert forbidden == []
    assert "[1]" in out
    assert max(map(len, out.splitlines())) <= 60
    if line in ("/why", "/show 1"):
        assert "\\u{1b}]52;c;ZXZpbA==\\u{7}" in out.replace("\n", "").replace("  > ", "").replace(" ", "")


def test_hostile_text_in_an_export_is_escaped(hostile: Talk, tmp_path: Path) -> None:
    """A transcript holds no control character either."""
    hostile("Where do red birds sing?", f"/export {tmp_path / 'out.md'}")
    text = (tmp_path / "out.md").read_text(encoding="utf-8")
    assert [char for char in text if char != "\n" and unicodedata.category(char)[0] == "C"] == []


def test_what_the_user_types_is_neutralised_too(hostile: Talk) -> None:
    """An unknown command with a sequence in it is told without the sequence."""
    assert "\x1b" not in hostile(
        "/x\x1b[31m", "/show \x1b[2J", "/save a\x1b[31mb", "Where do red birds\x1b[31m sing?", "/why"
    )
