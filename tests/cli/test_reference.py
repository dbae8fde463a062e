"""What docs say of commands and options is what there is."""

import re
from pathlib import Path

import pytest

from tests.cli.reference import PAGE, commands, page

ROOT = PAGE.parents[1]
# options of other programs that docs tell of
_OTHERS = {
    "--array", "--check", "--cpus-per-task", "--extra-index-url", "--films", "--gpus", "--head", "--include-dashboard",
    "--port", "--help", "--version",
}  # fmt: skip


def test_the_page_of_commands_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it again: python -m tests.cli.reference"


@pytest.mark.parametrize("path", ["README.md", *(f"docs/{each.name}" for each in PAGE.parent.glob("*.md"))])
def test_docs_name_no_command_and_no_option_that_is_not(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    every = commands()
    known = {option for given in every.values() for option in given.options} | _OTHERS
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", text)) <= known
    code = re.findall(r"`([^`]+)`|^ {4}(.+)$", text, re.MULTILINE)
    for line in ("".join(each) for each in code):
        for words in re.findall(r"(?:^|[&|;] *)filmcolor ([a-z]+(?: [a-z]+)?)", line):
            assert any(words == name or words.split()[0] == name for name in every) or any(
                name.startswith(f"{words} ") for name in every
            ), f"filmcolor {words}"


def test_options_stand_beside_the_command_that_has_them() -> None:
    every = commands()
    for path in (Path("README.md"), *(Path("docs") / each.name for each in PAGE.parent.glob("*.md"))):
        for line in re.findall(r"^ {4}(?:.*&& )?filmcolor (.+)$", (ROOT / path).read_text(), re.MULTILINE):
            command = line.split("#")[0]
            name = next((n for n in every if f"{command} ".startswith(f"{n} ")), None)
            assert name is not None, line
            missing = set(re.findall(r"--[a-z][a-z0-9-]+", command)) - every[name].options.keys()
            assert not missing, line
