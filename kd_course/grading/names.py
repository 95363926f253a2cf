"""What a cell gives to the cells after it, and what it needs from those before: by reading, not running."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass

from kd_course.exercises.sheets import parsed
from kd_course.grading.python_of import NO_PYTHON
from kd_course.grading.sandboxed.student_code import defines

_LOOKS = re.compile(r"(?:(?:def|class) +)?(\w+) *(?:\(.*\) *(?:->.*)?:|=[^=])")
_LOOKED_AT = 300  # characters of a line: what _LOOKS takes grows faster than the line
_BUILTIN = frozenset(dir(builtins))
_SCOPES = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)


@dataclass(frozen=True)
class Names:
    """What reading a cell tells.

    gives: names at its top level, wherever in it; imports: those of them that an import gives.
    changes: what it edits (`table["a"] = 1`, `seen.append(1)`). needs: what it must find when it
    runs, or when one of its functions is called. only_defines: whether running all of it is the same
    as taking what it defines. last: the function, or else the variable, that it defines last.
    stub: whether nothing was written into it yet.
    """

    gives: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    only_defines: bool = False
    last: str = ""
    stub: bool = False
    imports: frozenset[str] = frozenset()


def names_of(source: str) -> Names:
    """What a cell's source tells; by its look where it is no Python."""
    try:
        body = parsed(source).body
        return Names(
            frozenset(name for part in body for name in _given(part)),
            frozenset(name for part in body for name in _changed(part)),
            frozenset(_needed(body)),
            all(map(defines, body)),
            _last(body),
            bool(body) and all(map(_says_nothing, body)),
            frozenset(name for part in body for name in _imported(part)),
        )
    except NO_PYTHON:
        looks = (_LOOKS.match(line[:_LOOKED_AT]) for line in source.splitlines())
        return Names(frozenset(look[1] for look in looks if look))


def _top_level(part: ast.AST) -> Iterator[ast.AST]:
    """A statement and what is in it, but not what functions and classes keep to themselves."""
    yield part
    if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef)):
        inside = [*part.decorator_list, *part.args.defaults, *filter(None, part.args.kw_defaults)]
    elif isinstance(part, ast.Lambda):
        inside = [*part.args.defaults, *filter(None, part.args.kw_defaults)]
    elif isinstance(part, ast.ClassDef):
        inside = [*part.decorator_list, *part.bases, *(k.value for k in part.keywords)]
    elif isinstance(part, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        inside = []
    else:
        inside = list(ast.iter_child_nodes(part))
    for child in inside:
        yield from _top_level(child)


def _given(statement: ast.stmt) -> Iterator[str]:
    for node in _top_level(statement):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
            yield node.name

    yield from _imported(statement)


def _imported(statement: ast.stmt) -> Iterator[str]:
    for node in _top_level(statement):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name.split(".")[0] for alias in node.names)


def _changed(statement: ast.stmt) -> Iterator[str]:
    for node in _top_level(statement):
        target: ast.AST | None = None
        if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
            target = node
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            target = node.value.func
        while isinstance(target, (ast.Attribute, ast.Subscript)):
            target = target.value
            if isinstance(target, ast.Name):
                yield target.id


def _needed(body: list[ast.stmt]) -> set[str]:
    """Names that are read before the cell gives them, and those that its functions read from outside."""
    given: set[str] = set()
    needed: set[str] = set()
    inside: set[str] = set()
    for statement in body:
        # What a loop gives it gives before its body reads it; `x = x + 1` reads first.
        compound = hasattr(statement, "body") and not isinstance(statement, _SCOPES)
        own = set(_given(statement)) if compound else set()
        for node in _top_level(statement):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store):
                needed |= {node.id} - given - own
            elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                needed |= {node.target.id} - given
            elif isinstance(node, ast.Assign):
                read = {n.id for n in _top_level(node.value) if isinstance(n, ast.Name)}
                needed |= read & set(_given(node)) - given
            if isinstance(node, _SCOPES):
                inside |= _free(node)
        given.update(_given(statement))
    return (needed | inside - given) - _BUILTIN


def _free(scope: ast.AST) -> set[str]:
    """The names that are read somewhere in a function, a class or a comprehension, and given nowhere in it."""
    read, own = set(), set()
    for node in ast.walk(scope):
        if isinstance(node, ast.Name):
            (own if isinstance(node.ctx, ast.Store) else read).add(node.id)
        elif isinstance(node, ast.arg):
            own.add(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            own.add(node.name)
        elif isinstance(node, ast.Global):
            read.update(node.names)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            own.update(alias.asname or alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            own.add(node.name)
    return read - own


def _last(body: list[ast.stmt]) -> str:
    functions = [s.name for s in body if isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef))]
    if functions:
        return functions[-1]
    assigned = [s.targets[-1] for s in body if isinstance(s, ast.Assign)]
    return next((t.id for t in assigned[-1:] if isinstance(t, ast.Name)), "")


def _says_nothing(statement: ast.stmt) -> bool:
    """Whether nothing was written here: dots, a docstring, a function of these, or dots under a name."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return all(map(_says_nothing, statement.body))
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        return isinstance(statement.value, ast.Constant) and statement.value.value is ...
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )
