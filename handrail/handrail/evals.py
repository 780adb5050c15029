"""Suites, scorers, metrics, reports and the gate: everything beyond what a first evaluation needs."""

import sys
from typing import TYPE_CHECKING

from handrail.lazy import lazy_face

if TYPE_CHECKING:
    from handrail_evals.decide.comparison import Comparison as Comparison
    from handrail_evals.decide.comparison import compare as compare
    from handrail_evals.decide.gate import Standing as Standing
    from handrail_evals.decide.gate import Terms as Terms
    from handrail_evals.decide.rollout_evidence import challenger_verdict as challenger_verdict
    from handrail_evals.decide.rollout_evidence import results_verdict as results_verdict
    from handrail_evals.decide.rollout_evidence import rollout_verdict as rollout_verdict
    from handrail_evals.errors import DataError as DataError
    from handrail_evals.errors import EvalsError as EvalsError
    from handrail_evals.errors import InvalidCaseFile as InvalidCaseFile
    from handrail_evals.errors import InvalidSuite as InvalidSuite
    from handrail_evals.evaluate import Evaluate as Evaluate
    from handrail_evals.measure.case import UNLABELLED as UNLABELLED
    from handrail_evals.measure.case import Unlabelled as Unlabelled
    from handrail_evals.measure.cases.form import CaseFields as CaseFields
    from handrail_evals.measure.cases.form import FileForm as FileForm
    from handrail_evals.measure.cases.jsonl_file import write_cases as write_cases
    from handrail_evals.measure.cases.schema import write_schema as write_schema
    from handrail_evals.measure.fingerprint import duplicates as duplicates
    from handrail_evals.measure.result.case_result import CaseResult as CaseResult
    from handrail_evals.measure.result.result import Result as Result
    from handrail_evals.measure.result.result import read_result as read_result
    from handrail_evals.measure.running.runner import Evaluation as Evaluation
    from handrail_evals.measure.running.settings import Budget as Budget
    from handrail_evals.measure.running.settings import RunSettings as RunSettings
    from handrail_evals.measure.scorer import Answered as Answered
    from handrail_evals.measure.scorer import Counts as Counts
    from handrail_evals.measure.scorer import Score as Score
    from handrail_evals.measure.scorer import Scorer as Scorer
    from handrail_evals.measure.scorers.fields import fields as fields
    from handrail_evals.measure.scorers.judged import judged_by as judged_by
    from handrail_evals.measure.scorers.list_match import list_match as list_match
    from handrail_evals.measure.scorers.list_match import set_match as set_match
    from handrail_evals.measure.scorers.normalised import normalised as normalised
    from handrail_evals.measure.scorers.similarity import similarity as similarity
    from handrail_evals.measure.scorers.within import within as within
    from handrail_evals.measure.target import Flow as Flow
    from handrail_evals.measure.target import Observation as Observation
    from handrail_evals.measure.target import StepTrace as StepTrace
    from handrail_evals.measure.target import Target as Target
    from handrail_evals.measure.targets.past_runs import observe_run as observe_run
    from handrail_evals.measure.targets.past_runs import past_runs as past_runs
    from handrail_evals.measure.targets.workflow import workflow_target as workflow_target
    from handrail_evals.measure.targets.workflow_reviewers import LEAVE_OPEN as LEAVE_OPEN
    from handrail_evals.measure.targets.workflow_reviewers import Reviewers as Reviewers
    from handrail_evals.measure.targets.workflow_reviewers import Simulation as Simulation
    from handrail_evals.measure.targets.workflow_reviewers import Truth as Truth
    from handrail_evals.measure.targets.workflow_reviewers import chance as chance
    from handrail_evals.numbers.metrics.answers import Right as Right
    from handrail_evals.numbers.metrics.flow import attribution as attribution
    from handrail_evals.numbers.metrics.flow import flows as flows
    from handrail_evals.numbers.statistics.intervals import Certainty as Certainty
    from handrail_evals.numbers.summary.document import open_summary as open_summary
    from handrail_evals.numbers.summary.document import summary_path as summary_path
    from handrail_evals.numbers.summary.summary import Options as Options
    from handrail_evals.numbers.summary.summary import summarize as summarize
    from handrail_evals.show.markdown import markdown as markdown
    from handrail_evals.show.report.page import write_html as write_html
    from handrail_ground.optional import LibraryMissing as LibraryMissing
else:
    __getattr__, __dir__ = lazy_face(sys.modules[__name__])
