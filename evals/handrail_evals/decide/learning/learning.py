"""Learning beside the runs: the model behind a promise is trained again, tried in shadow, and let in."""

import asyncio
import contextlib
import json
import logging
import os
import secrets
import socket
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol

from handrail_ai_steps.errors import ModelNotReady, UnknownModel, UnreadableModel
from handrail_ai_steps.models.learning import embedding_named, put_in_force, version_in_force
from handrail_ai_steps.models.local import LocalModel
from handrail_ai_steps.resolve import MODELS_FOLDER
from handrail_evals.decide.corrections.record import Judgements
from handrail_evals.decide.keeping.due import next_rule
from handrail_evals.decide.keeping.keeping import KeepsPromises
from handrail_evals.decide.keeping.ladder import ladder_of
from handrail_evals.decide.keeping.state import state_of
from handrail_evals.decide.learning.absent import absent_version, say_absent
from handrail_evals.decide.learning.failing import failures, is_to_wait, say_failed
from handrail_evals.decide.learning.learners import Learner, learners
from handrail_evals.decide.learning.lessons import TaughtBy, lessons
from handrail_evals.decide.learning.paying import FEWEST_OPTIONS, GROWTH, LessonsLearned, expected, fair_trial
from handrail_evals.decide.learning.rescoring import AT_ONCE, rescored
from handrail_evals.decide.learning.shadowing import PATIENCE, Shadowed, VersionFate, fate_of
from handrail_evals.decide.learning.training import ENDS
from handrail_evals.decide.learning.unknown import take_out_unknown
from handrail_evals.decide.pairing import Paired
from handrail_guards.promise_rule import PromiseSubject
from handrail_orchestrator.promising.rules import SECRET_BYTES, subject_told
from handrail_orchestrator.store.learned import (
    BeginModel,
    DecideModel,
    LearnedChanges,
    LearnedRow,
    LearnedStore,
    TakeLearning,
)
from handrail_orchestrator.store.outbox import Notice
from handrail_orchestrator.store.promises import MovePromise, PromiseCounts, PromiseNote, PromiseRow

EVERY_SECONDS: Final = 60.0
LEASE_SECONDS: Final = 300.0
"""How long a process that died keeps others from training; a longer training takes the lease anew."""
FEWEST_SCORES: Final = 50
"""Texts kept from a version while it was fitted that give its thresholds."""
LINES_AT_ONCE: Final = 1_000
_log = logging.getLogger("handrail.learning")


class KeepsLearning(KeepsPromises, Judgements, Protocol):
    """A store as learning works on it: a client that has it open."""

    @property
    def learned_store(self) -> LearnedStore:
        """Return what it reads."""
        ...

    async def change_learned(self, change: LearnedChanges) -> Any:
        """Write what it made; returns the reply."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """What was done for a step's model."""

    target: str
    """Such as ``triage/route``."""
    note: str
    """What, in plain words."""


async def learn_again(
    client: KeepsLearning, *, models: Path = MODELS_FOLDER, learner: str | None = None
) -> list[Learnt]:
    """Look at every step whose model learns once; returns what was done.

    It may be killed at any moment, and several processes may do so at once: a version is in the store or it is not,
    its files are there before, and what serves is what the store says.

    Raises:
        StoreError: the store cannot be read or written.
    """
    name = learner or f"{socket.gethostname()}:{os.getpid()}"
    done = []
    try:
        for said in await take_out_unknown(client, models, by=f"keeper:{name}"):
            _log.error("%s", said)
    except (UnreadableModel, OSError) as error:
        _log.error("the version in force cannot be read: %s", error)
    for each in learners(client, models):
        try:
            done += [
                Learnt(target=f"{each.workflow}/{each.step}", note=note) for note in await _look(client, each, name)
            ]
        except (UnknownModel, UnreadableModel, ModelNotReady, OSError) as error:
            _log.error("the model of %s/%s cannot be trained or read: %s", each.workflow, each.step, error)
    return done


async def _look(client: KeepsLearning, learner: Learner, name: str) -> list[str]:
    if (absent := absent_version(learner.folder, learner.versions)) is not None:
        row = next(each for each in learner.rows if each.stream == absent.stream)
        host, by = name.partition(":")[0], f"keeper:{name}"
        said = await say_absent(client, row, absent, learner.folder, host=host, by=by)
        if said is not None:
            _log.error("%s/%s: %s", learner.workflow, learner.step, said)
        return [] if said is None else [said]
    _repair(learner)
    for version in learner.versions:
        if version.state != "given_up":  # one that is retired may still wait for answers that came before its own cases
            await _rescore(client, learner, version)
    if learner.shadow is not None:
        found = await _decide(client, learner, learner.shadow)
        return [] if found is None else [found]
    return await _train(client, learner, name)


