"""What becomes of a child run when its parent does not wait for it."""

from typing import Literal

ChildPolicy = Literal["wait", "leave", "cancel"]
"""``wait``: its parent waits for its result; ``leave``: it goes on by itself; ``cancel``: it ends with its parent."""
