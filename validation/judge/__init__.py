"""Verdicts on firing times: what should have been, what continuous time would answer."""
