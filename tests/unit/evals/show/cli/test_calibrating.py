"""``handrail eval calibrate``: thresholds from labelled cases, and cases that may set none."""

import json
from pathlib import Path
from typing import Any

import pytest

from handrail_evals.decide.calibrate.acceptance_file import read_acceptance
from tests.unit.evals.show.cli.commands import handrail


@pytest.mark.dear
def test_calibrate_writes_an_acceptance_file_that_the_step_can_load() -> None:
    said = handrail("calibrate", "steps.py:step", "--cases", "cases.jsonl", "--target", "0.1", "--delta", "0.05")

    rule = read_acceptance(Path("pet.acceptance.json"))
    assert rule.step == "pet"
    assert rule.threshold is not None
    assert rule.model.startswith("local:pet@")
    assert "threshold" in said.stdout
    assert "minutes" in said.stdout


@pytest.mark.dear
def test_calibrate_with_too_few_labels_accepts_nothing_and_says_how_many_are_missing() -> None:
    said = handrail(
        "calibrate", "steps.py:step", "--cases", "cases.jsonl", "--target", "0.01", "--delta", "0.05", "--json", code=3
    )

    data: dict[str, Any] = json.loads(said.stdout)
    assert data["rule"]["threshold"] is None
    assert (data["labels_missing"], data["development"]) == (99, 0)


LEARN = "".join(
    json.dumps({"text": f"{('meow', 'purr', 'bark', 'woof')[n % 4]} {n}", "label": ("cat", "dog")[n % 4 > 1]}) + "\n"
    for n in range(200)
)
TENTH = ("--target", "0.1", "--delta", "0.05")


@pytest.mark.dear
def test_calibrate_takes_the_file_that_learn_takes() -> None:
    Path("labelled.jsonl").write_text(LEARN, encoding="utf-8")

    handrail("calibrate", "steps.py:step", "--cases", "labelled.jsonl", *TENTH)

    rule = read_acceptance(Path("pet.acceptance.json"))
    assert (rule.labels, rule.threshold is None) == (200, False)


@pytest.mark.dear
@pytest.mark.parametrize(
    ("header", "options"),
    [("text,label", ()), ("body,team", ("--input-field", "body", "--expected-field", "team"))],
    ids=["the same words", "others, named"],
)
def test_calibrate_takes_a_table_whose_rows_have_no_name(header: str, options: tuple[str, ...]) -> None:
    rows = ["{text},{label}\n".format_map(json.loads(line)) for line in LEARN.splitlines()]
    Path("labelled.csv").write_text(header + "\n" + "".join(rows), encoding="utf-8")

    handrail("calibrate", "steps.py:step", "--cases", "labelled.csv", *options, *TENTH)

    assert read_acceptance(Path("pet.acceptance.json")).labels == 200
    if options:
        said = handrail("calibrate", "steps.py:step", "--cases", "labelled.csv", *TENTH, code=2).stderr
        assert "no column 'input'" in said
        assert "--input-field" in said


@pytest.mark.dear
def test_calibrate_writes_over_an_acceptance_and_over_no_labels() -> None:
    Path("labelled.jsonl").write_text(LEARN, encoding="utf-8")
    calibration = ("calibrate", "steps.py:step", "--cases", "labelled.jsonl", *TENTH, "--out")

    assert "holds something else, and no acceptance" in handrail(*calibration, "labelled.jsonl", code=2).stderr
    assert Path("labelled.jsonl").read_text(encoding="utf-8") == LEARN
    handrail(*calibration, "pet.json")
    handrail(*calibration, "pet.json")


def exported(drawn: int, others: int) -> str:
    """Return lines as ``handrail review export`` writes them, so many of which were drawn at random."""
    lines = [json.loads(line) for line in LEARN.splitlines()]
    return "".join(
        json.dumps(
            {
                "name": f"c{number}",
                "input": line["text"],
                "expected": line["label"],
                "metadata": {"step": "pet", "drawn": number < drawn},
                "blind": number < drawn,
                "provenance": {"reviewer": "5f1c", "suggestion": None},
            }
        )
        + "\n"
        for number, line in enumerate(lines[: drawn + others])
    )


@pytest.mark.dear
@pytest.mark.parametrize("more", [(), ("--accept-seen",)])
def test_exported_decisions_that_were_not_drawn_set_no_threshold_whatever_is_accepted(more: tuple[str, ...]) -> None:
    Path("decided.jsonl").write_text(exported(120, 80), encoding="utf-8")
    said = handrail("calibrate", "steps.py:step", "--cases", "decided.jsonl", *TENTH, *more)
    assert read_acceptance(Path("pet.acceptance.json")).labels == 120
    assert "left out: 80 decisions that were not drawn at random" in said.stderr


