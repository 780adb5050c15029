"""Runs workflows, remembers every step, and waits for people at no cost; knows no models."""

from orchestrator.client import Client
from orchestrator.context import StepContext, step_context
from orchestrator.embedded.settings import Settings
from orchestrator.errors import (
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
from orchestrator.limits import Limit
from orchestrator.orchestrator import Orchestrator, RunHandle
from orchestrator.retry import Retry
from orchestrator.run import Run
from orchestrator.step import Default, Step, action, rule
from orchestrator.store.port import ReviewQuery
from orchestrator.workflow import Workflow, workflow

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
