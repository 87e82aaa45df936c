"""Read-only queries by Spark SQL.

A query passes two checks. The parsed plan may contain only plan nodes that read, names of
published relations and built-in functions; nothing is resolved, opened or evaluated before.
The analysed plan then proves what each name became: a view that ``register_views`` made, and
no table of the catalogue under the same name.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from typing import Any
from urllib.parse import unquote_plus

from pyspark.sql import DataFrame, SparkSession

from insight.publishing.query_scope import PUBLISHED, refusal

_CATALYST = "org.apache.spark.sql.catalyst."

# fmt: off
_NODES = frozenset({
    "Aggregate", "AsOfJoin", "CTERelationDef", "CTERelationRef", "Distinct", "Except", "Expand",
    "Filter", "Generate", "GlobalLimit", "Intersect", "Join", "LateralJoin", "LocalLimit",
    "LocalRelation", "Offset", "OneRowRelation", "Pivot", "Project", "Range", "RebalancePartitions",
    "Repartition", "RepartitionByExpression", "ResolvedHint", "Sample", "Sort", "Subquery",
    "SubqueryAlias", "Union", "UnresolvedHaving", "UnresolvedHint", "UnresolvedInlineTable",
    "UnresolvedRelation", "UnresolvedSubqueryColumnAliases", "UnresolvedTVFAliases",
    "UnresolvedTableValuedFunction", "UnresolvedWith", "Unpivot", "View", "Window", "WithCTE",
    "WithWindowDefinition",
})
"""Classes of plan nodes that a query may consist of, parsed or analysed."""

_TABLE_FUNCTIONS = frozenset({
    "range", "explode", "explode_outer", "inline", "inline_outer", "json_tuple", "posexplode",
    "posexplode_outer", "stack",
})
"""Table functions that make rows from their arguments alone; Delta adds some that read files."""

_REFUSED_FUNCTIONS = frozenset({
    "reflect", "java_method", "try_reflect", "input_file_name", "input_file_block_start",
    "input_file_block_length",
})
"""Built-in functions that call Java, or that name files."""

_REFUSED_EXPRESSIONS = frozenset({
    "ApplyFunctionExpression", "CallMethodViaReflection", "ExpressionWithUnresolvedIdentifier",
    "InputFileBlockLength", "InputFileBlockStart", "InputFileName", "NamedArgumentExpression",
    "PythonUDAF", "PythonUDF", "PythonUDTF", "ScalaUDF", "ScriptInputOutputSchema",
    "UnresolvedPolymorphicPythonUDTF", "V2Aggregator",
})
"""Expressions that run code which is not Spark's own, or that hide the name they stand for."""
# fmt: on


def read_only_session(spark: SparkSession) -> SparkSession:
    """Return a session of the same application with views and settings of its own.

    Spark replaces ``${env:NAME}`` and ``${system:name}`` in the text of a query by the driver's
    environment, in which keys lie, before it parses the text. Here it does not.
    """
    session = spark.newSession()
    session.conf.set("spark.sql.variable.substitute", "false")
    return session


def read_only_query(session: SparkSession, sql: str) -> DataFrame:
    """Return the rows of a query that reads published relations and does nothing else.

    Args:
        session: From ``read_only_session``, with the views registered.
        sql: One query.

    Raises:
        QueryRefusedError: It does more than that. Nothing of it was run.
        ParseException: It is not SQL.
        AnalysisException: It names a column or a relation that does not exist.
    """
    with _active(session):
        state = session._jsparkSession.sessionState()
        parsed = state.sqlParser().parsePlan(sql)
        check = _PlanCheck(session, sql)
        check.check_parsed(parsed)
        default_mode = getattr(state, "executePlan$default$2")()
        analysed = state.executePlan(parsed, default_mode).analyzed()
        check.check_analysed(analysed)
        # The checked plan itself runs, so that nothing is parsed or resolved a second time.
        dataset = _jvm(session).org.apache.spark.sql.Dataset
        return DataFrame(dataset.ofRows(session._jsparkSession, analysed), session)


