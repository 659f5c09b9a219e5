"""Files of requests: tokens, money and faults of every line, in any number, in flat memory."""

from tokenassay.estimators.batches.gathering import Batch
from tokenassay.estimators.batches.judging import Asked, Judge
from tokenassay.estimators.batches.lines import BadLine, Line, read_line
from tokenassay.estimators.batches.running import INTERRUPTED, Progress, count_files
from tokenassay.estimators.batches.summaries import summary

__all__ = [
    "INTERRUPTED",
    "Asked",
    "BadLine",
    "Batch",
    "Judge",
    "Line",
    "Progress",
    "count_files",
    "read_line",
    "summary",
]
