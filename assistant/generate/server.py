"""A language model behind an OpenAI-compatible server: llama.cpp's own, vLLM, LM Studio, Ollama and their like.

Such a server gives texts and no logits, so the guards that work while a model writes can't run; what it writes is
checked all the same. Whether it obeys a grammar or a JSON schema is tried out, not believed. Nothing is sent anywhere
but to the address that was given: no proxy on the way, and no redirection is followed.
"""

import http.client
import ipaddress
import json
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from assistant.errors import NotReadyError, ServerError, UsageError
from assistant.generate import grammar
from assistant.generate.base import Completion, Sampling, without_thinking
from assistant.neutral import neutral
from assistant.prompts import Message
from assistant.records import ModelId

Ability = Literal["grammar", "schema", "none"]

_CONNECT_S = 5.0
ANSWER_S = 300.0
"""Seconds that a server may take over one answer."""

_LONGEST_ANSWER = 4 << 20
_PROOF = "plum 7391"
"""What a model writes only if it is held to it."""


@dataclass(frozen=True)
class Address:
    """Where a server is.

    Attributes:
        secure: whether the connection is encrypted.
        host: name or number of the machine.
        port: its port.
        path: what the paths of requests begin with, usually `/v1`.
        model: the model that is asked for, where the address names one behind `#`.
    """

    secure: bool
    host: str
    port: int
    path: str
    model: str = ""

    @property
    def loopback(self) -> bool:
        """Whether it is this machine itself."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.secure else 'http'}://{host}:{self.port}{self.path}"


def is_address(name: str) -> bool:
    """Tell whether the name of a model is the address of a server."""
    return name.lower().startswith(("http://", "https://"))


def address(text: str) -> Address:
    """Return the server's address that a text gives: `http://HOST:PORT/v1`, with `#MODEL` where it has several.

    Raises:
        UsageError: the text isn't such an address.
    """
    try:
        parts = urlsplit(text)
        port = parts.port or (443 if parts.scheme.lower() == "https" else 80)
    except ValueError as error:
        raise _no_address(text, str(error)) from error
    if parts.username or parts.password:
        raise _no_address(text.replace(parts.netloc, parts.hostname or ""), "a key in an address would be shown about")
    if not parts.hostname or parts.query:
        raise _no_address(text, "it names no host" if not parts.hostname else "a query has no place in it")
    path = parts.path.rstrip("/") or "/v1"
    if not re.fullmatch(r"[\w./~%-]+", path, re.ASCII) or not re.fullmatch(r"[\w.:%-]+", parts.hostname, re.ASCII):
        raise _no_address(text, "it has characters that an address can't have")
    return Address(parts.scheme.lower() == "https", parts.hostname, port, path, parts.fragment)


def _no_address(text: str, why: str) -> UsageError:
    return UsageError(
        f"{text} is no server's address: {why}",
        "Give it like http://127.0.0.1:8080/v1; a key goes into the environment variable ASSISTANT_API_KEY",
    )


class _RefusedError(Exception):
    """The server understood a request and answers with a status that isn't success."""


