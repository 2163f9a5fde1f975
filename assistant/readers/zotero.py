"""Zotero's local interface: the library of a running Zotero on this machine (`assistant add zotero:`)."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator

from assistant.errors import ReadError
from assistant.readers import shapes
from assistant.readers.base import Document
from assistant.records import Problem, Record

NAME = "zotero:"
BASE = "http://127.0.0.1:23119"
_PAGE = 100
_MAX_PAGE_BYTES = 64 * 1024 * 1024
_TIMEOUT_S = 30
# A proxy has no business between this program and the same machine.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def read(base: str = BASE) -> Iterator[Record | Problem]:
    """Yield the papers of the user's library, page by page; attachments and notes are passed over.

    Raises:
        ReadError: there is no Zotero to ask, or it does not let programs ask.
    """
    start = 0
    while True:
        items = _page(base, start)
        for number, item in enumerate(items, start=start + 1):
            key = item.get("key") if isinstance(item, dict) else None
            # The item's own key makes a source that stays the same when the library grows.
            document = Document.of(f"{NAME}{key}" if isinstance(key, str) else NAME, b"")
            found = shapes.to_record(document, 1 if isinstance(key, str) else number, item)
            if found is not None:
                yield found
        if len(items) < _PAGE:
            return
        start += len(items)


def _page(base: str, start: int) -> list[object]:
    address = f"{base}/api/users/0/items?format=json&limit={_PAGE}&start={start}"
    request = urllib.request.Request(address, headers={"Zotero-API-Version": "3"})
    try:
        with _OPENER.open(request, timeout=_TIMEOUT_S) as response:
            data = response.read(_MAX_PAGE_BYTES + 1)
    except urllib.error.HTTPError as error:
        error.close()
        raise ReadError(
            f"Zotero refused the request (HTTP {error.code})",
            'In Zotero: Settings, Advanced, "Allow other applications on this computer to communicate with Zotero".',
        ) from None
    except (OSError, http.client.HTTPException):
        raise ReadError(
            f"no Zotero answers at {base}", "Start Zotero 7 or newer and try again, or export the library to a file."
        ) from None
    try:
        items = json.loads(data) if len(data) <= _MAX_PAGE_BYTES else None
    except (ValueError, RecursionError):
        items = None
    if not isinstance(items, list):
        raise ReadError(f"the answer at {base} is not Zotero's", "Check which program listens there.")
    return items