@pytest.mark.dear
def test_of_answers_that_a_promise_asked_for_at_several_shares_an_even_sample_sets_the_threshold() -> None:
    lines = [json.loads(line) for line in exported(200, 0).splitlines()]
    for number, line in enumerate(lines):
        line["metadata"]["share"] = 0.25 if number % 2 else 1.0
    Path("decided.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    said = handrail("calibrate", "steps.py:step", "--cases", "decided.jsonl", *TENTH)
    rule = read_acceptance(Path("pet.acceptance.json"))
    assert 100 < rule.labels < 150
    assert f"left out: {200 - rule.labels} answers given blind: a promise asked for such answers" in said.stderr


@pytest.mark.dear
def test_a_file_of_corrections_alone_is_refused_with_what_to_do() -> None:
    Path("decided.jsonl").write_text(exported(0, 50), encoding="utf-8")
    said = handrail("calibrate", "steps.py:step", "--cases", "decided.jsonl", *TENTH, "--accept-seen", code=2).stderr
    assert "none of its decisions was drawn at random" in said
    assert "audit=Auditing(0.05)" in said


@pytest.mark.dear
def test_keys_that_are_not_there_are_named_with_the_options_that_name_others() -> None:
    lines = LEARN.replace('"text"', '"body"').replace('"label"', '"team"')
    Path("labelled.jsonl").write_text(lines, encoding="utf-8")

    said = handrail("calibrate", "steps.py:step", "--cases", "labelled.jsonl", *TENTH, code=2).stderr
    handrail(
        "calibrate",
        "steps.py:step",
        *("--cases", "labelled.jsonl", "--input-field", "body", "--expected-field", "team"),
        *TENTH,
    )

    assert "it has no 'input'" in said
    assert "'body', 'team'" in said
    assert "--input-field" in said


@pytest.mark.slow
@pytest.mark.parametrize("name", ["traffic.jsonl", "traffic.txt"])
def test_thresholds_are_taken_from_traffic_without_labels(name: str) -> None:
    texts = [f"meow and purr {n}" for n in range(100)] + ["bark", "woof", "what is this", "nothing known"] * 25
    lines = texts if name.endswith(".txt") else [json.dumps({"text": text}) for text in texts]
    Path(name).write_text("\n".join(lines), encoding="utf-8")

    handrail("calibrate", "steps.py:step", "--cases", "cases.jsonl", "--traffic", name, *TENTH)
    with_traffic = read_acceptance(Path("pet.acceptance.json"))
    handrail("calibrate", "steps.py:step", "--cases", "cases.jsonl", *TENTH)

    assert with_traffic.threshold is not None
    assert with_traffic.threshold != read_acceptance(Path("pet.acceptance.json")).threshold
    assert with_traffic.labels == 200


@pytest.mark.dear
def test_copies_of_a_case_count_once_in_the_command() -> None:
    once = [json.loads(line) for line in LEARN.splitlines()[:60]]
    copies = [{**case, "text": text} for case in once for text in (case["text"], f" {case['text'].upper()}\n")]
    named = [{**case, "name": f"c{n}"} for n, case in enumerate(copies)]
    Path("labelled.jsonl").write_text("".join(json.dumps(each) + "\n" for each in named), encoding="utf-8")

    said = handrail("calibrate", "steps.py:step", "--cases", "labelled.jsonl", *TENTH, "--json")

    data: dict[str, Any] = json.loads(said.stdout)
    assert (data["cases"], data["copies"], data["rule"]["labels"]) == (120, 60, 60)


@pytest.mark.dear
def test_cases_of_one_cluster_count_once_in_the_command() -> None:
    cases = [{**json.loads(line), "cluster": f"sender {n // 2}"} for n, line in enumerate(LEARN.splitlines())]
    Path("labelled.jsonl").write_text("".join(json.dumps(each) + "\n" for each in cases), encoding="utf-8")

    data = json.loads(handrail("calibrate", "steps.py:step", "--cases", "labelled.jsonl", *TENTH, "--json").stdout)

    assert (data["cases"], data["rule"]["labels"]) == (200, 100)


@pytest.mark.dear
def test_labels_that_were_not_given_blind_are_refused_before_anybody_is_asked() -> None:
    cases = [{**json.loads(line), "blind": n != 7} for n, line in enumerate(LEARN.splitlines())]
    Path("labelled.jsonl").write_text("".join(json.dumps(each) + "\n" for each in cases), encoding="utf-8")
    command = ("calibrate", "steps.py:step", "--cases", "labelled.jsonl", *TENTH)

    said = handrail(*command, code=2).stderr.replace("\n", " ")
    taken = handrail(*command, "--accept-seen").stdout

    assert "1 label was given with the suggestion in view" in taken
    assert read_acceptance(Path("pet.acceptance.json")).seen == 1
    assert "1 of 200 labels were given with the suggestion in view ('labelled.jsonl:8')" in said
    assert "--accept-seen" in said
    assert read_acceptance(Path("pet.acceptance.json")).labels == 200


@pytest.mark.dear
def test_cases_that_the_model_was_trained_on_do_not_calibrate_it() -> None:
    taught = "".join(json.dumps({"text": f"meow purr {n}", "label": "cat"}) + "\n" for n in range(30))
    Path("taught.jsonl").write_text(taught, encoding="utf-8")
    Path("mixed.jsonl").write_text(LEARN + taught, encoding="utf-8")

    refused = handrail("calibrate", "steps.py:step", "--cases", "taught.jsonl", *TENTH, code=2).stderr
    assert not Path("pet.acceptance.json").exists()
    said = handrail("calibrate", "steps.py:step", "--cases", "mixed.jsonl", *TENTH).stdout
    data = json.loads(handrail("calibrate", "steps.py:step", "--cases", "mixed.jsonl", *TENTH, "--json").stdout)

    assert "the model learned from 30 of the labelled cases" in " ".join(refused.split())
    assert "left out    30 cases that local:pet@" in said
    assert (data["cases"], len(data["learned"]), data["learned_known"]) == (200, 30, True)


@pytest.mark.dear
def test_a_recording_does_not_hide_what_the_model_was_trained_on() -> None:
    taught = json.dumps({"name": "taught", "input": "bark woof 3", "expected": "dog"})
    with Path("cases.jsonl").open("a", encoding="utf-8") as file:
        file.write(f"\n{taught}\n")
    handrail("run", "steps.py:suite", "--recording", "rec.jsonl", "--record", "--out", "a.jsonl")
    command = ("calibrate", "steps.py:step", "--cases", "cases.jsonl", "--recording", "rec.jsonl", *TENTH)

    assert json.loads(handrail(*command, "--json").stdout)["learned"] == ["taught"]


@pytest.mark.dear
def test_the_surest_contradictions_are_shown() -> None:
    lines = LEARN.splitlines()
    for n in (3, 50):
        lines[n] = lines[n].replace('"dog"', '"kitten"').replace('"cat"', '"dog"').replace('"kitten"', '"cat"')
    Path("labelled.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = ("calibrate", "steps.py:step", "--cases", "labelled.jsonl", *TENTH)

    said = handrail(*command).stdout
    data = json.loads(handrail(*command, "--json").stdout)

    assert {each["case"] for each in data["sure_errors"]} == {"labelled.jsonl:4", "labelled.jsonl:51"}
    assert {(each["answer"], each["label"]) for each in data["sure_errors"]} <= {("dog", "cat"), ("cat", "dog")}
    assert "labelled.jsonl:4: the label is" in said


@pytest.mark.slow
def test_expected_coverage_is_shown_where_scores_compete_with_its_spread() -> None:
    command = ("calibrate", "steps.py:step", "--cases", "cases.jsonl", *TENTH)

    alone = json.loads(handrail(*command, "--json").stdout)
    said = handrail(*command, "--development", "0.3").stdout
    compete = json.loads(handrail(*command, "--development", "0.3", "--json").stdout)

    assert (alone["development"], alone["expected_coverage"], alone["spread"]) == (0, {}, {})
    assert set(compete["expected_coverage"]) == set(compete["spread"]) == {"confidence", "margin"}
    assert compete["development"] > 0
    assert "in 8 of 10" in said


@pytest.mark.dear
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--target", "2", "--delta", "0.05"), "target"),
        (
            ("--target", "0.05", "--delta", "0.05", "--model", "openai:x"),
            "name the one to calibrate with --model local:pet",
        ),
        (("--target", "0.05", "--delta", "0.05", "--score", "luck"), "there is no score 'luck'"),
        (("--target", "0.05", "--delta", "0.05", "--development", "1"), "development is 1.0"),
        (("--target", "0.05", "--delta", "0.05", "--development", "0", "--acceptor"), "an acceptor is fitted on cases"),
        (("--target", "0.05", "--delta", "0.05", "--first-errors", "-1"), "first_errors is -1"),
    ],
)
def test_a_calibration_that_cannot_work_ends_with_2(arguments: tuple[str, ...], said: str) -> None:
    assert said in handrail("calibrate", "steps.py:step", "--cases", "cases.jsonl", *arguments, code=2).stderr
