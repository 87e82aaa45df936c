"""A change of the code that makes a model shows, wherever it stands."""

import sys
from pathlib import Path

import pytest

from insight.training.code import code_fingerprint


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    inner = tmp_path / "some_room" / "inner"
    inner.mkdir(parents=True)
    for folder in (inner.parent, inner):
        (folder / "__init__.py").write_text("")
    (inner / "layer.py").write_text("width = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "some_room", raising=False)
    return inner


def test_the_same_code_has_the_same_fingerprint(package: Path) -> None:
    before = code_fingerprint(("some_room",))
    (package / "notes.txt").write_text("no code")
    assert code_fingerprint(("some_room",)) == before


@pytest.mark.parametrize("change", ["edited", "renamed"])
def test_changed_code_has_another_fingerprint(package: Path, change: str) -> None:
    before = code_fingerprint(("some_room",))
    if change == "edited":
        (package / "layer.py").write_text("width = 2\n")
    else:
        (package / "layer.py").rename(package / "other.py")
    assert code_fingerprint(("some_room",)) != before
