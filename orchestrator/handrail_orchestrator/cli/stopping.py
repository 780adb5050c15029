"""Stopping a command that executes runs: whatever asks it to end has the runs handed back instead of dropped."""

import asyncio
import gc
import signal
from collections.abc import Callable, Coroutine
from contextlib import ExitStack, suppress
from typing import Any, TypeVar

from handrail_orchestrator.cli.complaints import STOPPED
from handrail_orchestrator.cli.foreign import ENDED
from handrail_orchestrator.cli.leftovers import end_leftovers
from handrail_orchestrator.embedded.signals import STOPPING, leave_after
from handrail_orchestrator.errors import Misuse

LEFTOVER_SECONDS = 3.0
"""How long what is left in the event loop may take to end."""

CLOSED_SECONDS = 60.0
"""How long handing back may take: a server that has stopped in the middle of an answer holds it up for ever."""

GOES_ON = "what is recorded is kept, the same command goes on"
LOOP_STOPPED = "Event loop stopped before Future completed."
"""What asyncio says when ``loop.stop()`` was called."""

T = TypeVar("T")


class Terminated(KeyboardInterrupt):
    """SIGTERM came, or the terminal was closed, and everything that was held open is closed."""


def run_service(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine like ``run_until_stopped``; SIGTERM is how it ends, so that nothing is wrong then.

    Raises:
        KeyboardInterrupt: it was stopped by Ctrl-C.
        Misuse: the code that was executed ended what it is executed in.
    """
    with suppress(Terminated):
        run_until_stopped(work)


def run_until_stopped(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end; a signal cancels it, and what it holds open is closed in order.

    Raises:
        KeyboardInterrupt: it was stopped.
        Misuse: the code that was executed ended what it is executed in.
    """
    stopped = False
    timers = ExitStack()

    async def watched() -> T:
        nonlocal stopped
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 -- asyncio.run has made one

        def stop() -> None:
            nonlocal stopped
            stopped = True
            timers.callback(leave_after(CLOSED_SECONDS, STOPPED).cancel)
            task.cancel()

        _stopped_by_signals(stop)
        return await work

    runner = asyncio.Runner()
    gc.freeze()  # what is loaded stays: looking at it over and over takes a tenth of the time of quick runs
    code = ENDED
    try:
        return runner.run(watched())
    except asyncio.CancelledError:
        if stopped:
            code = STOPPED
            raise Terminated from None
        raise Misuse(f"the code that was executed cancelled this command's own task; {GOES_ON}") from None
    except SystemExit as error:
        raise Misuse(
            f"the code that was executed ended this command with sys.exit({error.code!r}); {GOES_ON}"
        ) from None
    except KeyboardInterrupt:
        if not getattr(runner, "_interrupt_count", 1):  # what asyncio counts; without a count it is believed
            raise Misuse(f"the code that was executed raised KeyboardInterrupt, not Ctrl-C; {GOES_ON}") from None
        code = STOPPED
        raise
    except RuntimeError as error:
        if str(error) != LOOP_STOPPED:
            raise
        raise Misuse(f"the code that was executed stopped the event loop; {GOES_ON}") from None
    finally:
        # code that holds up the loop itself would do so for ever
        timers.callback(leave_after(2 * LEFTOVER_SECONDS, code).cancel)
        end_leftovers(runner.get_loop(), LEFTOVER_SECONDS)
        runner.close()
        timers.close()
        gc.unfreeze()


def _stopped_by_signals(stop: Callable[[], None]) -> None:
    """Have something called in the event loop when this process is asked to end."""
    with suppress(NotImplementedError):  # a system without signal handlers in the loop
        for number in STOPPING:
            if number == signal.SIGTERM or signal.getsignal(number) == signal.SIG_DFL:  # not so under nohup
                asyncio.get_running_loop().add_signal_handler(number, stop)
