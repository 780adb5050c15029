"""The workflow that ``handrail watch`` starts in the acceptance tests."""

from handrail import File, Run, action, step_context, workflow


@action
def text_of(file: File) -> str:
    return step_context().read_file(file)[:40].decode()


@workflow(version=1)
async def register(run: Run, file: File) -> str:
    return await run.step(text_of, file)
