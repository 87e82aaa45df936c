import numpy as np
import pytest

from bench.next_item.blending import best_of, ranks_of
from bench.next_item.data import LeaveOneOut, Sequences
from bench.sessions.rivals import markov, popularity, session_knn
from insight.errors import SourceFormatError


@pytest.fixture
def protocol(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("u1 a b c d\nu2 b c\nu3 e\nu4 e d c b a\n")
    return LeaveOneOut(Sequences.read(path), length=2)


def _names(protocol, indices):
    return ["".join(protocol.sequences.items[i - 2] for i in row if i > 1) for row in indices]


def test_each_user_is_asked_for_what_something_is_known_of(protocol):
    assert _names(protocol, protocol.test.items) == ["bc", "b", "", "cb"]
    assert _names(protocol, protocol.test.targets[:, None]) == ["d", "c", "", "a"]
    assert _names(protocol, protocol.test.seen) == ["abc", "b", "", "edcb"]
    assert _names(protocol, protocol.validation.targets[:, None]) == ["c", "", "", "b"]
    assert _names(protocol, protocol.train.targets[:, None]) == ["b", "", "", "c"]


def test_what_was_seen_long_ago_is_filtered_too(protocol):
    # Item a stands first for everybody, and u1 had it before the two newest.
    scores = np.tile(np.array([0.0, 0.0, 5.0, 4.0, 3.0, 2.0, 1.0]), (4, 1))
    best = best_of(lambda block: scores[block], protocol.test, 2, repeats=False)
    assert _names(protocol, best)[:2] == ["de", "ac"]
    ranks = ranks_of(lambda block: scores[block], protocol.test, repeats=False)
    assert ranks.tolist() == [1, 2, 1]


def test_an_empty_line_is_named(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("u1 a b c\n\n")
    with pytest.raises(SourceFormatError, match="line 2"):
        Sequences.read(path)


def test_a_byte_order_mark_is_no_part_of_a_name_and_what_cannot_be_read_is_named(tmp_path):
    path = tmp_path / "file.txt"
    path.write_bytes(b"\xef\xbb\xbfu1 a b c\r\nu2 a b\r\n")
    read = Sequences.read(path)
    assert read.items == ("a", "b", "c")
    assert [each.tolist() for each in read.histories] == [[2, 3, 4], [2, 3]]
    for content, found in (
        (b"", "no line"),
        (b"u1 a b\n", "no line"),
        (b"u1 a b \xe9\n", "byte 7"),
    ):
        path.write_bytes(content)
        with pytest.raises(SourceFormatError, match=found) as refused:
            Sequences.read(path)
        assert refused.value.exit_code == 2


def test_of_few_items_only_those_that_are_left_are_listed(protocol):
    scores = np.tile(np.array([9.0, 9.0, 5.0, 4.0, 3.0, 2.0, 1.0]), (4, 1))
    best = best_of(lambda block: scores[block], protocol.test, 20, repeats=False)
    assert best.shape == (4, 20)
    assert _names(protocol, best) == ["de", "acde", "abcde", "a"]


SESSIONS = [np.array(each) for each in ([2, 3, 4], [2, 3], [5, 4], [3, 5])]


def test_the_rivals_rank_by_hand():
    prefix = np.array([[0, 2, 3]])
    assert popularity(SESSIONS, 6)(prefix)[0].tolist() == [0, 0, 2, 3, 2, 2]
    # After 3 came 4 and 5 once each; both were clicked twice.
    followed = markov(SESSIONS, 6)(prefix)[0]
    assert followed[4] == followed[5] > followed[2]
    # Session 1 holds both items of the prefix, and 4; session 4 only the newest, and 5.
    near = session_knn(SESSIONS, 6)(prefix[0][None])[0]
    assert near[4] == pytest.approx((1.25 / 3**0.5) * np.log(2))
    assert near[5] == pytest.approx((1.0 / 2**0.5) * np.log(2))
