"""Small mistakes in a module's source, found in its syntax tree: each one edit of the text.

What cannot change a result is left alone: docstrings, messages of errors and of the log, annotations, and
keywords that only say how (`KEYWORDS`).
"""

import ast
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

OPERATORS = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.Pow: ("**", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "*"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
}
COMPARISONS = {
    ast.Lt: ("<", ("<=", ">")),
    ast.LtE: ("<=", ("<", ">=")),
    ast.Gt: (">", (">=", "<")),
    ast.GtE: (">=", (">", "<=")),
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
    ast.In: ("in", ("not in",)),
    ast.NotIn: ("not in", ("in",)),
    ast.Is: ("is", ("is not",)),
    ast.IsNot: ("is not", ("is",)),
}
PAIRS = (
    ("max", "min"),
    ("argmax", "argmin"),
    ("amax", "amin"),
    ("maximum", "minimum"),
    ("any", "all"),
    ("zeros", "ones"),
    ("zeros_like", "ones_like"),
    ("union", "intersection"),
    ("mean", "sum"),
)
TWINS = (
    dict(PAIRS)
    | {other: one for one, other in PAIRS}
    | {"median": "mean", "floor": "ceil", "flatnonzero": "arange"}
)
AXES = {"0": ("1",), "1": ("0",), "2": ("1",), "-1": ("-2",), "-2": ("-1",)}
EITHER_WAY = {"maximum", "minimum", "max", "min"}  # whose arguments may change places
NAMES = 4  # of the exchanged names one in so many is taken: most fail at once, whatever the tests
AXIS_NAMES = ("axis", "dim")
KEYWORDS = {
    "strict",
    "dtype",
    "encoding",
    "exist_ok",
    "parents",
    "missing_ok",
    "check",
    "copy",
    "set_to_none",
}
QUIET = {"log", "logging", "describe", "progress", "isinstance", "TypeVar"}  # calls that make no result
CONSTANTS = {"STAGE_VERSION", "COLUMNS", "__all__", "log"}  # assignments that are watched elsewhere, or text


@dataclass(frozen=True)
class Mistake:
    """One edit of a module.

    Attributes
    ----------
    module : str
    place : str
        The function, with its class.
    edit : str
        The piece of the text before and after.
    number : int
        Counts equal edits of a place.
    line : int
    start, end : int
        What is replaced, in bytes of the source,
    text : str
        and by what.
    """

    module: str
    place: str
    edit: str
    number: int
    line: int
    start: int
    end: int
    text: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What names the mistake as long as its function stays: no line numbers."""
        return self.module, self.place, self.edit, str(self.number)

    @property
    def rank(self) -> str:
        """A drawn order that depends on the key alone: an edit elsewhere draws no others."""
        return hashlib.sha256("\x1f".join(self.key).encode()).hexdigest()

    def applied(self, source: bytes) -> bytes:
        """Return the source with the mistake in it."""
        return source[: self.start] + self.text.encode() + source[self.end :]


class Finder:
    """Walks a module and collects its mistakes."""

    def __init__(self, module: str, source: bytes):
        self.module, self.source = module, source
        self.starts = [0]
        for line in source.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.found: list[Mistake] = []
        self.counts: Counter = Counter()
        self.place, self.names = "", ()

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Return where a node begins and ends in the source, in bytes."""
        first = self.starts[node.lineno - 1] + node.col_offset
        return first, self.starts[node.end_lineno - 1] + node.end_col_offset

    def text(self, node: ast.AST) -> str:
        """Return a node's piece of the source."""
        first, last = self.span(node)
        return self.source[first:last].decode()

    def add(self, node: ast.AST, start: int, end: int, text: str, shown: ast.AST | None = None) -> None:
        """Add an edit; ``shown`` is the piece of the source that is shown before and after."""
        first, last = self.span(shown or node)
        before = self.source[first:last].decode()
        after = (self.source[first:start] + text.encode() + self.source[end:last]).decode()
        edit = f"{' '.join(before.split())} → {' '.join(after.split())}"
        self.counts[self.place, edit] += 1
        number = self.counts[self.place, edit]
        line = self.source.count(b"\n", 0, start) + 1
        self.found.append(Mistake(self.module, self.place, edit, number, line, start, end, text))

    def replace(self, node: ast.AST, text: str, shown: ast.AST | None = None) -> None:
        """Add an edit that puts a text in the place of a node."""
        self.add(node, *self.span(node), text, shown)

    def between(self, left: ast.AST, right: ast.AST, old: str, new: str, shown: ast.AST) -> None:
        """Add an edit of the operator between two nodes."""
        first, last = self.span(left)[1], self.span(right)[0]
        at = self.source[first:last].find(old.encode())
        if at >= 0:
            self.add(shown, first + at, first + at + len(old), new, shown)

    def visit(self, node: ast.AST) -> None:
        """Collect the mistakes of a node and of what is in it."""
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            self._visit_definition(node)
            return
        if self._is_quiet(node):
            return
        if isinstance(node, ast.AnnAssign):
            self._visit_all([node.value] if node.value else [])
            return
        for maker in MAKERS.get(type(node), ()):
            maker(self, node)
        if isinstance(node, ast.stmt):
            _deletion(self, node)
        if isinstance(node, ast.keyword) and node.arg in (*KEYWORDS, *AXIS_NAMES):
            return
        if isinstance(node, ast.Raise):  # its message is text
            return
        self._visit_all(ast.iter_child_nodes(node))

    def _visit_all(self, nodes) -> None:
        for node in nodes:
            self.visit(node)

    def _visit_definition(self, node: ast.FunctionDef | ast.ClassDef) -> None:
        outer = self.place, self.names
        self.place = f"{outer[0]}.{node.name}".lstrip(".")
        if isinstance(node, ast.FunctionDef):
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            self.names = tuple(item.arg for item in arguments if item.arg not in ("self", "cls", "progress"))
            self._visit_all([item for item in (*node.args.defaults, *node.args.kw_defaults) if item])
        self._visit_all(node.body)
        self.place, self.names = outer

    def _is_quiet(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Import | ast.ImportFrom | ast.JoinedStr):
            return True
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return True  # a docstring
        if isinstance(node, ast.If) and "TYPE_CHECKING" in self.text(node.test):
            return True
        if isinstance(node, ast.Assign) and any(self.text(item) in CONSTANTS for item in node.targets):
            return True
        value = node.value if isinstance(node, ast.Expr) else node
        return isinstance(value, ast.Call) and self.text(value.func).partition(".")[0] in QUIET


