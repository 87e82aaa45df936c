import numpy as np
import pytest
import tensorflow as tf

from insight.encoding.sequences import SEQUENCE_INPUTS
from insight.encoding.tasks import NEXT_ACTIONS, YES_NO_TASKS
from insight.models.customer_model import MODEL_INPUTS, CustomerModel, new_visit_follows
from tests.training.examples import ENCODER_LENGTH, example_columns, small_categories, small_shape


def _inputs(rows: int = 5) -> dict[str, np.ndarray]:
    columns = example_columns(rows, seed=3)
    return {name: columns[name] for name in MODEL_INPUTS}


@pytest.fixture(params=["cnn", "gru", "transformer", "gated transformer"])
def model(request) -> CustomerModel:
    tf.keras.utils.set_random_seed(1)
    *gated, encoder = request.param.split()
    feed_forward = "gated" if gated else "plain"
    shape = small_shape(encoder=encoder, blocks=2, feed_forward=feed_forward)
    return CustomerModel(shape, small_categories())


def test_what_comes_later_never_changes_what_was_asked_before(model):
    inputs = _inputs()
    changed = {name: values.copy() for name, values in inputs.items()}
    for name in ("item_indices", "type_indices", "price_indices"):
        changed[name][:, -1] = 2
    changed["item_indices"][:, -1] = 3
    before = model(inputs, positions=ENCODER_LENGTH)
    after = model(changed, positions=ENCODER_LENGTH)
    np.testing.assert_allclose(before.queries[:, :-1], after.queries[:, :-1], atol=1e-6)
    np.testing.assert_allclose(before.repeats[:, :-1], after.repeats[:, :-1], atol=1e-6)
    gains = before.category_gains[:, :-1], after.category_gains[:, :-1]
    np.testing.assert_allclose(*gains, atol=1e-6)
    assert not np.allclose(before.queries[:, -1], after.queries[:, -1])


def test_the_last_position_is_the_same_asked_alone_or_with_others(model):
    inputs = _inputs()
    alone, together = model(inputs, positions=1), model(inputs, positions=4)
    np.testing.assert_allclose(alone.queries[:, -1], together.queries[:, -1], atol=1e-6)
    np.testing.assert_allclose(alone.repeats[:, -1], together.repeats[:, -1], atol=1e-6)


def test_padding_before_the_first_event_changes_nothing(model):
    inputs = _inputs()
    for name in SEQUENCE_INPUTS:
        inputs[name][:, :-3] = 0
    mask = tf.constant(inputs["item_indices"] != 0)
    events = model._norm(model._embed(inputs))
    padded = model._encoder(events, mask)[:, -3:]
    alone = model._encoder(events[:, -3:], mask[:, -3:])
    np.testing.assert_allclose(padded, alone, atol=1e-5)


def test_a_customer_without_events_gets_finite_answers(model):
    inputs = _inputs(1)
    for name in SEQUENCE_INPUTS:
        inputs[name][:] = 0
    encoding = model(inputs)
    assert all(np.isfinite(part).all() for part in encoding)
    assert (encoding.repeats.numpy() == 0).all()


def test_the_heads_begin_as_logistic_regression(model):
    # All kernels of a head's way to its logit start at zero: 0 is the log-odds of a half.
    encoding = model(_inputs())
    np.testing.assert_array_equal(encoding.yes_no, np.zeros((5, len(YES_NO_TASKS), 2)))
    # And every action is as likely as any other.
    np.testing.assert_array_equal(encoding.next_action, np.zeros((5, len(NEXT_ACTIONS))))


def test_a_silence_of_an_hour_opens_a_new_visit():
    # Buckets: 1 up to a minute, 2 up to ten, 3 up to an hour, 4 from an hour on.
    gaps = tf.constant([[0, 5, 1, 4, 3]], tf.int64)
    np.testing.assert_array_equal(new_visit_follows(gaps), [[1, 0, 1, 0, 1]])
