"""Large files over the web: resumed, verified, and there whole or not at all. The server breaks off on purpose."""

import hashlib
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from assistant import download, models
from assistant.errors import ModelDamagedError, ModelMissingError
from assistant.model_catalogue import CATALOGUE, ModelEntry
from assistant.models import entry_state, pull, resolve
from tests.test_models import WEIGHTS, sha256

CONTENT = bytes(range(256)) * 40
HASH = hashlib.sha256(CONTENT).hexdigest()


class Host(ThreadingHTTPServer):
    """Serves one file; each request may send at most so many bytes before the connection breaks."""

    daemon_threads = True

    def __init__(self, content: bytes, allowance: list[int]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content = content
        self.allowance = allowance
        self.ranges = True
        self.status = 200
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        """Where the file is."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Host

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        host = self.server
        wanted = self.headers.get("Range")
        host.asked.append(f"{self.path} {wanted or 'all'}")
        if host.status != 200:
            self.send_error(host.status)
            return
        found = re.fullmatch(r"bytes=(\d+)-", wanted or "") if host.ranges else None
        start = int(found[1]) if found else 0
        if start >= len(host.content):
            self.send_error(416)
            return
        self.send_response(206 if found else 200)
        if found:
            self.send_header("Content-Range", f"bytes {start}-{len(host.content) - 1}/{len(host.content)}")
        self.send_header("Content-Length", str(len(host.content) - start))
        self.end_headers()
        most = host.allowance.pop(0) if host.allowance else len(host.content)
        self.wfile.write(host.content[start : start + most])
        self.close_connection = True


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """A server of this machine that has the file."""
    monkeypatch.setattr(download, "_PAUSE", 0.0)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = Host(CONTENT, [])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def fetched(host: Host, target: Path, sha: str | None = HASH, size: int | None = len(CONTENT)) -> str:
    """Fetch the file."""
    return download.fetch(host.url, target, sha256=sha, size=size, again="again", announce=lambda line: None)


def test_a_broken_connection_is_gone_on_from_where_it_broke(host: Host, tmp_path: Path) -> None:
    """Each further request asks only for what is missing."""
    host.allowance = [3000, 2000]
    assert fetched(host, tmp_path / "f") == HASH
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert host.asked == ["/ all", "/ bytes=3000-", "/ bytes=5000-"]
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_a_killed_fetch_is_gone_on_by_the_next(host: Host, tmp_path: Path) -> None:
    """What an earlier process left is used."""
    (tmp_path / "f.part").write_bytes(CONTENT[:7000])
    fetched(host, tmp_path / "f")
    assert host.asked == ["/ bytes=7000-"]
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_a_server_without_ranges_sends_all_again(host: Host, tmp_path: Path) -> None:
    """A whole answer to a request for a part replaces what is there."""
    host.ranges = False
    (tmp_path / "f.part").write_bytes(b"x" * 500)
    fetched(host, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == CONTENT


@pytest.mark.parametrize("left", [b"y" * 700, CONTENT + b"z", b"y" * len(CONTENT)])
def test_a_foreign_remainder_never_becomes_the_file(host: Host, tmp_path: Path, left: bytes) -> None:
    """A remainder of another file is found by the hash, thrown away, and the next try brings the right one."""
    (tmp_path / "f.part").write_bytes(left)
    try:
        fetched(host, tmp_path / "f")
    except ModelDamagedError:
        assert list(tmp_path.iterdir()) == []
        fetched(host, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_another_file_is_refused(host: Host, tmp_path: Path) -> None:
    """A file of the right length with another hash isn't kept."""
    host.content = CONTENT[:-1] + b"!"
    with pytest.raises(ModelDamagedError, match="another file"):
        fetched(host, tmp_path / "f")
    assert list(tmp_path.iterdir()) == []


def test_another_length_is_refused_before_it_is_fetched(host: Host, tmp_path: Path) -> None:
    """A file of another length is refused by its header."""
    with pytest.raises(ModelMissingError, match="were expected"):
        fetched(host, tmp_path / "f", size=5)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_never_brings_anything_is_given_up(host: Host, tmp_path: Path) -> None:
    """After some tries without a byte the error says what is kept and how to go on."""
    host.allowance = [4000] + [0] * 20
    with pytest.raises(ModelMissingError) as caught:
        fetched(host, tmp_path / "f")
    assert "4,000 bytes that are here" in caught.value.cure
    assert (tmp_path / "f.part").read_bytes() == CONTENT[:4000]


@pytest.mark.parametrize("status", [401, 404])
def test_a_refusal_is_final(host: Host, tmp_path: Path, status: int) -> None:
    """A file that isn't there is asked for once."""
    host.status = status
    with pytest.raises(ModelMissingError, match=str(status)):
        fetched(host, tmp_path / "f")
    assert len(host.asked) == 1


def test_no_server_at_all(tmp_path: Path, host: Host) -> None:
    """An address where nothing answers is an error in two lines."""
    with pytest.raises(ModelMissingError, match="can't be fetched"):
        download.fetch(
            "http://127.0.0.1:9", tmp_path / "f", sha256=HASH, size=1, again="again", announce=lambda line: None
        )


def entry(sha: str | None) -> ModelEntry:
    """Return an entry of the catalogue for the small GGUF file of the tests."""
    return CATALOGUE[-1].model_copy(
        update={"name": "web", "file": "w.gguf", "repository": "o/r", "sha256": sha, "size": len(WEIGHTS)}
    )


def test_a_larger_model_is_pulled_when_it_is_asked_for_and_not_before(host: Host, tmp_path: Path) -> None:
    """Using a model that isn't here fetches nothing; `pull` does, by revision, and then it is used."""
    host.content = WEIGHTS
    catalogue = (entry(sha256(WEIGHTS)),)
    with pytest.raises(ModelMissingError, match="not on this machine") as caught:
        resolve("web", "generator", cache=tmp_path, offline=False, announce=print, catalogue=catalogue)
    assert "assistant models pull web" in caught.value.cure
    assert host.asked == []
    pull("web", cache=tmp_path, offline=False, announce=print, catalogue=catalogue)
    file = resolve("web", "generator", cache=tmp_path, offline=True, announce=print, catalogue=catalogue)
    assert file.path.read_bytes() == WEIGHTS
    assert host.asked == [f"/o/r/resolve/{CATALOGUE[-1].revision}/w.gguf all"]


def test_an_unknown_hash_is_recorded_at_the_first_pull_and_held_to(host: Host, tmp_path: Path) -> None:
    """A change of the file after the first pull is damage, and another file on the web is refused."""
    host.content = WEIGHTS
    catalogue, said = (entry(None),), list[str]()
    file = pull("web", cache=tmp_path, offline=False, announce=said.append, catalogue=catalogue)
    assert file.sha256 == sha256(WEIGHTS)
    assert sha256(WEIGHTS) in said[-1]
    file.path.write_bytes(WEIGHTS[:-1] + b"x")
    assert entry_state(catalogue[0], tmp_path) == "damaged"
    host.content = WEIGHTS[:-1] + b"x"
    with pytest.raises(ModelDamagedError, match="another file"):
        pull("web", cache=tmp_path, offline=False, announce=said.append, catalogue=catalogue)


def test_offline_pulls_nothing(host: Host, tmp_path: Path) -> None:
    """`--offline` forbids a pull before anything is asked."""
    with pytest.raises(ModelMissingError, match="forbidden"):
        pull("web", cache=tmp_path, offline=True, announce=print, catalogue=(entry(HASH),))
    assert host.asked == []


def test_room_is_needed_only_for_what_is_missing(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is here already needs no room a second time."""
    host.content = WEIGHTS
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "w.gguf.part").write_bytes(WEIGHTS[:100])

    class Usage:
        free = len(WEIGHTS) - 100

    monkeypatch.setattr(models.shutil, "disk_usage", lambda path: Usage)
    pull("web", cache=tmp_path, offline=False, announce=print, catalogue=(entry(sha256(WEIGHTS)),))


def test_the_catalogue_is_pinned() -> None:
    """Each larger model names its repository, revision, size and licence, and its hash or that it isn't known."""
    larger = [each for each in CATALOGUE if each.repository]
    assert len({each.name for each in CATALOGUE}) == len(CATALOGUE)
    assert len([each for each in larger if each.sha256]) >= 6
    for each in larger:
        assert re.fullmatch(r"[\w-]+/[\w.-]+", each.repository)
        assert re.fullmatch(r"[0-9a-f]{40}", each.revision) or each.sha256 is None
        assert (each.sha256 is None) == ("not known beforehand" in each.source)
        assert each.sha256 is None or re.fullmatch(r"[0-9a-f]{64}", each.sha256)
        assert each.licence
        assert 3e8 < each.size < 1e10
        assert each.url.endswith(f"{each.repository}/resolve/{each.revision}/{each.file}")