def _binary(finder: Finder, node: ast.BinOp) -> None:
    if type(node.op) in OPERATORS:
        finder.between(node.left, node.right, *OPERATORS[type(node.op)], node)


def _augmented(finder: Finder, node: ast.AugAssign) -> None:
    if type(node.op) in OPERATORS:
        old, new = OPERATORS[type(node.op)]
        finder.between(node.target, node.value, f"{old}=", f"{new}=", node)


def _comparison(finder: Finder, node: ast.Compare) -> None:
    nodes = [node.left, *node.comparators]
    for left, operator, right in zip(nodes, node.ops, node.comparators, strict=False):
        old, others = COMPARISONS[type(operator)]
        for new in others:
            finder.between(left, right, old, new, node)


def _boolean(finder: Finder, node: ast.BoolOp) -> None:
    old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    finder.between(node.values[0], node.values[1], old, new, node)


def _unary(finder: Finder, node: ast.UnaryOp) -> None:
    if isinstance(node.op, ast.Not | ast.USub | ast.Invert) and not isinstance(node.operand, ast.Constant):
        finder.replace(node, finder.text(node.operand))


def _constant(finder: Finder, node: ast.Constant) -> None:
    if isinstance(node.value, bool):
        finder.replace(node, str(not node.value))
    elif isinstance(node.value, int):
        finder.replace(node, str(node.value + 1 if node.value <= 10 else 2 * node.value))
    elif isinstance(node.value, float):
        finder.replace(node, repr(node.value * 2 if node.value else 1.0))


def _call(finder: Finder, node: ast.Call) -> None:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in TWINS:
        end = finder.span(node.func)[1]
        finder.add(node, end - len(name), end, TWINS[name], node)
    first = node.args[:2] if name not in EITHER_WAY else []
    if len(first) == 2 and all(isinstance(item, ast.Name) for item in first) and first[0].id != first[1].id:
        start, end = finder.span(first[0])[0], finder.span(first[1])[1]
        finder.add(node, start, end, f"{first[1].id}, {first[0].id}", node)


def _axis(finder: Finder, node: ast.keyword) -> None:
    if node.arg in AXIS_NAMES:
        for other in AXES.get(finder.text(node.value), ()):
            finder.replace(node.value, other, node)


def _name(finder: Finder, node: ast.Name) -> None:
    """Take another argument of the function instead."""
    if isinstance(node.ctx, ast.Load) and node.id in finder.names and len(finder.names) > 1:
        other = finder.names[(finder.names.index(node.id) + 1) % len(finder.names)]
        finder.replace(node, other)


def _return(finder: Finder, node: ast.Return) -> None:
    """Return the first two of a tuple the other way round."""
    if isinstance(node.value, ast.Tuple) and len(node.value.elts) > 1:
        one, other = node.value.elts[:2]
        if finder.text(one) != finder.text(other):
            start, end = finder.span(one)[0], finder.span(other)[1]
            finder.add(node, start, end, f"{finder.text(other)}, {finder.text(one)}", node)


def _condition(finder: Finder, node: ast.If | ast.IfExp | ast.While) -> None:
    if not isinstance(node.test, ast.Compare | ast.UnaryOp):
        finder.replace(node.test, f"not ({finder.text(node.test)})")


def _deletion(finder: Finder, node: ast.stmt) -> None:
    """Leave a statement out, unless all behind it would fail for want of a name."""
    whole = isinstance(node, ast.Raise | ast.AugAssign | ast.Continue | ast.Break) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    )
    kept = isinstance(node, ast.Assign) and not isinstance(node.targets[0], ast.Name | ast.Tuple)
    kept = kept and not finder.text(node).startswith("self.")
    if whole or kept:
        finder.replace(node, "pass")


MAKERS = {
    ast.BinOp: (_binary,),
    ast.AugAssign: (_augmented,),
    ast.Compare: (_comparison,),
    ast.BoolOp: (_boolean,),
    ast.UnaryOp: (_unary,),
    ast.Constant: (_constant,),
    ast.Call: (_call,),
    ast.keyword: (_axis,),
    ast.Name: (_name,),
    ast.Return: (_return,),
    ast.If: (_condition,),
    ast.IfExp: (_condition,),
    ast.While: (_condition,),
}


def mistakes_of(module: str, source: bytes) -> Iterator[Mistake]:
    """Yield the mistakes of a module whose source can still be compiled, each text once."""
    finder, seen = Finder(module, source), set()
    finder.visit(ast.parse(source))
    for mistake in finder.found:
        changed = mistake.applied(source)
        taken = not mistake.text.isidentifier() or int(mistake.rank[-4:], 16) % NAMES == 0
        if taken and changed not in seen and _compiles(changed):
            seen.add(changed)
            yield mistake


def _compiles(source: bytes) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True
