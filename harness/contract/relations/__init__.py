"""Relations between answers of one service: it is compared with nothing but itself.

One file for each relation; `calibration` measures how far numbers may lie apart, `rows` what each
row gives alone.
"""

from harness.contract.relations.batch import batch
from harness.contract.relations.concurrent import concurrent
from harness.contract.relations.encodings import encodings
from harness.contract.relations.explored import explored
from harness.contract.relations.history import history
from harness.contract.relations.labels import labels
from harness.contract.relations.order import order
from harness.contract.relations.padding import padding
from harness.contract.relations.relation import Relation
from harness.contract.relations.repeatable import repeatable
from harness.contract.relations.sensitive import sensitive

__all__ = [
    "Relation",
    "batch",
    "concurrent",
    "encodings",
    "explored",
    "history",
    "labels",
    "order",
    "padding",
    "repeatable",
    "sensitive",
]
