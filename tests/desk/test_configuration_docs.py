"""docs/configuration.md lists what settings.py reads: every variable, with its default, and nothing else."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from outreach_site.lib.env_file import SANDBOX_PORTS, env_text

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENT = ROOT / "docs" / "configuration.md"
# `ENV_FILE` names the file itself; it is for tests and scripts.
NOT_FOR_OPERATORS = {"ENV_FILE"}


def variables_read() -> dict[str, str | None]:
    """Each variable of settings.py and the default it falls back to, where that is a plain one."""
    found: dict[str, str | None] = {}
    for node in ast.walk(ast.parse((ROOT / "outreach_site" / "settings.py").read_text())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if ast.unparse(node.func.value) != "env" or not node.args or not isinstance(node.args[0], ast.Constant):
            continue
        name = str(node.args[0].value)
        if len(node.args) > 1:
            try:
                default = ast.literal_eval(node.args[1])
            except ValueError:
                continue
            found[name] = ",".join(default) if isinstance(default, list) else str(default)
        else:
            found.setdefault(name, None)
    calls = re.findall(r"""env\.\w+\(\s*"([A-Z_]+)\"""", (ROOT / "outreach_site" / "settings.py").read_text())
    return dict.fromkeys(calls) | found


def rows() -> dict[str, list[str]]:
    listed = {}
    for line in DOCUMENT.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 4 and re.fullmatch(r"`[A-Z_]+`", cells[0]):
            assert cells[0] not in listed, f"{cells[0]} stands there twice"
            listed[cells[0].strip("`")] = cells[1:]
    return listed


def test_every_variable_is_listed_and_nothing_else() -> None:
    assert set(rows()) == set(variables_read()) - NOT_FOR_OPERATORS


@pytest.mark.parametrize("name", sorted(rows()))
def test_a_row_is_complete(name: str) -> None:
    needed, _default, meaning = rows()[name]
    assert needed in {"yes", "live", "no"}
    assert meaning.endswith(".")


@pytest.mark.parametrize(("name", "default"), sorted((n, d) for n, d in variables_read().items() if d))
def test_the_default_is_the_real_one(name: str, default: str) -> None:
    stated = rows()[name][1].strip("`")
    assert stated.lower() == default.lower()


def test_a_needed_variable_has_no_default() -> None:
    for name, (needed, default, _) in rows().items():
        assert (needed == "yes") == (default == ""), name


def test_links_between_documents_lead_somewhere() -> None:
    for document in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md"), *ROOT.glob("deploy/*.md")]:
        for target in re.findall(r"\]\(([^)#]+)", document.read_text()):
            # The screenshot is made from the running product.
            if not target.startswith("http") and not target.endswith(".png"):
                assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_what_make_run_writes_is_listed() -> None:
    written = re.findall(r"(?m)^([A-Z_]+)=", env_text(port=8000, sandbox_ports=SANDBOX_PORTS))
    assert len(written) > 10
    assert set(written) <= set(rows())
