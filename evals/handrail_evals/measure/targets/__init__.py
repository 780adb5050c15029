"""What can be measured: AI steps, plain functions, workflows."""
