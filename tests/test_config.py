"""Settings: which origin wins, what a working folder may not set, and what a mistyped name gets."""

import json
from pathlib import Path

import pytest
from platformdirs import user_config_path

from assistant.cli import main
from assistant.config import APP, Settings, load, user_file
from assistant.errors import UsageError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder and a user of the test's own, without settings."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"ASSISTANT_{name.upper()}", raising=False)
    monkeypatch.setattr("assistant.config.user_config_path", lambda app: tmp_path / "user" / app)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_each_origin_wins_over_the_next(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flag over the environment over assistant.toml over the user's file over the default, each named."""
    assert (load({}).settings.seed, load({}).origins["seed"]) == (0, "default")
    user = write(user_file(), "seed = 1\nthreads = 3\n")
    assert (load({}).settings.seed, load({}).origins["seed"]) == (1, str(user))
    own = write(folder / "assistant.toml", "seed = 2\n")
    assert (load({}).settings.seed, load({}).origins["seed"]) == (2, str(own))
    monkeypatch.setenv("ASSISTANT_SEED", "3")
    assert (load({}).settings.seed, load({}).origins["seed"]) == (3, "ASSISTANT_SEED")
    loaded = load({"seed": 4})
    assert (loaded.settings.seed, loaded.origins["seed"]) == (4, "flag")
    assert (loaded.settings.threads, loaded.origins["threads"]) == (3, str(user))
    assert loaded.origins["home"] == "default"


def test_the_users_file_stands_in_the_users_configuration() -> None:
    """The user's file is where this system keeps configuration."""
    assert user_file().parent == user_config_path(APP)


@pytest.mark.parametrize(
    "line", ['model = "http://example.org/v1"', 'model = "https://10.0.0.7:8000"', 'api_key = "secret"']
)
def test_a_working_folder_cannot_name_a_server_or_a_key(folder: Path, line: str) -> None:
    """What comes with somebody's files can't send the user's text elsewhere; the user's own file can."""
    path = write(folder / "assistant.toml", line)
    with pytest.raises(UsageError, match="may not set"):
        load({})
    path.unlink()
    write(user_file(), line)
    assert load({}).origins[line.split()[0]] == str(user_file())


@pytest.mark.parametrize("model", ["http://localhost:8080", "http://127.0.0.1:8080/v1", "http://[::1]:8080"])
def test_a_working_folder_can_name_a_server_of_this_machine(folder: Path, model: str) -> None:
    """A server on the loopback is no connection to elsewhere."""
    write(folder / "assistant.toml", f'model = "{model}"')
    assert load({}).settings.model == model


def test_paths_in_a_file_start_from_its_folder(folder: Path) -> None:
    """`home = "library"` in a file means the folder beside the file, wherever the program runs."""
    write(user_file(), 'home = "library"\nmodel = "mine.gguf"')
    settings = load({}).settings
    assert settings.home == user_file().parent / "library"
    assert settings.model == str(user_file().parent / "mine.gguf")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sede = 1", "Did you mean seed?"),
        ("colour = 1", "There are: home"),
        ("seed = ", "TOML"),
        ('seed = "many"', "config show"),
        ("threads = -1", "config show"),
    ],
)
def test_a_bad_file_is_an_error_with_a_cure(folder: Path, text: str, words: str) -> None:
    """An unknown key names the nearest, a malformed file or value says what is wrong, all as wrong usage."""
    write(folder / "assistant.toml", text)
    with pytest.raises(UsageError) as raised:
        load({})
    assert words in str(raised.value)


def test_config_show(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`config show` gives each value with its origin, hides the key, and names the nearest to a mistyped variable."""
    monkeypatch.delenv("ASSISTANT_TESTS_NO_SKIP", raising=False)
    monkeypatch.setenv("ASSISTANT_API_KEY", "very-secret")
    monkeypatch.setenv("ASSISTANT_SEDE", "1")
    with pytest.raises(SystemExit):
        main(["config", "show", "--seed", "9"])
    out, err = capsys.readouterr()
    assert "seed      9  (flag)" in out
    assert "very-secret" not in out
    assert "Did you mean ASSISTANT_SEED?" in err
    with pytest.raises(SystemExit):
        main(["config", "show", "--json"])
    value = json.loads(capsys.readouterr().out)
    assert {row["name"] for row in value["settings"]} == set(Settings.model_fields)
    assert value["ignored"] == {"ASSISTANT_SEDE": "ASSISTANT_SEED"}
