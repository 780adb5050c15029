"""Sets thresholds that keep a promise: at most so much of what is accepted is wrong, with a stated confidence."""

from evals.calibrate.acceptance_file import Subject, guarantee, read_acceptance, write_acceptance
from evals.calibrate.calibration import Calibration, calibrate
from evals.calibrate.choice import Choice, choose_score, choose_start, expected_coverage
from evals.calibrate.cost import CostView, Workload, cost_view
from evals.calibrate.errors import InvalidLabels, UnreadableAcceptance
from evals.calibrate.fitting import development_scores, fit_acceptor
from evals.calibrate.groups import GroupCalibration, GroupView, calibrate_groups
from evals.calibrate.judged import JudgedCase, audits_of, scores_of
from evals.calibrate.labels import Audit, Correction, Scored
from evals.calibrate.looks import Looks, recalibrate
from evals.calibrate.promise import Promise

__all__ = [
    "Audit",
    "Calibration",
    "Choice",
    "Correction",
    "CostView",
    "GroupCalibration",
    "GroupView",
    "InvalidLabels",
    "JudgedCase",
    "Looks",
    "Promise",
    "Scored",
    "Subject",
    "UnreadableAcceptance",
    "Workload",
    "audits_of",
    "calibrate",
    "calibrate_groups",
    "choose_score",
    "choose_start",
    "cost_view",
    "development_scores",
    "expected_coverage",
    "fit_acceptor",
    "guarantee",
    "read_acceptance",
    "recalibrate",
    "scores_of",
    "write_acceptance",
]
