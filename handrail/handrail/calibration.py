"""Thresholds that keep a promise: labels from what people decided, calibration, acceptance files."""

import sys
from typing import TYPE_CHECKING

from handrail.lazy import lazy_face

if TYPE_CHECKING:
    from handrail_evals.decide.calibrate.acceptance_file import Subject as Subject
    from handrail_evals.decide.calibrate.acceptance_file import guarantee as guarantee
    from handrail_evals.decide.calibrate.acceptance_file import write_acceptance as write_acceptance
    from handrail_evals.decide.calibrate.calibration import Calibration as Calibration
    from handrail_evals.decide.calibrate.calibration import calibrate as calibrate
    from handrail_evals.decide.calibrate.choice import Choice as Choice
    from handrail_evals.decide.calibrate.choice import choose_score as choose_score
    from handrail_evals.decide.calibrate.choice import choose_start as choose_start
    from handrail_evals.decide.calibrate.choice import development_scores as development_scores
    from handrail_evals.decide.calibrate.choice import expected_coverage as expected_coverage
    from handrail_evals.decide.calibrate.choice import fit_acceptor as fit_acceptor
    from handrail_evals.decide.calibrate.field_thresholds import FieldReach as FieldReach
    from handrail_evals.decide.calibrate.field_thresholds import FieldThresholds as FieldThresholds
    from handrail_evals.decide.calibrate.field_thresholds import calibrate_fields as calibrate_fields
    from handrail_evals.decide.calibrate.field_thresholds import field_reach as field_reach
    from handrail_evals.decide.calibrate.groups import CostView as CostView
    from handrail_evals.decide.calibrate.groups import GroupCalibration as GroupCalibration
    from handrail_evals.decide.calibrate.groups import GroupView as GroupView
    from handrail_evals.decide.calibrate.groups import Looks as Looks
    from handrail_evals.decide.calibrate.groups import Workload as Workload
    from handrail_evals.decide.calibrate.groups import calibrate_groups as calibrate_groups
    from handrail_evals.decide.calibrate.groups import cost_view as cost_view
    from handrail_evals.decide.calibrate.groups import recalibrate as recalibrate
    from handrail_evals.decide.calibrate.labels import Audit as Audit
    from handrail_evals.decide.calibrate.labels import Correction as Correction
    from handrail_evals.decide.calibrate.labels import JudgedCase as JudgedCase
    from handrail_evals.decide.calibrate.labels import Scored as Scored
    from handrail_evals.decide.calibrate.labels import audits_of as audits_of
    from handrail_evals.decide.calibrate.labels import scores_of as scores_of
    from handrail_evals.decide.calibrate.promise import Promise as Promise
    from handrail_evals.decide.corrections.file import write_examples as write_examples
    from handrail_evals.decide.corrections.labels import Decided as Decided
    from handrail_evals.decide.corrections.labels import GivenUp as GivenUp
    from handrail_evals.decide.corrections.labels import Labels as Labels
    from handrail_evals.decide.corrections.labels import LeftOut as LeftOut
    from handrail_evals.decide.corrections.labels import Reason as Reason
    from handrail_evals.decide.corrections.labels import as_examples as as_examples
    from handrail_evals.decide.corrections.reading import read_labels as read_labels
    from handrail_evals.decide.corrections.record import Recorded as Recorded
    from handrail_evals.decide.corrections.record import read_records as read_records
    from handrail_evals.decide.keeping.keeping import Kept as Kept
    from handrail_evals.decide.keeping.keeping import PromiseKeeping as PromiseKeeping
    from handrail_evals.decide.keeping.keeping import keep_promises as keep_promises
    from handrail_evals.decide.learning.exchanged import Rescored as Rescored
    from handrail_evals.decide.learning.exchanged import rescore_promise as rescore_promise
    from handrail_evals.decide.learning.learning import Learnt as Learnt
    from handrail_evals.decide.learning.learning import PromiseLearning as PromiseLearning
    from handrail_evals.decide.learning.learning import learn_again as learn_again
    from handrail_evals.decide.step_calibration import judge_cases as judge_cases
    from handrail_evals.errors import InvalidLabels as InvalidLabels
    from handrail_evals.errors import UnknownGroup as UnknownGroup
    from handrail_evals.errors import UnreadableAcceptance as UnreadableAcceptance
    from handrail_guards.per_model import PerModel as PerModel
else:
    __getattr__, __dir__ = lazy_face(sys.modules[__name__])
