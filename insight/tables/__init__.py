"""The tables of the lake, in the order the night writes them."""

from insight.tables.customer_daily import CUSTOMER_DAILY
from insight.tables.customer_features import CUSTOMER_FEATURES
from insight.tables.customer_scores import CUSTOMER_SCORES
from insight.tables.customer_sequences import CUSTOMER_SEQUENCES
from insight.tables.customers import CUSTOMERS
from insight.tables.data_quality import DATA_QUALITY
from insight.tables.evaluation import EVALUATION
from insight.tables.events import EVENTS
from insight.tables.exposures import EXPOSURES
from insight.tables.feature_statistics import FEATURE_STATISTICS
from insight.tables.feedback import FEEDBACK
from insight.tables.ingest_log import INGEST_LOG
from insight.tables.item_daily import ITEM_DAILY
from insight.tables.item_features import ITEM_FEATURES
from insight.tables.item_prices import ITEM_PRICES
from insight.tables.item_vectors import ITEM_VECTORS
from insight.tables.item_vocabulary import ITEM_VOCABULARY
from insight.tables.items import ITEMS
from insight.tables.quarantine import QUARANTINE
from insight.tables.raw_customers import RAW_CUSTOMERS
from insight.tables.raw_events import RAW_EVENTS
from insight.tables.raw_exposures import RAW_EXPOSURES
from insight.tables.raw_feedback import RAW_FEEDBACK
from insight.tables.raw_items import RAW_ITEMS
from insight.tables.recommendations import RECOMMENDATIONS
from insight.tables.returns import RETURNS
from insight.tables.run_log import RUN_LOG
from insight.tables.sessions import SESSIONS
from insight.tables.table import MONEY, Check, Column, Table
from insight.tables.training_examples import TRAINING_EXAMPLES
from insight.tables.validation import VALIDATION

TABLES: tuple[Table, ...] = (
    RAW_EVENTS,
    RAW_CUSTOMERS,
    RAW_ITEMS,
    RAW_FEEDBACK,
    RAW_EXPOSURES,
    INGEST_LOG,
    CUSTOMERS,
    ITEMS,
    FEEDBACK,
    EXPOSURES,
    EVENTS,
    RETURNS,
    ITEM_PRICES,
    QUARANTINE,
    DATA_QUALITY,
    SESSIONS,
    CUSTOMER_DAILY,
    ITEM_DAILY,
    CUSTOMER_SEQUENCES,
    CUSTOMER_FEATURES,
    ITEM_FEATURES,
    ITEM_VECTORS,
    ITEM_VOCABULARY,
    FEATURE_STATISTICS,
    TRAINING_EXAMPLES,
    EVALUATION,
    CUSTOMER_SCORES,
    RECOMMENDATIONS,
    VALIDATION,
    RUN_LOG,
)

__all__ = [
    "CUSTOMERS",
    "CUSTOMER_DAILY",
    "CUSTOMER_FEATURES",
    "CUSTOMER_SCORES",
    "CUSTOMER_SEQUENCES",
    "DATA_QUALITY",
    "EVALUATION",
    "EVENTS",
    "EXPOSURES",
    "FEATURE_STATISTICS",
    "FEEDBACK",
    "INGEST_LOG",
    "ITEMS",
    "ITEM_DAILY",
    "ITEM_FEATURES",
    "ITEM_PRICES",
    "ITEM_VECTORS",
    "ITEM_VOCABULARY",
    "MONEY",
    "QUARANTINE",
    "RAW_CUSTOMERS",
    "RAW_EVENTS",
    "RAW_EXPOSURES",
    "RAW_FEEDBACK",
    "RAW_ITEMS",
    "RECOMMENDATIONS",
    "RETURNS",
    "RUN_LOG",
    "SESSIONS",
    "TABLES",
    "TRAINING_EXAMPLES",
    "VALIDATION",
    "Check",
    "Column",
    "Table",
]
