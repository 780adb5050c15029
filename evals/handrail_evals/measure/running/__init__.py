"""Running a suite: cases put to the target side by side, each answer scored and appended to the result."""
