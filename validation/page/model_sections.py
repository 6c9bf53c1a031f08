"""The sections of neuron models."""

from .plots import Plot
from .rendering import Section, Table, columns, facts


def physical(summary: dict, potentials: Plot | None) -> Section:
    """One image in physical units."""
    return Section(
        id="physical",
        title="In physical units",
        text=(
            "The same network with C dv/dt = (E_L - v)/R + I_hold: a neuron rests at E_L and is "
            "held at its threshold V_th by a constant current; presynaptic spikes and ticks bring "
            "charges. R follows from the leak and the capacitance. The first image.",
        ),
        facts=facts(
            ("Firing times", "physical.firing_times", "count"),
            ("Other than in the analysis", "physical.differ", "count"),
            ("Tick (ms)", "physical.tick_ms"),
            ("Lowest potential (mV)", "physical.lowest_mv", "fixed"),
            ("Highest potential (mV)", "physical.highest_mv", "fixed"),
        ),
        tables=(
            Table(
                path="physical.parameters",
                caption="Parameters (Potjans and Diesmann, Cerebral Cortex 24, 2014, Table 5)",
                columns=columns(("Name", "name"), ("Value", "value")),
            ),
        ),
        code=equations(summary["equations"]),
        plots=() if potentials is None else (potentials,),
    )


def equations(rows: list[dict]) -> tuple[tuple[str, str], ...]:
    """Titles and texts of a model's equations."""
    return tuple((f"Equations: {row['of']}", row["text"]) for row in rows)
