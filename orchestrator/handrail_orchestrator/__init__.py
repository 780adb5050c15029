"""Runs workflows, remembers every step, and waits for people at no cost; knows no models."""

from handrail_orchestrator.client import Client
from handrail_orchestrator.context import StepContext, step_context
from handrail_orchestrator.embedded.settings import Settings
from handrail_orchestrator.errors import (
    AnswerRefused,
    DeadlineExceeded,
    HistoryMismatch,
    InputFileError,
    InvalidWorkflow,
    Misuse,
    NotStorable,
    OrchestratorError,
    ReviewError,
    RunConflict,
    RunError,
    StepFailed,
    StoreError,
    UnknownRun,
    UnknownWorkflow,
    WaitExpired,
    WrongState,
)
from handrail_orchestrator.limits import Limit
from handrail_orchestrator.orchestrator import Orchestrator, RunHandle
from handrail_orchestrator.retry import Retry
from handrail_orchestrator.run import Run
from handrail_orchestrator.step import Default, Step, action, rule
from handrail_orchestrator.store.port import ReviewQuery
from handrail_orchestrator.workflow import Workflow, workflow

__all__ = [
    "AnswerRefused",
    "Client",
    "DeadlineExceeded",
    "Default",
    "HistoryMismatch",
    "InputFileError",
    "InvalidWorkflow",
    "Limit",
    "Misuse",
    "NotStorable",
    "Orchestrator",
    "OrchestratorError",
    "Retry",
    "ReviewError",
    "ReviewQuery",
    "Run",
    "RunConflict",
    "RunError",
    "RunHandle",
    "Settings",
    "Step",
    "StepContext",
    "StepFailed",
    "StoreError",
    "UnknownRun",
    "UnknownWorkflow",
    "WaitExpired",
    "Workflow",
    "WrongState",
    "action",
    "rule",
    "step_context",
    "workflow",
]
