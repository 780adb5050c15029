"""The samples of one vote: those that count, and those that agree with nobody."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from handrail_ai_steps.models.openai.failure import Halted
from handrail_ai_steps.models.openai.form import Form, FormMisfit, Reading
from handrail_ai_steps.models.openai.reply import ReplyChoice, flaw_of
from handrail_ai_steps.models.openai.tries import ReplyTries
from handrail_ai_steps.voting import Vote

LONG_ANSWER = 120
"""Characters from which on samples that are the same to the byte are odd: a server that draws differs somewhere."""


@dataclass(slots=True)
class Ballot:
    """The samples of one vote as they come in."""

    form: Form
    readings: list[tuple[Reading, ReplyTries]] = field(default_factory=list)
    """Samples that fit, each with the tries that it took."""
    ended: int = 0
    """How many came back, fitting or not, or failed: one that nobody saw agrees with nobody."""
    failed: list[str] = field(default_factory=list)
    """Why others did not come back."""

    def count(self, choices: Sequence[ReplyChoice], tries: ReplyTries) -> str:
        """Take the samples of one response and return why the first of those that do not count does not.

        One that does not fit, is cut off or was stopped came back, and agrees with nobody.
        """
        wrong = ""
        for choice in choices:
            self.ended += 1
            flaw = flaw_of(choice, self.form)
            if flaw is not None:
                wrong = wrong or flaw.reason
                continue
            try:
                self.readings.append((self.form.read(choice.text), tries))
            except FormMisfit as misfit:
                wrong = wrong or str(misfit)
        return wrong

    def add(self, sample: tuple[Reading, ReplyTries] | Halted) -> None:
        """Take what asking for a single sample came to; of fewer voices none would be surer of itself."""
        self.ended += 1
        if isinstance(sample, Halted):
            self.failed.append(sample.reason)
        else:
            self.readings.append(sample)

    def settled(self) -> Vote:
        """Return what the samples came to."""
        return self.form.vote([reading for reading, _ in self.readings], ended=self.ended)

    def notes(self, asked: int) -> tuple[str, ...]:
        """Return what was odd about the samples."""
        texts = [reading.text for reading, _ in self.readings]
        notes: tuple[str, ...] = ()
        if self.failed:
            notes += (f"{len(self.failed)} of {asked} samples failed: {self.failed[0]}",)
        if len(texts) > 1 and len(set(texts)) == 1 and len(texts[0]) >= LONG_ANSWER:
            notes += (f"all {len(texts)} samples are the same to the byte: the server may not vary its answers",)
        return notes
