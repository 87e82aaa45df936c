"""Location and scale of each model feature, fitted on the training window only."""

from insight.tables.table import Check, Column, Table

FEATURE_STATISTICS = Table(
    name="feature_statistics",
    grain="one row per feature and run date",
    owner="data science",
    columns=(
        Column("feature", "string", "Feature, in the order the model reads it by position."),
        Column("position", "bigint", "From 0."),
        Column("transform", "string", "log1p or none, before scaling."),
        Column("scaling", "string", "standard or min_max."),
        Column("mean", "double", "Mean, or minimum, after the transform."),
        Column("scale", "double", "Standard deviation, or range; 1 where it is 0."),
        Column("has_mask", "boolean", "Whether a missing value is marked by a feature of its own."),
        Column("run_date", "date", "Night the statistics were fitted on."),
    ),
    key=("feature", "run_date"),
    partition_by=("run_date",),
    checks=(Check("scale_positive", "scale > 0"),),
)
