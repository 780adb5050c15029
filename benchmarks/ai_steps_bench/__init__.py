"""What an AI step costs: a call, many calls, a batch, and the parts of one."""
