"""The page of neuron models: their equations, and figures over the strength of what they add."""

from pathlib import Path

from tdsnn_brian.whole_files import write_text

from ..page.model_sections import equations
from ..page.plots import Plot, logarithmic_if_positive, new_figure, plot, styles
from ..page.rendering import Section, Table, columns, facts, render

FIGURES = (
    ("Moved", "moved", "share"),
    ("Mean shift (ticks)", "mean_shift", "number"),
    ("Accuracy", "accuracy", "share"),
    ("Agreement", "agreement", "share"),
)


def write_page(summary: dict, path: Path) -> None:
    """Write the page of a summary."""
    sections = [SECTIONS[part](summary) for part in SECTIONS if part in summary]
    title = f"{summary['network']}: neurons that are more like cells"
    write_text(render(summary, sections, title=title, files=["summary.json"]), path)


def circuit(summary: dict) -> Section:
    """Ticking neurons made of neurons."""
    return Section(
        id="circuit",
        title="A ticking neuron made of neurons",
        text=(
            "A timer fires at the end of the window and sets an oscillator off, whose spikes are "
            "the ticks; a neuron that counts the layer's spikes stops it.",
        ),
        facts=facts(("Images", "few_images", "count")),
        tables=(
            Table(
                path="circuit",
                caption="Every run",
                columns=columns(("Steps per tick", "steps_per_tick", "count"), *FIGURES),
            ),
        ),
        code=equations(summary["circuit_equations"]),
    )


def currents(summary: dict) -> Section:
    """Synaptic currents that last."""
    rows = summary["currents"]
    groups = {
        f"{shape}, corrected: {way}": [
            r for r in rows if (r["shape"], r["correction"]) == (shape, way)
        ]
        for shape in ("exponential", "alpha")
        for way in dict.fromkeys(r["correction"] for r in rows)
    }
    return Section(
        id="currents",
        title="Synapses with time constants",
        text=(
            "A presynaptic spike opens a current that decays with tau_syn = ratio tau_mem. What it "
            "leaves behind decays as the membrane does and is larger by 1/(1 - ratio), or its "
            "square for an alpha course: weights are divided by that, and releases wait until the "
            "last current has brought 99 % of its charge's effect. Ticks stay instantaneous.",
        ),
        facts=facts(("Images", "images", "count")),
        tables=(
            Table(
                path="currents",
                filter_by="shape",
                caption="Every run",
                columns=columns(
                    ("Shape", "shape"),
                    ("tau_syn / tau_mem", "ratio", "number"),
                    ("Corrected", "correction"),
                    ("Waits (ticks)", "wait", "count"),
                    *FIGURES,
                ),
            ),
        ),
        code=equations(summary["currents_equations"]),
        plots=_curves("currents", groups, "ratio", "tau_syn / tau_mem"),
    )


def conductances(summary: dict) -> Section:
    """Synaptic conductances."""
    return Section(
        id="conductances",
        title="Conductances",
        text=(
            "A presynaptic spike opens a conductance whose current shrinks towards a reversal "
            "potential, 50 mV above the threshold or 25 mV below it; tau_syn is a tenth of "
            "tau_mem, and the corrections of currents are made. The larger the potential that a "
            "weight of 1 stands for, the more inputs shunt each other, and sums are no longer "
            "sums.",
        ),
        facts=facts(("Images", "few_images", "count")),
        tables=(
            Table(
                path="conductances",
                caption="Every run",
                columns=columns(("mV a weight of 1", "unit_mv", "number"), *FIGURES),
            ),
        ),
        code=equations(summary["conductances_equations"]),
        plots=_curves(
            "conductances",
            {"conductances": summary["conductances"]},
            "unit_mv",
            "mV that a weight of 1 stands for",
        ),
    )


def _curves(name: str, groups: dict[str, list[dict]], key: str, label: str) -> tuple[Plot, ...]:
    """Share of moved latencies, and agreement with the analysis, over `key`."""
    figure, ((moved, agreement),) = new_figure(7.6, 3.4, 1, 2)
    for (title, rows), style in zip(groups.items(), styles(), strict=False):
        at = [row[key] for row in rows]
        moved.plot(at, [row["moved"] for row in rows], marker="o", ms=3, label=title, **style)
        agreement.plot(at, [row["agreement"] for row in rows], marker="o", ms=3, **style)
    for axes in (moved, agreement):
        axes.set_xscale("log")
        axes.set_xlabel(label)
    logarithmic_if_positive(moved)
    moved.set_ylabel("moved latencies, share")
    agreement.set_ylabel("same answer, share")
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=7)
    described = "; ".join(
        f"{title}: moved {', '.join(format(row['moved'], '.3g') for row in rows)}"
        for title, rows in groups.items()
    )
    return (
        plot(
            figure,
            name=name,
            alt=f"Share of moved latencies and of same answers over {label}. {described}.",
            caption=f"Firing times that are not those of the analysis, and answers that are, over "
            f"{label}. Points that are exactly 0 have no place on a logarithmic axis.",
        ),
    )


SECTIONS = {"circuit": circuit, "currents": currents, "conductances": conductances}
