"""Reading calls: of functions of the project, which are followed, of what Django and Python have, and of everything else."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Mapping

from django.contrib.auth import get_user_model

from django_safe_migrate.analysis.reading_python import iteration, network, queries, texts
from django_safe_migrate.analysis.reading_python.frame import Frame
from django_safe_migrate.analysis.reading_python.objects import attribute_of, value_of
from django_safe_migrate.analysis.reading_python.uses import (
    DatabaseChosen,
    ModelName,
    ModelTaken,
    NetworkUsed,
    SQLExecuted,
    TodaysModelUsed,
)
from django_safe_migrate.analysis.reading_python.values import (
    Alias,
    Column,
    Composed,
    Connection,
    Constant,
    Editor,
    Evaluate,
    Function,
    Many,
    Method,
    Model,
    Page,
    Pages,
    Query,
    Registry,
    Row,
    Thing,
    Value,
)

_LISTS = {"list", "tuple", "set", "frozenset", "sorted", "dict", "len"}
_SAME = {"iter", "reversed", "enumerate", "tqdm", "track", "progressbar", "cast"}
_APPENDING = {"append", "add", "appendleft"}
Keywords = Mapping[str, Value]


class Calls:
    """Reads the calls in the function of a frame."""

    def __init__(self, frame: Frame, evaluate: Evaluate) -> None:
        self.frame = frame
        self.evaluate = evaluate

    def call(self, node: ast.Call) -> Value:
        """Return what is known about the result of a call, and note what it does."""
        target: Value
        if isinstance(node.func, ast.Attribute):
            of = self.evaluate(node.func.value)
            target = self._member(of, node.func.attr, node)
        else:
            target = self.evaluate(node.func)
        arguments = [self.evaluate(argument) for argument in node.args]
        keywords = {one.arg or "**": self.evaluate(one.value) for one in node.keywords}
        if "using" in keywords:
            self.frame.note(DatabaseChosen, node)
        return self._called(target, node, arguments, keywords)

    def _member(self, of: Value, name: str, node: ast.Call) -> Value:
        if isinstance(of, Thing):
            kind = network.task_called(of, name)
            if kind:
                what = f"{of.dotted}.{name}"
                self.frame.note(NetworkUsed, node, what=what, kind=kind)
            return attribute_of(of, name, self.frame.migration_module)
        return None if of is None else Method(of, name)

    def _called(
        self, target: Value, node: ast.Call, arguments: list[Value], keywords: dict[str, Value]
    ) -> Value:
        if isinstance(target, Method):
            return self._method(target, node, arguments, keywords)
        if isinstance(target, Function):
            chunks = self._chunks(target.source.name, node, arguments)
            return self.frame.call(self.frame, target, arguments, keywords) or chunks
        if isinstance(target, Model):
            self.todays(target.name, node)
            return Row(target.name)
        if isinstance(target, Thing):
            known = self._thing(target, node, arguments)
            if known is not None:
                return known
        self._hand_on([*arguments, *keywords.values()], node)
        return None

    # --- methods ------------------------------------------------------------------------------------------------------------

    def _method(
        self, method: Method, node: ast.Call, arguments: list[Value], keywords: dict[str, Value]
    ) -> Value:
        of, name = method.of, method.name
        if isinstance(of, Registry):
            return self._taken(of, name, node, arguments, keywords)
        if isinstance(of, Connection | Editor):
            return self._connection(of, name, node, arguments)
        if isinstance(of, Query):
            return queries.call(self.frame, of, name, node, arguments, keywords, self.evaluate)
        if isinstance(of, Row):
            return queries.call_row(self.frame, of, name, node, keywords)
        if isinstance(of, Column):
            return self._column(of, name)
        if isinstance(of, Many):
            return self._list(of, name, node, arguments)
        if isinstance(of, Pages):
            return iteration.page(self.frame, of) if name in ("page", "get_page") else None
        if isinstance(of, Constant | Composed) and name == "format":
            return texts.together([of, *arguments, *keywords.values()])
        self._hand_on([*arguments, *keywords.values()], node)
        return None

    def _taken(
        self,
        registry: Registry,
        name: str,
        node: ast.Call,
        arguments: list[Value],
        keywords: dict[str, Value],
    ) -> Value:
        if name != "get_model":
            return None
        parts = [*arguments, keywords.get("app_label"), keywords.get("model_name")]
        names = [one.value for one in parts if isinstance(one, Constant)]
        label, _, model = ".".join(name for name in names if isinstance(name, str)).partition(".")
        if not model or "." in model or len(names) != len(node.args) + len(node.keywords):
            return None
        found = ModelName(label, model, registry.historical)
        if registry.historical:
            self.frame.note(ModelTaken, node, model=found, sure=self.frame.is_sure)
        return Model(found)

    def _connection(
        self, of: Connection | Editor, name: str, node: ast.Call, arguments: list[Value]
    ) -> Value:
        if name == "cursor":
            return of
        if name in ("execute", "executemany") and arguments:
            sql = arguments[0]
            if isinstance(sql, Composed | Column):
                columns = sql.columns if isinstance(sql, Composed) else (sql,)
                pairs = tuple((column.model, column.name) for column in columns)
                if pairs:
                    source = ast.unparse(node.args[0])
                    self.frame.note(SQLExecuted, node, columns=pairs, source=source)
            elif isinstance(sql, Constant) and isinstance(sql.value, str):
                source = ast.unparse(node.args[0])
                self.frame.note(SQLExecuted, node, columns=(), source=source, text=sql.value)
        return of if name in ("__enter__", "execute") else None

    @staticmethod
    def _column(of: Column, name: str) -> Value:
        """Rows that a row is related to: few or many, nobody knows."""
        related = {"all", "filter", "exclude", "order_by", "values", "values_list", "iterator"}
        return Query(None).unsure() if name in related else None

    def _list(self, of: Many, name: str, node: ast.Call, arguments: list[Value]) -> Value:
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        if isinstance(owner, ast.Name) and arguments:
            if name in _APPENDING:
                grown = iteration.appended(self.frame, owner.id, of, arguments[-1])
                self.frame.variables[owner.id] = grown
            elif name in ("extend", "update"):
                more = iteration.items(self.frame, arguments[0], node.args[0])
                longer = iteration.added(self.frame, owner.id, of, more, ast.Add())
                self.frame.variables[owner.id] = longer
        return of if name in ("copy", "values") else None

    # --- functions ----------------------------------------------------------------------------------------------------------

    def _thing(self, thing: Thing, node: ast.Call, arguments: list[Value]) -> Value:
        kind = network.called(thing)
        if kind:
            self.frame.note(NetworkUsed, node, what=thing.dotted, kind=kind)
        if thing.real is get_user_model:
            return value_of(get_user_model(), "", self.frame.migration_module)
        name = thing.dotted.rpartition(".")[2]
        if not arguments:
            return Many(None) if thing.dotted in ("builtins.list", "builtins.set") else None
        first = arguments[0]
        if thing.dotted.startswith("builtins.") and name in _LISTS:
            found = iteration.items(self.frame, first, node.args[0], iterated=False)
            return found if isinstance(first, Query | Many | Page) and name != "len" else None
        if name in _SAME:
            return arguments[-1] if name == "cast" else first
        if name == "str" and isinstance(first, Column):
            return first
        if name == "Paginator" and isinstance(first, Query | Many):
            return Pages(first)
        if name == "islice":
            found = iteration.items(self.frame, first, node.args[0])
            return dataclasses.replace(found, batch=True)
        return self._chunks(name, node, arguments)

    def _chunks(self, name: str, node: ast.Call, arguments: list[Value]) -> Value:
        if name not in iteration.CHUNKERS or not arguments:
            return None
        first = arguments[0]
        if not isinstance(first, Query | Many):
            return None
        large = (
            first.large
            if isinstance(first, Many)
            else iteration.may_be_every_row(self.frame, first)
        )
        item = iteration.item_of(first) if isinstance(first, Query) else first.item
        return Many(Many(item, large, batch=True), large)

    def _hand_on(self, values: list[Value], node: ast.Call) -> None:
        """A function that nobody reads gets these: it may use what says which database, and call what is called back."""
        for value in values:
            if isinstance(value, Editor | Alias | Connection):
                self.frame.note(DatabaseChosen, node)
            elif isinstance(value, Function):
                with self.frame.branching():
                    self.frame.call(self.frame, value, [], {})

    def todays(self, model: ModelName, node: ast.Call) -> None:
        """Note when an object is made of today's class."""
        if not model.historical:
            self.frame.note(TodaysModelUsed, node, model=model, method="")
