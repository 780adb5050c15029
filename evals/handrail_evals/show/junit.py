"""A result as JUnit XML, which continuous integration shows test by test."""

import json
import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from handrail_evals.measure.case import UNLABELLED
from handrail_evals.measure.result.case_result import CaseResult, Crash
from handrail_evals.measure.result.result import Result
from handrail_evals.numbers.metrics.answers import LARGEST, Right
from handrail_evals.show.tables import one_line

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""

LONGEST = 4000
"""Characters of an input, an answer or a trace."""


def junit(result: Result, *, right_at: float = 1.0) -> str:
    """Return a test for each case: passed when every answer's main score is ``right_at`` or more.

    A wrong answer is a failure with the reason, what was expected and what came; a crash of the target or the scorer is
    an error with its trace; a case without a score is skipped. Of a case's repeats the worst counts. One that must pass
    and does not by any scorer is a failure, as it is wherever else it is told.
    """
    header = result.header
    right = Right(result.metrics[0], right_at)
    suite = Element(
        "testsuite", name=legal(header.suite), timestamp=header.started.removesuffix("Z"), hostname="localhost"
    )
    properties = SubElement(suite, "properties")
    for name, value in (("target", header.target), ("target_version", header.target_version), ("metric", right.scorer)):
        SubElement(properties, "property", name=name, value=legal(value))
    counts = {"failure": 0, "error": 0, "skipped": 0}
    for name, answers in result.by_case.items():
        test = SubElement(
            suite,
            "testcase",
            classname=legal(f"{header.suite}.{header.target}"),
            name=legal(name),
            time=seconds(answers),
        )
        outcome = outcome_of(answers, right)
        if outcome is not None:
            test.append(outcome)
            counts[outcome.tag] += 1
    missing = header.cases * header.repeats - len(result.cases)
    if missing > 0:  # or the tests that are there would look like all
        made = SubElement(suite, "testcase", classname=legal(f"{header.suite}.{header.target}"), name="(not asked)")
        SubElement(made, "error", type="unfinished", message=f"{missing:,} answers are missing: run the suite again")
        counts["error"] += 1
    suite.attrib.update(
        tests=str(len(result.by_case) + (missing > 0)),
        failures=str(counts["failure"]),
        errors=str(counts["error"]),
        skipped=str(counts["skipped"]),
        time=seconds(result.cases),
    )
    root = Element("testsuites")
    root.append(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def outcome_of(answers: Sequence[CaseResult], right: Right) -> Element | None:
    """Return what is to say of a case that did not pass, None for one that did."""
    for each in answers:
        crash = each.error or each.crashes.get(right.scorer)
        if crash is not None:
            return error(crash)
    wrong = [each for each in answers if right.says(each) is False]
    if wrong:
        return failure(wrong, right.scorer)
    barred = [each for each in answers if each.must_pass and not each.passes]
    if barred:
        return failure(barred, failed_by(barred[0], right.scorer))
    if all(right.says(each) is None for each in answers):
        return Element("skipped", message=legal(f"{right.scorer} could not score it"))
    return None


def error(crash: Crash) -> Element:
    """Return a crash."""
    made = Element("error", type=legal(crash.type), message=legal(one_line(crash.message, 200)))
    made.text = legal(crash.trace[-LONGEST:] or str(crash))
    return made


def failed_by(case: CaseResult, main: str) -> str:
    """Return the scorer by which a case that must pass does not, the first of them."""
    return next((name for name, score in case.scores.items() if score is None or not 1 <= score <= LARGEST), main)


def failure(wrong: Sequence[CaseResult], scorer: str) -> Element:
    """Return what was expected and what came, for each wrong answer."""
    first = wrong[0]
    score = first.scores.get(scorer)
    told = "no score" if score is None else f"score {score:g}"
    reason = first.reasons.get(scorer) or first.reason or f"{told} by {scorer}"
    made = Element("failure", type="wrong" if first.answered else "unanswered", message=legal(one_line(reason, 200)))
    made.text = legal("\n\n".join(story(each, scorer) for each in wrong))
    return made


def story(each: CaseResult, scorer: str) -> str:
    """Return a wrong answer in full."""
    reason = each.reasons.get(scorer, "")
    lines = [
        f"repeat:   {each.repeat}" if each.repeat else "",
        f"reason:   {reason}" if reason else "",
        "" if each.expected is UNLABELLED else f"expected: {as_text(each.expected)}",
        f"got:      {as_text(each.output) if each.answered else 'no answer'}",
        f"doubt:    {each.doubt} ({each.reason})" if each.doubt else "",
        f"input:    {as_text(each.input)}",
    ]
    return "\n".join(line for line in lines if line)


def as_text(value: object) -> str:
    """Return a JSON value as text, the beginning of a long one."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"


def seconds(answers: Sequence[CaseResult]) -> str:
    """Return how long the answers took together."""
    return f"{sum(each.seconds for each in answers):.6f}"


def legal(text: str) -> str:
    """Return a text with a replacement character for each one that XML cannot hold."""
    return FORBIDDEN.sub("\ufffd", text)
