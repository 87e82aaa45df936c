"""How models are trained: encoders, losses, optimiser, heads."""

from typing import Literal

from pydantic import Field

from insight.settings.launching import LaunchSettings
from insight.settings.strict import Days, Strict


class HeadWeights(Strict):
    """Weight of each head's loss."""

    next_item: float = Field(1.0, ge=0)
    purchase: float = Field(1.0, ge=0)
    churn: float = Field(1.0, ge=0)
    campaign: float = Field(1.0, ge=0)
    next_action: float = Field(1.0, ge=0)


class TrainingSettings(Strict):
    backend: str = "horovod"
    """How ranks are started: `horovod` as tasks of this Spark application, `horovodrun` on hosts
    of their own, `single` for one process; any file of insight/training/backends."""
    encoder: Literal["cnn", "gru", "transformer"] = "gru"
    ensemble: tuple[Literal["cnn", "gru", "transformer"], ...] = ()
    """Further encoders, each trained with a seed of its own and averaged with the first."""
    co_occurrence: bool = True
    """Whether items that follow each other are counted, and heard as validation finds best."""
    ranks: int = Field(2, ge=1)
    threads_per_rank: int = Field(1, ge=1)
    item_vectors: Literal["none", "frozen", "fine_tuned"] = "none"
    """Whether items also start from the vectors of their words and pictures, and whether these
    are trained along (all of them are weights then)."""
    warm_start: bool = False
    """Whether training begins with the champion's weights, where its encoders are the same."""
    recalibrate: bool = True
    """Whether the probabilities of the task with the shorter horizon are also fitted to the
    newest cut-off whose labels are complete by the test cut-off."""
    calibration_rows: int = Field(100_000, ge=1_000)
    """Rows of a split, over all ranks, whose logits calibration is fitted on and whose task
    metrics are reported with the model: a sample by row hash if the split has more."""
    every_days: Days = Field(7, ge=1)
    """Days from one attempt on the champion to the next: after it was trained, or after the gate
    refused a later challenger. Without a champion every night trains."""
    width: int = Field(64, ge=4)
    blocks: int = Field(1, ge=1)
    heads: int = Field(2, ge=1)
    """Of attention, in each of a transformer's layers."""
    feed_forward: Literal["plain", "gated"] = "plain"
    """What follows attention in a transformer's layer."""
    dropout: float = Field(0.3, ge=0, lt=1)
    batch_size: int = Field(256, ge=1)
    max_epochs: int = Field(3, ge=1)
    patience: int = Field(1, ge=1)
    stop_on: Literal["loss", "ndcg", "none"] = "loss"
    """What the best epoch is best in: all heads' validation loss in nats, by their weights, or the
    next item's NDCG@10, which is what to ask for where losses are others (focal, balanced).
    None: every epoch is trained and the last one kept, where their number is known."""
    optimizer: Literal["adamw", "adam", "sgd"] = "adamw"
    learning_rate: float = Field(2e-3, gt=0)
    warm_up_share: float = Field(0.0, ge=0, lt=1)
    """Share of the longest training in which the rate rises from nothing."""
    decay: Literal["cosine", "none"] = "cosine"
    scale_learning_rate: Literal["none", "sqrt", "linear"] = "none"
    """With the number of ranks, each of which adds a batch to a step; it then warms up."""
    gradient_compression: Literal["none", "fp16"] = "none"
    """What gradients are sent as between ranks."""
    precision: Literal["float32", "mixed"] = "float32"
    """Mixed: products in half precision, float16 on GPUs with scaled losses, bfloat16 on CPUs."""
    weight_decay: float = Field(1e-4, ge=0)
    """Of adamw only."""
    label_smoothing: float = Field(0.0, ge=0, lt=0.5)
    """Of the yes-or-no tasks and the next action; the next item's losses have none."""
    next_item_loss: Literal["sampled_softmax", "gbce"] = "sampled_softmax"
    gbce_calibration: float = Field(0.75, ge=0, le=1)
    """gbce's t: 0 is plain cross-entropy, 1 makes up for all of the sampling."""
    yes_no_loss: Literal["cross_entropy", "focal", "mse"] = "cross_entropy"
    focal_gamma: float = Field(2.0, ge=0)
    class_weight: Literal["none", "balanced"] = "none"
    """Balanced: the rarer answer of a yes-or-no task weighs as much in all as the other."""
    task_weights: Literal["fixed", "learned"] = "fixed"
    """Learned: each head's loss is divided by its uncertainty, which is trained along."""
    augment: tuple[Literal["crop", "mask", "reorder"], ...] = ()
    """Ways to change sequences in training; each row gets one of them at most."""
    augment_share: float = Field(0.5, ge=0, le=1)
    """Of the rows of a batch that are changed."""
    negatives: int = Field(512, ge=1)
    """Items drawn per batch to stand for the rest of the catalogue."""
    encoder_length: int = Field(32, ge=2)
    """The encoder reads so many of a sequence's newest events; all count as repeats."""
    target_positions: int = Field(16, ge=1)
    """The last positions of a sequence whose next item is learned."""
    within_sequence_weight: float = Field(0.3, ge=0, le=1)
    """Weight of positions before the last, whose next item is mostly in the same basket."""
    head_weights: HeadWeights = HeadWeights()
    encoder_learns_from: Literal["next_item", "all_heads"] = "next_item"
    """Whose gradients change the encoder. Other heads' weights matter with all_heads only: each
    has parameters of its own otherwise. Customers are few where items bought are many."""
    seed: int = Field(20170101, ge=0)
    timeout_seconds: int = Field(3600, gt=0)
    launch: LaunchSettings = LaunchSettings()


def refuse_missing_vectors(training: TrainingSettings, *, makes_some: bool) -> None:
    """Refuse to train with item vectors that no setting makes.

    Args:
        training: Whether it reads vectors.
        makes_some: Whether texts are encoded, or the shop delivers vectors of pictures.

    Raises:
        ValueError: It reads vectors, and there are none.
    """
    if training.item_vectors != "none" and not makes_some:
        raise ValueError("text.encoder or clean.image_vector_length set, for item_vectors to read")