@contextmanager
def _active(session: SparkSession) -> Iterator[None]:
    """Let the parser read this session's settings; it reads those of the active one."""
    sessions = _jvm(session).org.apache.spark.sql.SparkSession
    before = sessions.getActiveSession()
    sessions.setActiveSession(session._jsparkSession)
    try:
        yield
    finally:
        if before.isDefined():
            sessions.setActiveSession(before.get())
        else:
            sessions.clearActiveSession()


class _PlanCheck:
    """Holds a plan against what a query may consist of."""

    def __init__(self, session: SparkSession, sql: str) -> None:
        catalyst = _jvm(session).org.apache.spark.sql.catalyst
        self._sql = sql
        self._parts_of = partial(_parts_of, _jvm(session))
        self._builtin = catalyst.analysis.FunctionRegistry.builtin()
        self._named = catalyst.FunctionIdentifier

    def check_parsed(self, plan: Any) -> None:
        """Refuse nodes, relations and functions that are not allowed, as they are written."""
        parts = self._parts_of(plan)
        ctes = {name for part in parts if part.kind == "UnresolvedWith" for name in part.names}
        for part in parts:
            self._check_kind(part)
            if part.kind == "UnresolvedRelation":
                self._check_name("relation", part.names, PUBLISHED | ctes)
            if part.kind == "UnresolvedTableValuedFunction":
                self._check_name("table function", part.names, _TABLE_FUNCTIONS)
            if part.kind in ("UnresolvedFunction", "UnresolvedGenerator"):
                self._check_function(part.names)

    def check_analysed(self, plan: Any) -> None:
        """Refuse a relation that is no registered view, and functions under another name."""
        for part in self._parts_of(plan):
            self._check_kind(part)
            if part.kind == "View":
                self._check_name("view", part.names, PUBLISHED)

    def _check_name(self, what: str, names: tuple[str, ...], allowed: Collection[str]) -> None:
        if len(names) != 1 or names[0] not in allowed:
            raise refusal(self._sql, f"the {what} {'.'.join(names)}")

    def _check_kind(self, part: "_Part") -> None:
        if part.is_node and part.kind not in _NODES:
            raise refusal(self._sql, f"{part.kind}, which is not part of a query")
        is_own = part.java_class.startswith(_CATALYST)
        if not part.is_node and (part.kind in _REFUSED_EXPRESSIONS or not is_own):
            raise refusal(self._sql, f"the expression {part.kind}")

    def _check_function(self, names: tuple[str, ...]) -> None:
        built_in = [name for name in names if self._builtin.functionExists(self._named(name))]
        self._check_name("function", names, set(built_in) - _REFUSED_FUNCTIONS)


@dataclass(frozen=True)
class _Part:
    """A plan node or an expression of a plan.

    Args:
        is_node: Whether it is a plan node.
        java_class: Its class.
        names: The parts of the relation's or function's name that it gives, or the names of a
            WITH clause, in lower case.
    """

    is_node: bool
    java_class: str
    names: tuple[str, ...]

    @property
    def kind(self) -> str:
        """The class without its package; a Scala object's without its ending."""
        return self.java_class.rpartition(".")[2].rstrip("$")


def _parts_of(jvm: Any, plan: Any) -> list[_Part]:
    lines = (line.split(" ") for line in _lister(jvm).apply(plan).splitlines())
    return [
        _Part(kind == "node", java_class, tuple(unquote_plus(names).lower().split("\0")[:-1]))
        for kind, java_class, names in lines
    ]


@cache
def _lister(jvm: Any) -> Any:
    """Return the compiled PlanParts; once a process, since py4j knows classes by their names."""
    compiler = jvm.org.codehaus.janino.SimpleCompiler()
    compiler.setParentClassLoader(jvm.java.lang.Thread.currentThread().getContextClassLoader())
    compiler.cook((files("insight.publishing") / "PlanParts.java").read_text())
    return compiler.getClassLoader().loadClass("PlanParts").newInstance()


def _jvm(session: SparkSession) -> Any:
    return session.sparkContext._jvm
