"""A document as TOML that people read: plain values first, then tables, each with a word of what it is."""

import json
from collections.abc import Iterator, Mapping
from typing import Any


def toml_text(document: Mapping[str, Any], comments: Mapping[str, str], heading: str = "") -> str:
    """Return the document as TOML 1.0. None is left out, for TOML has no word for it.

    comments: by the dotted names of tables and values. heading: comment lines on top.
    """
    lines = [f"# {line}".rstrip() for line in heading.splitlines()]
    lines += _table(document, "", comments)
    return "\n".join(lines).strip() + "\n"


def _table(table: Mapping[str, Any], name: str, comments: Mapping[str, str]) -> Iterator[str]:
    plain = {key: value for key, value in table.items() if not _is_table(value) and value is not None}
    for key, value in plain.items():
        word = comments.get(f"{name}{key}")
        yield f"{_key(key)} = {_value(value)}" + (f"  # {word}" if word else "")
    for key, value in table.items():
        if not _is_table(value) or not value:
            continue
        full = f"{name}{key}"
        yield ""
        if full in comments:
            yield f"# {comments[full]}"
        if isinstance(value, Mapping):
            yield f"[{_dotted(full)}]"
            yield from _table(value, f"{full}.", comments)
            continue
        for index, row in enumerate(value):
            if index:
                yield ""
            yield f"[[{_dotted(full)}]]"
            yield from _table(row, f"{full}.", comments if not index else {})


def _is_table(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(row, Mapping) for row in value)
    return isinstance(value, Mapping)


def _key(key: str) -> str:
    return key if key and key.replace("_", "").replace("-", "").isalnum() and key.isascii() else _value(key)


def _dotted(name: str) -> str:
    return ".".join(_key(part) for part in name.split("."))


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):  # a JSON string is a TOML string but for DEL
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return f"[{', '.join(_value(each) for each in value)}]"
    raise TypeError(f"no TOML for {type(value).__name__}")
