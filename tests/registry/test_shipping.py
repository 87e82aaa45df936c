"""What executors load is what the registry proved."""

from dataclasses import replace
from datetime import date

import pytest

from insight.errors import ModelDamagedError
from insight.registry.manifest import write_manifest
from insight.registry.shipping import ship, unpacked, verified_copy
from insight.registry.version import ModelVersion


@pytest.fixture
def version(tmp_path):
    folder = tmp_path / "2024-03-31-abc"
    (folder / "member_0").mkdir(parents=True)
    (folder / "member_0" / "weights.npz").write_bytes(b"weights")
    facts = {"run_date": str(date(2024, 3, 31))}
    return ModelVersion(folder.name, folder, facts, {}, write_manifest(folder, facts, {}))


def test_a_version_arrives_whole(spark, version):
    with unpacked(ship(spark, version)) as folder:
        assert (folder / "member_0/weights.npz").read_bytes() == b"weights"
    assert not folder.exists()


def test_fault_29_a_file_changed_after_the_registry_proved_it_is_not_loaded(spark, version):
    (version.folder / "member_0/weights.npz").write_bytes(b"weightz")
    with pytest.raises(ModelDamagedError, match="2024-03-31-abc") as refused:
        ship(spark, version)
    assert "weights.npz" in refused.value.found


def test_fault_29_what_was_damaged_on_its_way_is_not_loaded(spark, version):
    sound = ship(spark, version).value
    damaged = replace(sound, files={**sound.files, "member_0/weights.npz": b"weightz"})
    with pytest.raises(ModelDamagedError), unpacked(spark.sparkContext.broadcast(damaged)):
        pass


def test_fault_29_a_reader_in_the_driver_reads_what_was_verified(version):
    with verified_copy(version) as copy:
        (version.folder / "member_0/weights.npz").write_bytes(b"weightz")
        assert (copy.folder / "member_0/weights.npz").read_bytes() == b"weights"
    assert not copy.folder.exists()
    with pytest.raises(ModelDamagedError, match="2024-03-31-abc"), verified_copy(version):
        pass
