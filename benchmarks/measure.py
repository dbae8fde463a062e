"""Make the committed results: `filmcolor bench` with the pinned settings.

usage: python benchmarks/measure.py quality --data DIR [other options of bench quality]
       python benchmarks/measure.py speed [other options of bench speed]
Writes benchmarks/results/VERSION/quality.json or speed.json, report.html beside them, and docs/benchmarks.md.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

from filmcolor import __version__

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / __version__


def main(kind: str, more: list[str]) -> None:
    """Run one kind of benchmark, draw the page and write the docs page."""
    pinned = tomllib.loads((HERE / "settings.toml").read_text())[kind]
    options = [word for key, value in pinned.items() for word in (f"--{key}", str(value))]
    RESULTS.mkdir(parents=True, exist_ok=True)
    out = RESULTS / f"{kind}.json"
    bench = [sys.executable, "-m", "filmcolor", "bench"]
    subprocess.run([*bench, kind, *options, *more, "-o", str(out), "--overwrite"], check=True)
    found = [str(p) for p in sorted(RESULTS.glob("*.json"))]
    subprocess.run([*bench, "report", *found, "-o", str(RESULTS / "report.html"), "--overwrite"], check=True)
    subprocess.run([sys.executable, str(HERE / "write_page.py")], check=True)


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in ("quality", "speed"):
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
