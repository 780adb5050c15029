"""Suites, scorers, metrics, reports and the gate: everything beyond what a first evaluation needs."""

import sys
from typing import TYPE_CHECKING

from handrail.lazy import lazy_face

if TYPE_CHECKING:
    from handrail_evals.case import UNLABELLED as UNLABELLED
    from handrail_evals.case import Unlabelled as Unlabelled
    from handrail_evals.cases.duplicates import duplicates as duplicates
    from handrail_evals.cases.fields import CaseFields as CaseFields
    from handrail_evals.cases.form import FileForm as FileForm
    from handrail_evals.cases.schema import write_schema as write_schema
    from handrail_evals.cases.write import write_cases as write_cases
    from handrail_evals.comparison import Comparison as Comparison
    from handrail_evals.comparison import compare as compare
    from handrail_evals.errors import DataError as DataError
    from handrail_evals.errors import EvalsError as EvalsError
    from handrail_evals.errors import InvalidCaseFile as InvalidCaseFile
    from handrail_evals.errors import InvalidSuite as InvalidSuite
    from handrail_evals.gate import Standing as Standing
    from handrail_evals.gate import Terms as Terms
    from handrail_evals.metrics.attribution import attribution as attribution
    from handrail_evals.metrics.certainty import Certainty as Certainty
    from handrail_evals.metrics.flow import flows as flows
    from handrail_evals.metrics.right import Right as Right
    from handrail_evals.observation import Flow as Flow
    from handrail_evals.observation import Observation as Observation
    from handrail_evals.observation import StepTrace as StepTrace
    from handrail_evals.pytest_plugin import Evaluate as Evaluate
    from handrail_evals.report.page import write_html as write_html
    from handrail_evals.result.case_result import CaseResult as CaseResult
    from handrail_evals.result.result import Result as Result
    from handrail_evals.result.result import read_result as read_result
    from handrail_evals.running.evaluation import Evaluation as Evaluation
    from handrail_evals.running.settings import Budget as Budget
    from handrail_evals.running.settings import RunSettings as RunSettings
    from handrail_evals.scorer import Answered as Answered
    from handrail_evals.scorer import Counts as Counts
    from handrail_evals.scorer import Score as Score
    from handrail_evals.scorer import Scorer as Scorer
    from handrail_evals.scorers.fields import fields as fields
    from handrail_evals.scorers.judged import judged_by as judged_by
    from handrail_evals.scorers.list_match import list_match as list_match
    from handrail_evals.scorers.list_match import set_match as set_match
    from handrail_evals.scorers.normalised import normalised as normalised
    from handrail_evals.scorers.similarity import similarity as similarity
    from handrail_evals.scorers.within import within as within
    from handrail_evals.summary.beside import open_summary as open_summary
    from handrail_evals.summary.beside import summary_path as summary_path
    from handrail_evals.summary.markdown import markdown as markdown
    from handrail_evals.summary.measuring import summarize as summarize
    from handrail_evals.summary.options import Options as Options
    from handrail_evals.target import Target as Target
    from handrail_evals.targets.past_runs import observe_run as observe_run
    from handrail_evals.targets.past_runs import past_runs as past_runs
    from handrail_evals.targets.workflow import workflow_target as workflow_target
    from handrail_evals.targets.workflow_reviewers import LEAVE_OPEN as LEAVE_OPEN
    from handrail_evals.targets.workflow_reviewers import Reviewers as Reviewers
    from handrail_evals.targets.workflow_reviewers import Truth as Truth
    from handrail_evals.targets.workflow_reviewers import chance as chance
    from handrail_evals.targets.workflow_simulation import Simulation as Simulation
else:
    __getattr__, __dir__ = lazy_face(sys.modules[__name__])
