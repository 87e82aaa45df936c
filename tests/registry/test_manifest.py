import json

import pytest

from insight.errors import ModelDamagedError
from insight.registry.manifest import read_manifest, write_manifest


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "weights.npz").write_bytes(b"weights")
    (tmp_path / "shape.json").write_text("{}")
    return tmp_path


def test_facts_and_metrics_come_back(folder):
    signed = write_manifest(folder, {"seed": 1}, {"auc": 0.75})
    content = read_manifest(folder, signed)
    assert content["facts"] == {"seed": 1}
    assert content["metrics"] == {"auc": 0.75}
    assert set(content["files"]) == {"weights.npz", "shape.json"}


def _change(folder):
    (folder / "weights.npz").write_bytes(b"weightz")


def _remove(folder):
    (folder / "shape.json").unlink()


def _add(folder):
    (folder / "nested").mkdir()
    (folder / "nested" / "more.json").write_text("{}")


def _add_h5(folder):
    (folder / "weights.h5").write_bytes(b"code")


def _add_pickle(folder):
    (folder / "model.PKL").write_bytes(b"code")


def _unsign(folder):
    (folder / "manifest.json").unlink()


def _sign_anew(folder):
    # Who can change a file can also write its new hash: the manifest's own hash is elsewhere.
    _change(folder)
    write_manifest(folder, {"seed": 1}, {})


@pytest.mark.parametrize(
    "harm", [_change, _remove, _add, _add_h5, _add_pickle, _unsign, _sign_anew]
)
def test_fault_29_a_tampered_or_unsigned_model_is_refused(folder, harm):
    signed = write_manifest(folder, {"seed": 1}, {"auc": 0.75})
    harm(folder)
    with pytest.raises(ModelDamagedError, match="do not load it"):
        read_manifest(folder, signed)


def test_a_model_file_that_can_run_code_is_never_signed(folder):
    _add_h5(folder)
    with pytest.raises(ModelDamagedError, match=r"weights\.h5"):
        write_manifest(folder, {}, {})


def test_the_manifest_is_plain_json(folder):
    write_manifest(folder, {"run_date": "2017-11-30"}, {})
    assert json.loads((folder / "manifest.json").read_text())["facts"]["run_date"] == "2017-11-30"
