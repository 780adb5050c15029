"""Sets thresholds that keep a promise: at most so much of what is accepted is wrong, with a stated confidence."""

from handrail_evals.decide.calibrate.acceptance_file import Subject, guarantee, read_acceptance, write_acceptance
from handrail_evals.decide.calibrate.calibration import Calibration, calibrate
from handrail_evals.decide.calibrate.choice import Choice, choose_score, choose_start, expected_coverage
from handrail_evals.decide.calibrate.cost import CostView, Workload, cost_view
from handrail_evals.decide.calibrate.fitting import development_scores, fit_acceptor
from handrail_evals.decide.calibrate.groups import GroupCalibration, GroupView, calibrate_groups
from handrail_evals.decide.calibrate.judged import JudgedCase, audits_of, scores_of
from handrail_evals.decide.calibrate.labels import Audit, Correction, Scored
from handrail_evals.decide.calibrate.looks import Looks, recalibrate
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.errors import InvalidLabels, UnreadableAcceptance

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