def _repair(learner: Learner) -> None:
    """Let the version answer that the store says serves, should a process have died before it could say so."""
    serving = next((each for each in learner.versions if each.state == "serving"), None)
    if serving is None or not serving.folder:
        return
    if version_in_force(learner.folder) != serving.folder and (learner.folder / serving.folder).is_dir():
        put_in_force(learner.folder, serving.folder)


# -- in shadow


async def _rescore(client: KeepsLearning, learner: Learner, version: LearnedRow) -> None:
    """Score what another model judged again, as far as it is answered."""
    model: LocalModel | None = None
    while cases := client.learned_store.cases_to_rescore(version.stream, limit=AT_ONCE):
        if model is None:
            model = await asyncio.to_thread(LocalModel.load, learner.folder / version.folder)
        change = await asyncio.to_thread(rescored, client, learner.step, version.stream, cases, model.predict)
        await client.change_learned(change)


async def _decide(client: KeepsLearning, learner: Learner, version: LearnedRow) -> str | None:
    """Let a version in, give it up, or leave it in shadow; returns what was done."""
    row = next(each for each in learner.rows if each.id == version.promise)
    if row.ladder is None or row.checkpoint is None:
        return None
    serving = learner.serving
    state = state_of(row)
    fair = fair_trial(row.target, row.delta) if serving.threshold is None else 0
    pairs = client.learned_store.score_pairs(version.stream, max(PATIENCE, fair))
    shadowed = Shadowed(
        pairs=[
            Paired(
                str(place),
                each.copy,
                None,
                _would(serving, each.score),
                _accepts(state.keeper.threshold, each.rescored),
            )
            for place, each in enumerate(pairs)
            if each.source == serving.stream
        ],
        threshold=state.keeper.threshold,
        is_stopped=serving.state == "paused",
        examples=version.examples,
        labels=await _labels(client, learner, enough=GROWTH * version.examples),
        fair_trial=fair,
    )
    found = fate_of(shadowed, about=row.subject)
    if found.fate == "shadow":
        return None
    return await _moved(client, learner, version, row, found)


async def _moved(
    client: KeepsLearning, learner: Learner, version: LearnedRow, row: PromiseRow, found: VersionFate
) -> str | None:
    now, target = client.now(), f"{learner.workflow}/{learner.step}"
    is_in = found.fate == "serving"
    said = f"version {version.version} of the model " + ("serves" if is_in else "is given up")
    data = None if found.verdict is None else json.dumps(found.verdict.as_json())
    kept = row._replace(state="keeping" if is_in else "stopped")
    rule = next_rule(kept, state_of(row)) if is_in else None
    if is_in and rule is None:
        return None
    notice = Notice("promise", f"learned:{version.stream}", f"{target}: {said}", now, body=found.why)
    why = "" if is_in else f"given up: {found.why}"
    move = MovePromise(
        row.id, row.version, now, "keeper:learning", row.read_to, row.checkpoint, rule, kept.state, why,
        [PromiseNote("promoted" if is_in else "given_up", f"{said}: {found.why}", data)], notice,
    )  # fmt: skip
    decided = DecideModel(version.stream, found.fate, now, found.why, move, learner.serving.id)
    if not await client.change_learned(decided):
        return None  # another process was faster, or a person paused it meanwhile
    if is_in:
        put_in_force(learner.folder, version.folder)
    _log.info("%s: %s: %s", target, said, found.why)
    return f"{said}: {found.why}"


def _accepts(threshold: float | None, score: float) -> float:
    return float(threshold is not None and score >= threshold)


def _would(row: PromiseRow, score: float) -> float:
    return _accepts(row.threshold, score)


# -- training


def _lessons(client: KeepsLearning, learner: Learner) -> TaughtBy:
    return lessons(client.learned_store, client, learner.workflow, learner.step)


def _at_most(counts: Sequence[PromiseCounts]) -> int:
    """Return how many cases people may have answered, by what the ledger counts: reading them all takes long."""
    return sum(each.cases - each.accepted + each.accepted_answered for each in counts)


async def _labels(client: KeepsLearning, learner: Learner, *, enough: float) -> int:
    """Return how many answers there are to learn from, or how many at most where those are not enough."""
    most = _at_most(_counts(client, learner))
    return most if most < enough else len((await asyncio.to_thread(_lessons, client, learner)).examples)


def _counts(client: KeepsLearning, learner: Learner) -> list[PromiseCounts]:
    return [client.promise_store.promise_counts(stream) for stream in {row.stream for row in learner.rows}]


