"""Which landing file was read by which night."""

from insight.tables.table import Check, Column, Table

INGEST_LOG = Table(
    name="ingest_log",
    grain="one row per landing file and feed",
    owner="data engineering",
    columns=(
        Column("source", "string", "Source name, as in conf/sources."),
        Column("feed", "string", "Feed of the source that read the file."),
        Column("file", "string", "Path below the landing folder."),
        Column("file_date", "date", "Date the file is for, from its name."),
        Column("file_bytes", "bigint", "Size in bytes."),
        Column(
            "content_hash",
            "string",
            "SHA-256 of the content, in hex. Above 64 MiB, of the SHA-256s of its blocks of"
            " 64 MiB, with a hyphen and the number of blocks.",
        ),
        Column(
            "file_state",
            "string",
            "Size, modification time and the file system's mark of this content when it was read."
            " A file in the same state is not read again.",
        ),
        Column("row_count", "bigint", "Rows the file gave."),
        Column("ingest_date", "date", "Run date that read the file."),
    ),
    key=("source", "feed", "file"),
    partition_by=("ingest_date",),
    checks=(Check("counted", "row_count >= 0"),),
)
