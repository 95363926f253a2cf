"""Arms, seeds, intervals, and the ledger of reference runs that every printed figure comes from.

An experiment is a handful of *arms* (teacher, control, distilled, …) that are tuned with the same
budget on validation, trained with several seeds, and compared row by row on a test split that is
read once. A `Report` collects what a lesson measures; the *ledger* keeps the reports of reference
runs, and tells how far a new figure may stray before something is wrong.
"""

from kd_course.experiments.comparisons import (
    comparison_table,
    expectation_table,
    plot_comparison,
    reference_table,
)
from kd_course.experiments.intervals import (
    Interval,
    paired_interval,
    paired_score_interval,
    seed_interval,
    verdict,
)
from kd_course.experiments.reference_runs import Band, Ledger, band_of, device, ledger
from kd_course.experiments.report import Report, fingerprint, reference_interval, tune

__all__ = [
    "Band",
    "Interval",
    "Ledger",
    "Report",
    "band_of",
    "comparison_table",
    "device",
    "expectation_table",
    "fingerprint",
    "ledger",
    "paired_interval",
    "paired_score_interval",
    "plot_comparison",
    "reference_interval",
    "reference_table",
    "seed_interval",
    "tune",
    "verdict",
]
