"""The same network simulated many times: other integration, finer ticks, flaws."""
