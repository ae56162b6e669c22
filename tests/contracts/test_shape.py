"""The shape of product code: one meaning for each name, short functions and files, return types, units of time.

The tests read the source and import nothing.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("shared", "local", "bot", "estimator", "batch", "playground", "models", "deploy", "benchmarks", "graylog")
MAX_FUNCTION_LINES = 60
MAX_FILE_LINES = 400
VAGUE_NAME = re.compile(
    "_?(AFTER|AT_ONCE|BEFORE|EACH|KEPT|LARGEST|LEAST|LIMITS|LONG|LONGEST|LOOK|MOST|OURS|PATIENCE|PAUSE|PERIOD|SAME|SHOWN"
    "|SOON|TICK|TIMEOUT|TOLD|UNTIL|WAIT|WARM_UP|WINDOW|WITHIN)"
)
"""A constant says what it limits or contains, and in which unit: PUBLISH_TIMEOUT_S, not PATIENCE."""
TIME = re.compile(
    "(.*_)?(BACKOFF|DEADLINE|DELAY|DURATION|GRACE|INTERVAL|LEASE|LIFETIME|PAUSE|PERIOD|TIMEOUT|TTL|WITHIN)(_.*)?"
)
UNIT = re.compile("(.*_)?(S|MS|US|NS|SECONDS|MINUTES|HOURS|DAYS)(_.*)?")
SHARED_NAMES = {
    "ANSWER_TIMEOUT_S": "each client waits as long as its server may need",
    "BARE_PIPELINE_COMMAND": "each benchmark has a bare pipeline",
    "CONNECT_TIMEOUT_S": "broker and log server are reached in different times",
    "MAX_BODY_BYTES": "each HTTP server limits its own requests",
    "MAX_DOWNLOAD_BYTES": "Telegram's limit, which the playground's server states for itself",
    "MEASUREMENTS": "each benchmark lists its own",
    "POLL_INTERVAL_S": "a look costs more or less, by what is looked at",
    "STOP_TIMEOUT_S": "each part that is stopped has its own",
}
"""Names of constants with several values, each with the reason."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One file of product code, with what the tests ask of it."""

    path: str
    lines: int
    classes: list[str]
    functions: list[Function]
    constants: dict[str, ast.expr]


@cache
def sources() -> list[Source]:
    files = [file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")]
    return [read(file) for file in sorted(files) if not {"build", "out"} & set(file.relative_to(ROOT).parts)]


def read(file: Path) -> Source:
    text = file.read_text(encoding="utf-8")
    tree = ast.parse(text)
    nodes = list(ast.walk(tree))
    return Source(
        path=str(file.relative_to(ROOT)),
        lines=text.count("\n"),
        classes=[node.name for node in nodes if isinstance(node, ast.ClassDef)],
        functions=[node for node in nodes if isinstance(node, Function)],
        constants=dict(constants_of(tree)),
    )


def constants_of(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """The names and values that a module assigns to constants, one by one."""
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            yield from named(node.target, node.value)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                yield from named(target, node.value)


def named(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, its_value in zip(target.elts, value.elts, strict=True):
            yield from named(one, its_value)
    elif isinstance(target, ast.Name) and target.id.isupper():
        yield target.id, value


def is_number(value: ast.expr) -> bool:
    """Whether it is a number, or computed from numbers."""
    if isinstance(value, ast.BinOp):
        return is_number(value.left) or is_number(value.right)
    return isinstance(value, ast.Constant) and isinstance(value.value, int | float)


def test_the_folders_are_found() -> None:
    assert {source.path.split("/")[0] for source in sources()} == set(FOLDERS)


def test_a_class_name_has_one_meaning() -> None:
    places = defaultdict(list)
    for source in sources():
        for name in source.classes:
            places[name].append(source.path)
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_functions_are_short() -> None:
    assert [
        f"{source.path}:{function.lineno}"
        for source in sources()
        for function in source.functions
        if (function.end_lineno or 0) - function.lineno >= MAX_FUNCTION_LINES
    ] == []


def test_files_are_short() -> None:
    assert [source.path for source in sources() if source.lines > MAX_FILE_LINES] == []


def test_every_function_has_a_return_type() -> None:
    assert [
        f"{source.path}:{function.lineno}"
        for source in sources()
        for function in source.functions
        if function.returns is None
    ] == []


def test_constants_say_their_purpose() -> None:
    assert [
        f"{source.path} {name}" for source in sources() for name in source.constants if VAGUE_NAME.fullmatch(name)
    ] == []


def test_constants_of_time_say_their_unit() -> None:
    assert [
        f"{source.path} {name}"
        for source in sources()
        for name, value in source.constants.items()
        if TIME.fullmatch(name) and not UNIT.fullmatch(name) and is_number(value)
    ] == []


def test_the_name_of_a_constant_has_one_value() -> None:
    values: dict[str, dict[str, str]] = defaultdict(dict)
    for source in sources():
        for name, value in source.constants.items():
            if not name.startswith("_"):
                values[name][source.path] = ast.unparse(value)
    several = {name: where for name, where in values.items() if len(set(where.values())) > 1}
    assert {name: where for name, where in several.items() if name not in SHARED_NAMES} == {}
    assert set(SHARED_NAMES) <= set(several), "SHARED_NAMES has a name with one value"
