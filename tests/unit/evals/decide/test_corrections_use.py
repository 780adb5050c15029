"""What corrections, audits and decided cases may be used for, and what they may not."""

from pathlib import Path

import pytest

from handrail import Accepted
from handrail_ai_steps.learn import read_examples
from handrail_evals.decide.calibrate.calibration import calibrate
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.corrections.file import write_examples
from handrail_evals.decide.corrections.labels import Labels, as_examples
from handrail_evals.decide.corrections.reading import read_labels
from handrail_evals.errors import InvalidLabels, InvalidSetting
from tests.unit.evals.decide.corrections_flows import played, route_step, routing, tickets


async def labelled(count: int = 40) -> Labels:
    some = tickets("bugs 0.9 bugs", "bugs 0.9 billing", "bugs 0.4 bugs", "bugs 0.4 billing", count=count)
    async with played(routing(route_step()), some) as rehearsal:
        return read_labels(rehearsal, step="route")


@pytest.mark.dear
async def test_corrections_train_and_audits_only_when_they_were_given_up(tmp_path: Path) -> None:
    labels = await labelled()
    assert len(as_examples(labels.corrections)) == len(labels.corrections)
    kept, given_up = labels.give_up(0.3)
    examples = as_examples(labels.corrections, given_up=given_up)
    assert len(examples) == len(labels.corrections) + len(given_up)
    gone = {each.judged.case for each in given_up}
    assert gone
    assert not gone & {audit.case for audit in kept.audits}
    assert not gone & {case.name for case in kept.as_cases()}
    assert [audit.case for audit in kept.audits] == [each.case for each in kept.judged]
    assert len(kept.audits) + len(given_up) == len(labels.audits)
    assert kept.corrections == labels.corrections

    path = tmp_path / "examples.jsonl"
    assert write_examples(path, examples) == len(examples)
    assert read_examples(path) == examples
    assert [each.name for each in tmp_path.iterdir()] == ["examples.jsonl"]


@pytest.mark.dear
async def test_what_is_given_up_once_is_given_up_at_every_higher_share() -> None:
    labels = await labelled()
    gone: set[str] = set()
    for share in (0.0, 0.1, 0.3, 0.8, 1.0):
        given_up = {each.judged.case for each in labels.give_up(share)[1]}
        assert gone <= given_up
        gone = given_up
    assert gone == {audit.case for audit in labels.audits}
    assert labels.give_up(0.0) == (labels, ())


@pytest.mark.dear
async def test_giving_up_does_not_look_at_what_routing_drew() -> None:
    """If both looked at the same number, the cases given up would be those with the lowest: all, or none."""
    labels = await labelled(200)
    share = len(labels.give_up(0.5)[1]) / len(labels.audits)
    assert 0.3 < share < 0.7


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
async def test_a_share_outside_0_to_1_is_refused(share: float) -> None:
    labels = await labelled(4)
    with pytest.raises(InvalidSetting, match="the share of audits to give up"):
        labels.give_up(share)


@pytest.mark.dear
async def test_corrections_cannot_calibrate() -> None:
    labels = await labelled()
    with pytest.raises(InvalidLabels, match="only an Audit may calibrate"):
        calibrate(labels.corrections, traffic=labels.traffic, promise=Promise(target=0.05, delta=0.05))  # type: ignore[arg-type]


@pytest.mark.dear
async def test_audits_cannot_train() -> None:
    labels = await labelled()
    with pytest.raises(InvalidLabels, match="a Audit where a Correction belongs: what calibrates may not train"):
        as_examples(labels.audits)  # type: ignore[arg-type]
    with pytest.raises(InvalidLabels, match=r"a JudgedCase where a GivenUp belongs: .* Labels.give_up"):
        as_examples((), given_up=labels.judged)  # type: ignore[arg-type]


@pytest.mark.dear
async def test_decided_cases_measure_the_step() -> None:
    labels = await labelled()
    cases = labels.as_cases()
    assert len({case.name for case in cases}) == len(cases) == len(labels.decided)
    route = route_step()
    answers = {case.name: await route(case.input) for case in cases}
    for case in cases:
        outcome = answers[case.name]
        suggested = outcome.value if isinstance(outcome, Accepted) else outcome.suggestion
        assert (suggested != case.expected) is case.metadata["changed"]
    assert {case.metadata["drawn"] for case in cases} == {True, False}
