"""The JVM as py4j shows it: names asked for once, Scala's sequences and its None.

py4j asks the JVM anew at every use of a name (each ``F.col`` is one), and the JVM then looks
for a class in all of its jars under every package that Spark imports: measured on a small
night, a third of the driver's time.
"""

from collections.abc import Iterator
from typing import Any

from py4j.java_gateway import JavaPackage, JVMView
from pyspark.sql import SparkSession


class _RememberingPackage(JavaPackage):  # type: ignore[misc]
    def __getattr__(self, name: str) -> Any:
        return _remembered(self, name, super().__getattr__(name))


class _RememberingView(JVMView):  # type: ignore[misc]
    def __getattr__(self, name: str) -> Any:
        return _remembered(self, name, super().__getattr__(name))


def remember_names(view: JVMView) -> None:
    """Let a view of the JVM keep every class and package that it was asked for."""
    view.__class__ = _RememberingView


def elements(sequence: Any) -> Iterator[Any]:
    """The elements of a Scala sequence."""
    return (sequence.apply(position) for position in range(sequence.size()))


def no_option(spark: SparkSession) -> Any:
    """Scala's None, for optional parameters."""
    jvm: Any = spark.sparkContext._jvm
    return jvm.scala.Option.empty()


def _remembered(place: object, name: str, found: Any) -> Any:
    if isinstance(found, JavaPackage):
        found.__class__ = _RememberingPackage
    # Found as an attribute from now on: __getattr__ is for missing ones alone.
    place.__dict__[name] = found
    return found
