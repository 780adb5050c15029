"""The circle itself: requests, answers, labels, a new model, a new threshold, and from the top."""

from dataclasses import dataclass, field
from pathlib import Path

from circle_bench.calibrating import calibrated, expected_coverage
from circle_bench.lessons import Lessons, sort_answers
from circle_bench.people import People
from circle_bench.plan import Plan
from circle_bench.played import Calibrated, Round, Story
from circle_bench.triage import STEP, Deployed, intent_step, triage_with
from circle_bench.world import Request, Truth, World
from handrail import Orchestrator
from handrail_ai_steps.models.local import LabelledText, LocalModel
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.corrections.reading import read_labels
from handrail_evals.decide.corrections.record import Recorded, read_records

NAME = "circle"


def fit(examples: tuple[LabelledText, ...]) -> LocalModel:
    """Train the model."""
    return LocalModel.fit(examples, name=STEP)


@dataclass(slots=True)
class Circle:
    """Plays the rounds of one seed on a store in a folder."""

    world: World
    plan: Plan
    folder: Path
    seed: int
    deployed: Deployed
    """What answers the requests now."""
    learned: int
    """How many examples its model has learned from."""
    truth: Truth
    """What it truly comes to, which only the figures know."""
    alone: Deployed | None = None
    """The first model with the threshold that the first round's audits give it: what stays if nobody learns."""
    spent: set[str] = field(default_factory=set)
    """Audits that have calibrated: they never will again."""
    rounds: list[Round] = field(default_factory=list)
    used: list[Deployed] = field(default_factory=list)
    """What answered each round."""
    lessons: list[Lessons] = field(default_factory=list)
    """What each round left behind."""
    thresholds: list[Calibrated] = field(default_factory=list)

    @classmethod
    def begin(cls, world: World, plan: Plan, *, folder: Path, seed: int) -> "Circle":
        """Return the circle before its first round: a model of few examples, and no threshold."""
        deployed = Deployed(model=fit(world.taught), rule=None)
        truth = world.reserve.truth(deployed.model, None)
        return cls(world, plan, folder, seed, deployed, learned=len(world.taught), truth=truth)

    async def play(self) -> Story:
        """Play every round; learn and calibrate between them."""
        for number, requests in enumerate(self.world.rounds, 1):
            self.used.append(self.deployed)
            lessons = await self._round(number, requests)
            self.lessons.append(lessons)
            if number == 1:
                self.alone = await self._calibrated(self.deployed.model, lessons, self.plan.promise)
            if number < self.plan.rounds:
                await self._learn(number, lessons)
        return Story(NAME, self.seed, tuple(self.rounds), tuple(self.thresholds))

    async def _round(self, number: int, requests: tuple[Request, ...]) -> Lessons:
        """Let requests arrive and people answer; return what is to be learned."""
        intents = self.world.intents
        step = intent_step(self.deployed, intents, audited=self.plan.audit_rate(number))
        triage = triage_with(step)
        people = People(self.world.intent_of)
        async with Orchestrator(f"sqlite:///{self.folder / 'circle.db'}", workflows=[triage]) as orchestrator:
            await orchestrator.start_many(triage, [(each.id, each.text) for each in requests])
            await orchestrator.idle()
            await people.answer_all(orchestrator)
            records = [each for each in read_records(orchestrator, step=STEP) if each is not None]
            labels = read_labels(orchestrator, step=step)
        self.rounds.append(self._counted(number, requests, records, people))
        return sort_answers(labels, records, spent=self.spent, set_aside=self.plan.set_aside)

    def _counted(self, number: int, requests: tuple[Request, ...], records: list[Recorded], people: People) -> Round:
        intent_of = {each.id: each.intent for each in requests}
        accepted = [each for each in records if each.run_id in intent_of and each.accepted]
        return Round(
            number=number,
            requests=len(requests),
            accepted=len(accepted),
            wrong=sum(each.value != intent_of[each.run_id] for each in accepted),
            decisions=people.answered["decide"],
            audits=people.answered["audit"],
            threshold=self.deployed.threshold,
            learned=self.learned,
            truth=self.truth,
        )

    async def _learn(self, number: int, lessons: Lessons) -> None:
        """Train a model on what people said, calibrate it, and put it to use if it lets more pass."""
        examples = (*self.world.taught, *lessons.examples)
        new = await self._calibrated(fit(examples), lessons, self.plan.each_promise)
        self.spent.update(each.name for each in lessons.audits)
        truth = self.world.reserve.truth(new.model, new.threshold)
        self.thresholds.append(Calibrated(number, len(lessons.audits), truth))
        if expected_coverage(new, lessons) >= expected_coverage(self.deployed, lessons):
            self.deployed, self.learned, self.truth = new, len(examples), truth

    async def _calibrated(self, model: LocalModel, lessons: Lessons, promise: Promise) -> Deployed:
        file = self.folder / f"{STEP}.{model.version}.acceptance.json"
        return await calibrated(model, lessons, promise, intents=self.world.intents, file=file)
