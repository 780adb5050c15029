"""LangGraph with its SQLite checkpointer, WAL and ``synchronous=FULL``: the same five steps as five nodes."""

from pathlib import Path
from typing import TypedDict

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph

from engine_bench.callers import call_load
from engine_bench.load import Load
from engine_bench.peer_process import main
from engine_bench.rows import STEPS
from engine_bench.spent import Spent


class Count(TypedDict):
    """The state that flows through the nodes."""

    number: int


async def bump(state: Count) -> Count:
    """Return the next number."""
    return {"number": state["number"] + 1}


async def measure(file: Path, load: Load) -> Spent:
    """Compile the graph on a new file, put the load on it and return what that spent.

    ``durability="sync"`` is LangGraph's word for what is measured everywhere here: a step's result is on the disk
    before the next step begins.
    """
    graph = StateGraph(Count)
    names = [f"bump{step}" for step in range(STEPS)]
    for name in names:
        graph.add_node(name, bump)
    for before, after in zip([START, *names], [*names, END], strict=True):
        graph.add_edge(before, after)
    async with AsyncSqliteSaver.from_conn_string(str(file)) as saver:
        await saver.setup()
        await saver.conn.execute("PRAGMA synchronous=FULL")
        compiled = graph.compile(checkpointer=saver)

        async def run_once(number: int) -> int:
            config = {"configurable": {"thread_id": f"run-{number}"}}
            state = await compiled.ainvoke({"number": number}, config, durability="sync")
            result: int = state["number"]
            return result

        return await call_load(run_once, load)


if __name__ == "__main__":
    main(measure)