async def _train(client: KeepsLearning, learner: Learner, name: str) -> list[str]:
    """Train a new version where that is expected to pay; returns what was done."""
    now = client.now()
    serving = learner.serving
    newest = max(learner.versions, key=lambda each: each.version, default=None)
    number = learner.entered + 1
    # what reviewers miss of a version's answers nobody would know
    if serving.second_looks or is_to_wait(failures(client.promise_store, serving.id, number), now):
        return []
    counts, of_all = client.promise_store.promise_counts(serving.stream), _counts(client, learner)
    whole = serving.delta if newest is None else _whole_delta(learner, serving)
    hoped = LessonsLearned(
        labels=_at_most(of_all),
        options=FEWEST_OPTIONS,
        taught=0 if newest is None else newest.examples,
        cases=sum(each.cases for each in of_all),
        to_people=1 - counts.accepted / counts.cases if serving.threshold is not None and counts.cases else 1.0,
        target=serving.target,
        delta=whole / (number * (number + 1)),
        is_embedded=bool(embedding_named(learner.folder.name)),
    )
    if not expected(hoped).pays:  # nor would it with fewer answers, or more kinds of them
        return []
    taught = await asyncio.to_thread(_lessons, client, learner)
    found = expected(replace(hoped, labels=len(taught.examples), options=taught.options))
    take = TakeLearning(learner.workflow, learner.step, name, now, now + LEASE_SECONDS)
    if not found.pays or not await client.change_learned(take):
        return []
    made = await _trained(client, learner, taught, number, take)
    if isinstance(made, str):
        _log.error("training a model for %s/%s failed: %s", learner.workflow, learner.step, made)
        return [await say_failed(client, serving.id, number, made, by=f"keeper:{name}")]
    subject = replace(subject_told(serving.told), model=made["model"])
    kept_out = made["kept_out"]
    ladder = ladder_of(kept_out, fewest=FEWEST_SCORES) if len(kept_out) >= FEWEST_SCORES else None
    basis = "from the teaching half" if taught.basis == "halves" else "from all answers"
    begin = BeginModel(
        workflow=learner.workflow, step=learner.step, subject=subject.mark, told=_told(subject),
        secret=secrets.token_hex(SECRET_BYTES), terms=serving.terms, target=serving.target, delta=whole,
        stops_at=serving.stops_at, answers=serving.answers, version=number, basis=taught.basis, folder=made["folder"],
        examples=made["examples"], options=made["labels"],
        ladder=None if ladder is None else json.dumps(ladder.as_json()),
        begins=client.learned_store.last_lost(learner.workflow, learner.step), at=client.now(), by=f"keeper:{name}",
        why=f"version {number} learned {basis}: {found.why}",
    )  # fmt: skip
    if await client.change_learned(begin) is None:
        return []  # another process was faster
    _log.info("%s/%s: %s", learner.workflow, learner.step, begin.why)
    return [begin.why]


def _whole_delta(learner: Learner, serving: PromiseRow) -> float:
    """Return delta before it was shared among versions."""
    version = next((each.version for each in learner.versions if each.stream == serving.stream), None)
    return serving.delta if version is None else serving.delta * version * (version + 1)


def _told(subject: PromiseSubject) -> str:
    return json.dumps(asdict(subject), sort_keys=True)


async def _trained(
    client: KeepsLearning, learner: Learner, taught: TaughtBy, number: int, take: TakeLearning
) -> dict[str, Any] | str:
    """Train in a process of its own, holding the lease meanwhile; returns what it told, or why it failed."""
    order = {"folder": str(learner.folder), "name": learner.folder.name, "version": number}
    command = (sys.executable, "-m", "handrail_evals.decide.learning.training")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        told = asyncio.gather(_tell(process, order, taught), _all_of(process.stdout), _all_of(process.stderr))
        while not (await asyncio.wait({told}, timeout=LEASE_SECONDS / 3))[0]:
            now = client.now()
            await client.change_learned(take._replace(now=now, until=now + LEASE_SECONDS))
        _, output, problem = told.result()
        if not await process.wait():
            found: dict[str, Any] = json.loads(output)
            return found
        return (problem.decode(errors="replace").strip().splitlines() or ["it was ended"])[-1]
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _tell(process: asyncio.subprocess.Process, order: dict[str, Any], taught: TaughtBy) -> None:
    """Give the process its order; its input stays open, so that it ends with this one."""
    if process.stdin is None:
        return
    lines = [json.dumps(order), *(json.dumps([each.text, each.label]) for each in taught.examples), ENDS]
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # what it says on its way out tells why
        for start in range(0, len(lines), LINES_AT_ONCE):
            process.stdin.write("".join(f"{line}\n" for line in lines[start : start + LINES_AT_ONCE]).encode())
            await process.stdin.drain()


async def _all_of(stream: asyncio.StreamReader | None) -> bytes:
    return b"" if stream is None else await stream.read()


class PromiseLearning:
    """Trains the models of promises now and again: a chore, for ``Orchestrator(chores=[PromiseLearning])``."""

    name = "learning"
    every_seconds = EVERY_SECONDS

    def __init__(self, client: KeepsLearning, models: Path = MODELS_FOLDER) -> None:
        self._client = client
        self._models = models

    async def do(self) -> None:
        """Look at every step whose model learns once."""
        await learn_again(self._client, models=self._models)
