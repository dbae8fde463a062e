"""Result documents: strict JSON, checked against a schema when written and when read."""

import json
import math
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from filmcolor.errors import InputError
from filmcolor.files import write_text

Document = dict[str, Any]
QUALITY, SPEED = "filmcolor.bench.quality/1", "filmcolor.bench.speed/1"

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,), "null": (type(None),),
    "number": (int, float), "integer": (int,),
}  # fmt: skip


@cache
def schema() -> Document:
    """Return the JSON Schema of result documents (it ships beside this module)."""
    text = resources.files("filmcolor.quality").joinpath("schema.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind])


def faults(value: Any, rule: Document, root: Document, place: str = "document") -> list[str]:
    """Return what breaks a JSON Schema rule; knows the words that schema.json uses."""
    if "$ref" in rule:
        return faults(value, root["$defs"][rule["$ref"].removeprefix("#/$defs/")], root, place)
    if "anyOf" in rule:
        tries = [faults(value, option, root, place) for option in rule["anyOf"]]
        return min(tries, key=len)
    found: list[str] = []
    kinds = rule.get("type")
    if kinds is not None:
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if not any(_is(value, kind) for kind in kinds):
            return [f"{place}: expected {' or '.join(kinds)}"]
    if "const" in rule and value != rule["const"]:
        return [f"{place}: expected {rule['const']!r}"]
    if "enum" in rule and value not in rule["enum"]:
        return [f"{place}: expected one of {rule['enum']}"]
    if "minimum" in rule and _is(value, "number") and value < rule["minimum"]:
        found.append(f"{place}: less than {rule['minimum']}")
    if isinstance(value, float) and not math.isfinite(value):
        found.append(f"{place}: not a finite number")
    if isinstance(value, dict):
        found += [f"{place}: no {key!r}" for key in rule.get("required", ()) if key not in value]
        known, others = rule.get("properties", {}), rule.get("additionalProperties", {})
        for key, inner in value.items():
            if key in known:
                found += faults(inner, known[key], root, f"{place}.{key}")
            elif others is False:
                found.append(f"{place}: unknown {key!r}")
            else:
                found += faults(inner, others, root, f"{place}.{key}")
    if isinstance(value, list):
        for i, inner in enumerate(value):
            found += faults(inner, rule.get("items", {}), root, f"{place}[{i}]")
    return found


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.8g}")  # keeps committed files short; far below what any figure means
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    return [_rounded(v) for v in value] if isinstance(value, list) else value


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def checked(document: Any) -> Document:
    """Return the document; ValueError naming the first fault where it breaks the schema."""
    if not isinstance(document, dict) or document.get("format") not in (QUALITY, SPEED):
        raise ValueError(f"its format is neither {QUALITY} nor {SPEED}")
    kind = "quality" if document["format"] == QUALITY else "speed"
    broken = faults(document, {"$ref": f"#/$defs/{kind}"}, schema())
    if broken:
        raise ValueError(broken[0])
    return dict(document)


def text_of(document: Document) -> str:
    """Return the document as strict JSON (no NaN, no Infinity). ValueError where it breaks the schema."""
    return json.dumps(checked(_rounded(document)), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def write_document(document: Document, out: Path) -> None:
    """Write a result document. Raises OutputError."""
    write_text(text_of(document), out)


def read_document(path: Path) -> Document:
    """Read a result document. Raises InputError where it is torn, not strict JSON, or of another kind."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_constant)
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        what = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{path}: not a result of filmcolor bench: {what}") from error
    try:
        return checked(found)
    except ValueError as error:
        raise InputError(f"{path}: not a result of filmcolor bench: {error}") from error
