import getpass
import shutil
from datetime import date

import pytest
from filelock import Timeout

from insight.errors import ModelDamagedError, ModelNotFoundError, PromotionRefused
from insight.registry import Registry
from insight.registry.store import Store
from insight.registry.trail import decided, why_left

DAYS = FIRST, SECOND, THIRD = date(2017, 11, 1), date(2017, 11, 8), date(2017, 11, 15)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A registry with its database made once; making one takes seconds."""
    root = tmp_path_factory.mktemp("registry")
    Registry(root).champion_or_none(FIRST)
    return root


@pytest.fixture
def registry(empty, tmp_path):
    shutil.copytree(empty, tmp_path / "registry")
    return Registry(tmp_path / "registry")


@pytest.fixture
def publish(registry, tmp_path):
    def published(run_date: date, inputs_hash: str):
        prepared = tmp_path / f"prepared-{inputs_hash}"
        prepared.mkdir(exist_ok=True)
        (prepared / "shape.json").write_text(inputs_hash)
        facts = {"run_date": run_date.isoformat(), "inputs_hash": inputs_hash}
        return registry.publish(prepared, facts, {"validation.purchase.auc": 0.7})

    return published


def test_a_published_model_is_the_challenger_of_its_date(registry, publish):
    version = publish(FIRST, "ab" * 32)
    assert version.version == "2017-11-01-abababab"
    assert version.run_date == FIRST
    assert registry.challenger(FIRST) == version == registry.verify(version.version)
    assert (version.folder / "manifest.json").is_file()
    assert registry.champion_or_none(FIRST) is None
    with pytest.raises(ModelNotFoundError):
        registry.challenger(SECOND)


def test_the_champion_of_an_old_date_is_never_a_later_model(registry, publish):
    old, new = publish(FIRST, "a" * 64), publish(SECOND, "b" * 64)
    registry.promote(old.version, FIRST, "beats its baselines")
    registry.promote(new.version, SECOND, "beats the champion")
    assert registry.champion_or_none(date(2017, 10, 31)) is None
    assert registry.champion(FIRST).version == old.version
    assert registry.champion(date(2017, 11, 7)).version == old.version
    assert registry.champion(SECOND).version == new.version
    assert registry.champion(date(2030, 1, 1)).version == new.version


def test_a_backfill_that_promotes_does_not_unseat_a_later_champion(registry, publish):
    new = publish(THIRD, "c" * 64)
    registry.promote(new.version, THIRD, "first")
    old = publish(FIRST, "a" * 64)
    registry.promote(old.version, FIRST, "backfill")
    assert registry.champion(SECOND).version == old.version
    assert registry.champion(THIRD).version == new.version
    alias = registry.store._client.get_model_version_by_alias("customer_model", "champion")
    assert alias.tags["version"] == new.version


def test_a_rollback_is_one_more_promotion_and_leaves_a_trail(registry, publish):
    old, new = publish(FIRST, "a" * 64), publish(SECOND, "b" * 64)
    for version, run_date, reason in (
        (old, FIRST, "first"),
        (new, SECOND, "better"),
        (old, THIRD, "rollback: new one is wrong"),
    ):
        registry.promote(version.version, run_date, reason)
    assert registry.champion(THIRD).version == old.version
    assert registry.champion(SECOND).version == new.version
    trail = registry.decisions()
    assert [decision.reason for decision in trail] == [
        "first",
        "better",
        "rollback: new one is wrong",
    ]
    assert [decision.version for decision in trail] == [old.version, new.version, old.version]
    assert {decision.by for decision in trail} == {getpass.getuser()}
    assert trail[0].metrics == {"validation.purchase.auc": 0.7}


def test_rolling_back_finds_the_champion_before(registry, publish):
    first, second, never = (publish(day, mark * 64) for day, mark in zip(DAYS, "abc", strict=True))
    registry.promote(first.version, FIRST, "first")
    with pytest.raises(ModelNotFoundError, match=f"champion before {first.version}"):
        registry.roll_back(FIRST, "wrong")
    registry.promote(second.version, SECOND, "better")
    assert registry.roll_back(THIRD, "wrong").version == first.version
    assert registry.champion(THIRD).version == first.version
    assert registry.champion(SECOND).version == second.version
    assert never.version in registry.versions()
    # Twice is one further back, not the one that was left before.
    with pytest.raises(ModelNotFoundError, match=f"champion before {first.version}"):
        registry.roll_back(THIRD, "wrong, too")
    assert why_left(second.version, registry.decisions()) == "wrong"
    registry.promote(second.version, THIRD, "it was right")
    assert why_left(second.version, registry.decisions()) is None


def test_a_signature_does_not_take_a_rollback_back():
    trail = [decided(kind, "v", FIRST, kind, None) for kind in ("rolled_back", "signed")]
    assert why_left("v", trail) == "rolled_back"


def test_an_archived_version_serves_no_more_and_the_champion_is_none(registry, publish):
    first, second = publish(FIRST, "a" * 64), publish(SECOND, "b" * 64)
    registry.promote(first.version, FIRST, "first")
    registry.promote(second.version, SECOND, "better")
    with pytest.raises(PromotionRefused, match="it is the champion"):
        registry.archive(second.version, THIRD, "old")
    registry.archive(first.version, THIRD, "learned from erased customers")
    assert registry.find_same(FIRST, "a" * 64) is None
    with pytest.raises(ModelNotFoundError, match="archived"):
        registry.promote(first.version, THIRD, "again")
    with pytest.raises(ModelNotFoundError, match="champion before"):
        registry.roll_back(THIRD, "wrong")
    # No date is scored with it again, and the next of its inputs is another version.
    assert registry.champion_or_none(FIRST) is None
    with pytest.raises(ModelNotFoundError):
        registry.challenger(FIRST)
    assert publish(FIRST, "a" * 64).version == f"{first.version}-2"
    assert registry.verify(first.version)
    assert registry.decisions()[-1].kind == "archived"


def test_a_run_that_goes_on_keeps_the_version_it_began_with(registry, publish):
    first, second = publish(FIRST, "a" * 64), publish(SECOND, "b" * 64)
    registry.promote(first.version, FIRST, "first")
    held = registry.champion(SECOND)
    registry.promote(second.version, SECOND, "better")
    assert (held.folder / "shape.json").read_text() == "a" * 64
    # The next one to ask, in this process or another, has the new one at once.
    assert registry.champion(SECOND).version == second.version


def test_the_same_inputs_are_found_again_unless_the_model_is_damaged(registry, publish):
    version = publish(FIRST, "a" * 64)
    assert registry.find_same(FIRST, "a" * 64) == version
    assert registry.find_same(FIRST, "b" * 64) is None
    assert registry.find_same(SECOND, "a" * 64) is None
    (version.folder / "shape.json").write_text("changed")
    assert registry.find_same(FIRST, "a" * 64) is None


def test_fault_29_a_tampered_champion_is_refused(registry, publish):
    version = publish(FIRST, "a" * 64)
    registry.promote(version.version, FIRST, "first")
    (version.folder / "shape.json").write_text("changed")
    with pytest.raises(ModelDamagedError, match=r"shape\.json"):
        registry.champion(FIRST)
    with pytest.raises(ModelDamagedError):
        registry.promote(version.version, SECOND, "again")


def test_an_unknown_version_is_named(registry):
    with pytest.raises(ModelNotFoundError, match="2017-01-01-00000000"):
        registry.verify("2017-01-01-00000000")


def test_a_folder_left_by_a_run_that_died_is_replaced(registry, publish, tmp_path):
    orphan = tmp_path / "registry" / "models" / "2017-11-01-aaaaaaaa"
    orphan.mkdir(parents=True)
    (orphan / "half.json").write_text("half")
    version = publish(FIRST, "a" * 64)
    assert not (version.folder / "half.json").exists()


def test_publishing_again_what_was_damaged_mends_it(registry, publish):
    version = publish(FIRST, "a" * 64)
    (version.folder / "shape.json").write_text("changed")
    assert publish(FIRST, "a" * 64).version == version.version
    assert registry.verify(version.version)


def test_making_the_database_says_nothing(empty, capfd):
    assert capfd.readouterr().err == ""


def test_a_damaged_champion_can_be_left(registry, publish):
    old, new = publish(FIRST, "a" * 64), publish(SECOND, "b" * 64)
    registry.promote(old.version, FIRST, "beats its baselines")
    registry.promote(new.version, SECOND, "beats the champion")
    (new.folder / "shape.json").write_text("damaged")
    registry.roll_back(THIRD, "its files are damaged")
    assert registry.champion(THIRD).version == old.version
    registry.archive(new.version, THIRD, "its files are damaged")
    assert registry.decisions()[-1].metrics == {}


def test_archiving_a_damaged_champion_leaves_what_was_rolled_back_out_of_service(registry, publish):
    first, second, third = (publish(day, mark * 64) for day, mark in zip(DAYS, "abc", strict=True))
    for version, run_date in ((first, FIRST), (second, SECOND), (third, THIRD)):
        registry.promote(version.version, run_date, "better")
    assert registry.roll_back(THIRD, "learned refunds as sales").version == second.version
    (second.folder / "shape.json").write_text("damaged")
    registry.archive(second.version, THIRD, "its files are damaged")
    # Not the third, which nobody has promoted again.
    assert registry.champion(THIRD).version == first.version
    alias = registry.store._client.get_model_version_by_alias("customer_model", "champion")
    assert alias.tags["version"] == first.version
    (first.folder / "shape.json").write_text("damaged")
    registry.archive(first.version, THIRD, "its files are damaged")
    assert registry.champion_or_none(THIRD) is None
    assert registry.champion_or_none(SECOND) is None


def test_the_second_of_two_publishers_of_one_version_gets_the_first_ones(
    registry, publish, tmp_path, monkeypatch
):
    rival, add = Registry(tmp_path / "registry"), Store.add

    def while_the_rival_waits(*given):
        """Between the first one's files and its entry in the database."""
        with pytest.raises(Timeout):
            rival._turn.acquire(blocking=False)
        add(*given)

    monkeypatch.setattr(Store, "add", while_the_rival_waits)
    first = publish(FIRST, "a" * 64)
    other = tmp_path / "trained otherwise"
    other.mkdir()
    (other / "shape.json").write_text("other weights")
    facts = {"run_date": FIRST.isoformat(), "inputs_hash": "a" * 64}
    assert rival.publish(other, facts, {}) == first
    assert (registry.verify(first.version).folder / "shape.json").read_text() == "a" * 64
    # Other inputs whose hash begins alike are another version.
    assert publish(FIRST, "a" * 8 + "b" * 56).version == f"{first.version}-2"
