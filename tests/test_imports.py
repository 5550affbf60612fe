"""Imports go one way, and only the command line prints or exits. Both are read from the package's syntax trees."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import convcalc

PACKAGE = Path(convcalc.__file__).parent
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}
PRINTING = {"print", "exit", "quit", "SystemExit", "sys.exit", "sys.stdout", "sys.stderr", "os._exit"}
PRINTING |= {"typer.echo", "typer.secho", "typer.Exit"}
COMMAND_LINE = ("commands", "cli.py", "__main__.py")


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imported(tree: ast.AST, modules: set[str]) -> set[str]:
    """The package's modules that a tree imports when it runs, within functions too; not those for type checkers."""
    found: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in modules else name.rpartition(".")[0] for name in names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif not is_for_types(node):
            found |= imported(node, modules)
        else:
            found |= {name for other in node.orelse for name in imported(other, modules)}
    return found & modules


def graph(trees: dict[str, ast.AST]) -> dict[str, set[str]]:
    return {name: imported(tree, set(trees)) - {name} for name, tree in trees.items()}


def test_no_import_leads_back():
    imports = graph({module_name(path): tree for path, tree in TREES.items()})
    assert "convcalc.formulas" in imports["convcalc.walk"]
    TopologicalSorter(imports).prepare()


def test_a_lazy_import_that_leads_back_is_found():
    trees = {"a": ast.parse("def late():\n    from b import x"), "b": ast.parse("if x:\n    import a")}
    with pytest.raises(CycleError):
        TopologicalSorter(graph(trees)).prepare()
    trees["b"] = ast.parse("if TYPE_CHECKING:\n    import a")
    TopologicalSorter(graph(trees)).prepare()


def printed(tree: ast.AST) -> set[str]:
    """What a tree says of printing and exiting."""
    return {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, (ast.Name, ast.Attribute))} & PRINTING


def test_only_the_command_line_prints_or_exits():
    speaking = {path.relative_to(PACKAGE).parts[0] for path, tree in TREES.items() if printed(tree)}
    assert "commands" in speaking
    assert speaking <= set(COMMAND_LINE)
