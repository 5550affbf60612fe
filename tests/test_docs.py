"""Every command, option and JSON key is documented."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
import typer

from convcalc import __all__ as public
from convcalc import lenet, trace
from convcalc.cli import app
from convcalc.schema import report_document

ROOT = Path(__file__).parent.parent
COMMANDS = typer.main.get_command(app).commands


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_documented(name):
    text = (ROOT / "docs" / "commands.md").read_text()
    assert f"\n## {name}\n" in text
    for parameter in COMMANDS[name].params:
        for option in (*parameter.opts, *parameter.secondary_opts):
            if option.startswith("-"):
                assert re.search(rf"(^|[\s,]){re.escape(option)}\b", text), option
                assert parameter.help


def test_every_key_of_the_json_is_documented():
    text = (ROOT / "docs" / "json.md").read_text()
    document = report_document(trace(lenet.lenet5(), lenet.input_shape()))
    for key in {*document, *document["layers"][0], *document["totals"], *document["layers"][0]["unread"][0]}:
        assert f"`{key}`" in text, key


def test_the_links_between_the_documents_lead_somewhere():
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), (page.name, target)


def test_every_public_name_is_there_and_has_a_docstring():
    import convcalc

    for name in public:
        assert name == "__version__" or inspect.getdoc(getattr(convcalc, name)), name
    assert set(public) <= set(dir(convcalc))
    with pytest.raises(AttributeError, match="no attribute 'Conv4d'"):
        convcalc.Conv4d  # noqa: B018


def test_the_readme_has_its_two_lines():
    lines = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("python3 -m venv ")]
    assert len(lines) == 2
    assert lines[0].endswith(".venv/bin/convcalc lenet --report")
    assert lines[1].endswith(".venv/bin/pytest -n auto")
