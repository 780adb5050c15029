"""Which field of a decision helps with which duty of the EU AI Act: in our own words, and no claim of compliance."""

from typing import Final, NamedTuple

REGULATION: Final = "Regulation (EU) 2024/1689 (the EU AI Act)"

DISCLAIMER: Final = (
    "These records are material for whoever has to show what a system did and who watched over it. They make no system"
    " compliant: whether an article applies to you, and whether what is here is enough, is for you and your counsel to"
    " say. The articles are named by number and described in our words; read them in the regulation itself."
)


class Duty(NamedTuple):
    """What an article asks for, which fields help with it, and what they do not cover."""

    article: str
    asks: str
    fields: tuple[str, ...]
    beyond: str
    """What is left to others."""


DUTIES: Final = (
    Duty(
        "Article 12(1), 12(2)",
        "Events are recorded by the system itself over its whole life, so that what it did can be traced.",
        ("when", "run", "workflow", "workflow_version", "step", "decision", "files", "item.log_row", "item.log_hash"),
        "Steps that decide nothing (actions, waits) are in the store, not in this export. What was pruned is gone: only"
        " the signed gap says that it was there.",
    ),
    Duty(
        "Article 12(2)(a), with Article 79(1)",
        "Situations in which the system may be a risk, or has been changed substantially, can be found.",
        ("confidence", "guards", "failed", "workflow_version", "workflow_code", "prompt_version", "model"),
        "Nothing here judges what a risk is.",
    ),
    Duty(
        "Article 12(2)(b), with Article 72",
        "The records help to watch how the system does once it is in use.",
        ("confidence", "rule", "alternatives", "drawn", "item.agreement"),
        "Error rates and drift are measured by the evaluation part from the same store, not by this export.",
    ),
    Duty(
        "Article 12(3)",
        "For remote biometric identification: times of each use, the data searched in, the input that matched, and the"
        " persons who verified.",
        ("when", "shown", "decided_by"),
        "Handrail is not made for such systems; the reference database is not recorded.",
    ),
    Duty(
        "Article 14(4)(a), 14(4)(c)",
        "Whoever watches over the system can understand and interpret what it puts out.",
        ("shown", "shown_digest", "reason", "rule", "guards", "confidence", "fields"),
        "Whether a person understood it cannot be recorded; training is yours.",
    ),
    Duty(
        "Article 14(4)(b)",
        "They stay aware that people rely on a machine's word too readily.",
        ("drawn", "item.asked_because", "item.agreement", "shown"),
        "Blind audits, seeded known answers and the alert for fast agreement are features of the review desk; that they"
        " are switched on is yours.",
    ),
    Duty(
        "Article 14(4)(d), 14(4)(e)",
        "They can decide not to use its output, overrule it, or stop it.",
        ("decided_by", "decider", "decision", "shown", "item.despite", "item.note"),
        "A run that was stopped has no decision: see `handrail runs list --status cancelled`.",
    ),
    Duty(
        "Article 14(5)",
        "For remote biometric identification: two persons confirm it separately.",
        ("decided_by", "item.agreement"),
        "Two reviewers can be asked for any question; nothing here makes sure that it is the right one.",
    ),
    Duty(
        "Article 26(2)",
        "Oversight is given to people who are fit for it and have the authority.",
        ("decided_by", "item.queue", "item.via"),
        "Roles and groups stand in the store; whether a person is fit is for you to say.",
    ),
    Duty(
        "Article 26(4)",
        "Whoever uses the system sees to it that its input fits its purpose, as far as they control it.",
        ("shown", "shown_digest", "guards"),
        "Guards on inputs are what you attach.",
    ),
    Duty(
        "Article 26(5), with Article 12(2)(c)",
        "Use is watched, and incidents are told to whom they must be told.",
        ("failed", "guards", "decider", "reason"),
        "Telling anybody is yours.",
    ),
    Duty(
        "Article 26(6)",
        "The logs are kept for a time that fits the purpose, at least six months, unless other law says otherwise.",
        ("when", "item.log_hash"),
        "Declare it with @workflow(keep=...): at least 184 days, and keep this export as long as you must.",
    ),
)