class Server:
    """A model behind a server. Calls are serialised."""

    def __init__(self, place: Address, *, key: str = "", answer_s: float = ANSWER_S) -> None:
        """Find out which model the server has.

        Args:
            place: where it is.
            key: sent as a bearer token.
            answer_s: seconds that it may take over one answer.

        Raises:
            NotReadyError: no server answers there, or it wants another key.
            ServerError: what answers is no such server.
        """
        self._place = place
        self._key = key
        self._answer_s = answer_s
        self._lock = threading.Lock()
        self._ability: Ability | None = None
        # Models that think aloud are asked not to, where the server knows this field.
        self._extras: dict[str, Any] = {"chat_template_kwargs": {"enable_thinking": False}}
        self.model = ModelId(name=place.model or self._first_model(), sha256="")

    def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """Return one text for some messages.

        Raises:
            NotReadyError: no server answers any more.
            ServerError: it took too long, broke off or answered nonsense.
        """
        with self._lock:
            bound, is_json = self._bound(sampling)
            body = {
                "messages": [{"role": message.role, "content": neutral(message.content)} for message in messages],
                "temperature": sampling.temperature,
                "top_p": 0.95,
                "seed": sampling.seed,
                # The frame of the JSON costs tokens too.
                "max_tokens": sampling.max_tokens + (16 * max(1, sampling.statements) if is_json else 0),
                **bound,
            }
            try:
                return self._read(self._write(body), sampling, is_json=is_json)
            except _RefusedError as error:
                raise ServerError(
                    f"the server at {self._place} refuses a request: {error}",
                    "See its log; its context may be too short, 4096 tokens are enough",
                ) from error

    def _bound(self, sampling: Sampling) -> tuple[dict[str, Any], bool]:
        """Return the fields that hold the text to its form, and whether it comes as JSON."""
        if not (sampling.source or sampling.among or sampling.marks):
            return {}, False
        if self._ability is None:
            self._ability = self._try_out()
        if self._ability == "grammar":
            return {"grammar": grammar.of(sampling)}, False
        if self._ability == "schema":
            return _schema_field(grammar.schema_of(sampling)), True
        return {}, False

    def _try_out(self) -> Ability:
        """Find out what holds the model: it is asked for something else than the form allows."""
        ask = {"messages": [{"role": "user", "content": "Count from one to five."}], "temperature": 0.0}
        proofs: list[tuple[Ability, dict[str, Any]]] = [
            ("grammar", {"grammar": f'root ::= "{_PROOF}"\n', "max_tokens": 16}),
            ("schema", {**_schema_field(_proof_schema()), "max_tokens": 32}),
        ]
        for ability, bound in proofs:
            try:
                text = _content(self._write({**ask, **bound}))[0].strip()
            except (_RefusedError, ValueError):
                continue
            if text == _PROOF or (text.startswith("{") and _is_proof(text)):
                return ability
        return "none"

    def _write(self, body: dict[str, Any]) -> Any:
        whole = {"model": self.model.name, "stream": False, **body}
        if self._extras:
            try:
                return self._request("POST", "/chat/completions", {**whole, **self._extras})
            except _RefusedError:
                answer = self._request("POST", "/chat/completions", whole)
                self._extras = {}
                return answer
        return self._request("POST", "/chat/completions", whole)

    def _read(self, answer: Any, sampling: Sampling, *, is_json: bool) -> Completion:
        try:
            text, finish, usage = _content(answer)
            text = without_thinking(text)
            if is_json:
                text = grammar.from_json(text)
            elif sampling.source:
                text = _first_sentence(text)
        except ValueError as error:
            cut = isinstance(answer, dict) and "length" in str(answer.get("choices"))
            if is_json and cut:
                return Completion(text="", prompt_tokens=0, completion_tokens=0, whole=False)
            raise self._nonsense(str(error)) from error
        return Completion(
            text=text,
            prompt_tokens=_count(usage, "prompt_tokens"),
            completion_tokens=_count(usage, "completion_tokens"),
            whole=finish != "length",
        )

    def _first_model(self) -> str:
        try:
            listed = self._request("GET", "/models")
            return str(listed["data"][0]["id"])
        except _RefusedError as error:
            raise ServerError(
                f"the server at {self._place} doesn't list its models: {error}",
                "Check the address, which usually ends with /v1, or name the model: http://HOST:PORT/v1#MODEL",
            ) from error
        except (KeyError, IndexError, TypeError) as error:
            raise self._nonsense("no model is listed") from error

    def _nonsense(self, why: str) -> ServerError:
        return ServerError(
            f"what answers at {self._place} doesn't answer like an OpenAI-compatible server: {why}",
            "Check the address, which usually ends with /v1, and the server's log",
        )

    def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send one request and return the JSON that comes back."""
        place = self._place
        kind = http.client.HTTPSConnection if place.secure else http.client.HTTPConnection
        connection = kind(place.host, place.port, timeout=_CONNECT_S)
        try:
            try:
                connection.connect()
            except OSError as error:
                raise NotReadyError(
                    f"no server answers at {place} ({error.strerror or error})",
                    "Start it, or choose another model with --model",
                ) from error
            connection.sock.settimeout(self._answer_s)
            headers = {"Content-Type": "application/json", "Accept": "application/json"}
            if self._key:
                headers["Authorization"] = f"Bearer {self._key}"
            connection.request(method, place.path + path, json.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            data = self._whole(response)
        except TimeoutError as error:
            raise ServerError(
                f"the server at {place} took longer than {self._answer_s:.0f} s over one answer",
                "Use a smaller model, or a machine that is less busy",
            ) from error
        except (http.client.HTTPException, OSError) as error:
            raise ServerError(
                f"the connection to the server at {place} broke off ({error or type(error).__name__})",
                "Check that it still runs, and ask again",
            ) from error
        finally:
            connection.close()
        return self._json(response.status, data)

    def _whole(self, response: http.client.HTTPResponse) -> bytes:
        """Return the body of a response; one that drips or never ends is cut off."""
        until = time.monotonic() + self._answer_s
        data = b""
        while chunk := response.read1(1 << 16):
            data += chunk
            if time.monotonic() > until:
                raise TimeoutError
            if len(data) > _LONGEST_ANSWER:
                raise self._nonsense("its answer has no end")
        if response.length:
            raise http.client.IncompleteRead(data, response.length)
        return data

    def _json(self, status: int, data: bytes) -> Any:
        if status in (401, 403):
            raise NotReadyError(
                f"the server at {self._place} refuses the key", "Set its key in the environment: ASSISTANT_API_KEY=…"
            )
        if 300 <= status < 400:
            raise ServerError(
                f"the server at {self._place} sends requests elsewhere, which isn't followed", "Give the final address"
            )
        if status != 200:
            raise _RefusedError(f"{status} {data[:200].decode(errors='replace')}")
        try:
            return json.loads(data)
        except ValueError as error:
            raise self._nonsense(f"its answer isn't JSON: {data[:60].decode(errors='replace')!r}") from error


def _content(answer: Any) -> tuple[str, str, Any]:
    """Return the text of an answer, why it ended, and the count of tokens."""
    try:
        choice = answer["choices"][0]
        text = choice["message"]["content"]
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError("it has no text") from error
    if not isinstance(text, str):
        raise ValueError("its text is no text")
    return text, str(choice.get("finish_reason")), answer.get("usage")


def _count(usage: Any, name: str) -> int:
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if isinstance(value, int) and value >= 0 else 0


def _first_sentence(text: str) -> str:
    """Return the first line that isn't an announcement, without quotation marks around it."""
    lines = [line.strip() for line in text.splitlines()]
    kept = [line for line in lines if line and not line.endswith(":")]
    line = kept[0] if kept else ""
    return line[1:-1] if len(line) > 1 and line[0] + line[-1] in ('""', "“”") else line


def _schema_field(schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": schema},
        }
    }


def _proof_schema() -> dict[str, Any]:
    schema = grammar.sentence_schema()
    schema["properties"]["sentence"] = {"type": "string", "enum": [_PROOF]}
    return schema


def _is_proof(text: str) -> bool:
    try:
        return bool(json.loads(text) == {"sentence": _PROOF})
    except ValueError:
        return False
