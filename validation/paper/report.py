"""From the measured rows to ``summary.json``: the paper's tables and figures by their names."""

from collections.abc import Callable
from dataclasses import asdict

from tdsnn_brian.analysis.pool_constraints import feasible_table
from tdsnn_brian.networks.data import DataNotFoundError

from . import reported, runs
from .runs import GOAL, PAPER_LEAK, choose, confirm, count_full_size
from .steps import Steps
from .subjects import Options, Subject
from .work import work_row

FULL_SIZE = {"alexnet": "alexnet", "vgg16": "vgg16", "alexnet_grouped": "alexnet-grouped"}
OPERATIONS = ("dnn_mult", "dnn_add", "snn_mult", "snn_add", "total_ratio")
RATIO_GOALS = {
    "all_fire": dict.fromkeys(("lenet", "alexnet", "vgg16"), 1.85),
    "silent_zeros": {"lenet": 3.0, "vgg16": 4.0},
}


def assemble(
    results: dict[str, dict],
    work: list[dict],
    missing: dict[str, str],
    subjects: dict[str, Subject],
    simulated: dict[str, list[dict]],
    steps: Steps,
    n_photographs: int,
    progress: Callable[[str], None],
) -> dict:
    """The summary; what could not be measured is absent and stands in its notes.

    Parameters
    ----------
    results : dict
        From `validation.paper.runs.run_subject`, by network of the paper.
    work : list of dict
        Rows of other networks, from `validation.paper.work.work_of`.
    missing : dict of str to str
        Networks without data, and why.
    subjects : dict
        By network.
    simulated : dict
        From `validation.paper.simulated.simulate`; empty where there was no data.
    steps : Steps
    n_photographs : int
        How many photographs operations are counted on.
    progress : callable
        Called with what comes next.
    """
    summary = {
        "notes": [f"{name} could not be measured: {why}" for name, why in missing.items()],
        "networks": [
            {"name": name, "note": subject.note}
            for name, subject in subjects.items()
            if name not in missing
        ],
        "table1": {name: _table1(result) for name, result in results.items()},
        "figure4": {name: _figure4(result) for name, result in results.items()},
        "frontier": [
            _frontier_row(name, row) for name, result in results.items() for row in result["rows"]
        ],
        "max_pool": {"feasible": feasible_table()},
        "reported": {
            "table1": reported.TABLE1,
            "table2": reported.TABLE2,
            "peers": reported.PEERS,
        },
    }
    chosen = {
        (name, kind): choose(results[name], silent_zeros=kind == "silent_zeros", goal=GOAL[name])
        for name in ("lenet", "vgg16")
        if name in results
        for kind in ("all_fire", "silent_zeros")
    }
    summary["work"] = [
        *(
            work_row(subjects[name], results[name]["dnn"], row, steps)
            for (name, _), row in chosen.items()
        ),
        *work,
    ]
    measured = {("lenet", kind): row for (name, kind), row in chosen.items() if name == "lenet"}
    for (name, kind), row in chosen.items():
        if name != "vgg16":
            continue
        for key, network in FULL_SIZE.items():
            try:
                measured[key, kind] = count_full_size(network, row, steps, n_photographs, progress)
            except DataNotFoundError as error:
                summary["notes"].append(f"{network} could not be counted: {error}")
    summary["table2"] = _table2(measured)
    summary["layers"] = [
        {"network": name, "kind": kind, **layer}
        for (name, kind), row in measured.items()
        for layer in row["layers"]
    ]
    summary["table3"] = [
        {
            "network": name,
            "dnn_mult": row["dnn"]["mult"],
            "dnn_add": row["dnn"]["add"],
            "mult": row["deployed"]["mult"],
            "add": row["deployed"]["add"],
            "total_ratio": row["ratio_deployed"],
        }
        for (name, kind), row in measured.items()
        if kind == "all_fire"
    ]
    summary |= {"figure3": [], "figure6": [], **simulated}
    summary["input_steps"] = _input_steps(summary["frontier"])
    summary["figure5"] = _figure5(steps, progress, summary["notes"])
    summary["chosen"] = [
        _chosen_row(name, kind, row, confirm(subjects[name], row, steps, progress))
        for (name, kind), row in chosen.items()
    ]
    summary["goals"] = _goals(results, summary)
    summary["seconds"] = steps.seconds
    return summary


def _chosen_row(name: str, kind: str, row: dict, confirmed: dict | None) -> dict:
    further = confirmed or {}
    loss = further.get("loss", row["loss"])
    return {
        "network": name,
        "kind": kind,
        **{
            key: row[key]
            for key in (
                "leak",
                "scale",
                "input_steps",
                "calibrate",
                "retrain",
                "accuracy",
                "loss",
                "loss_error",
                "ticks",
            )
        },
        "further_images": further.get("images"),
        "further_dnn_accuracy": further.get("dnn_accuracy"),
        "further_accuracy": further.get("accuracy"),
        "further_loss": further.get("loss"),
        "further_loss_error": further.get("loss_error"),
        "within_goal": loss <= GOAL[name] + 1e-9,
    }


def _of(result: dict, leak: float, *, retrain: bool) -> dict | None:
    """The row of Fig. 4 for a leak: all neurons fire, first scale."""
    for row in result["rows"]:
        if row["leak"] == leak and row["retrain"] == retrain and not row["silent_zeros"]:
            return row
    return None


def _table1(result: dict) -> dict:
    def error(row) -> float:
        return 100 * (1 - row["accuracy"])

    return {
        "dnn_error": 100 * (1 - result["dnn_accuracy"]),
        "snn_error": error(_of(result, PAPER_LEAK, retrain=True)),
        "snn_error_untrained": error(_of(result, PAPER_LEAK, retrain=False)),
    }


def _figure4(result: dict) -> dict:
    leaks = [leak for leak in runs.LEAKS if _of(result, leak, retrain=False)]
    return {
        f"{leak:g}": {
            kind: row["accuracy"]
            for kind, retrain in (("retrained", True), ("untrained", False))
            if (row := _of(result, leak, retrain=retrain))
        }
        for leak in leaks
    }


def _frontier_row(name: str, row: dict) -> dict:
    return {
        "network": name,
        "L": row["leak"],
        "scale": row["scale"],
        "input_steps": row["input_steps"],
        "silent_zeros": row["silent_zeros"],
        "calibrated": row["calibrate"],
        "retrained": row["retrain"],
        "ticks": row["ticks"],
        "ticks_mean": row["ticks_mean"],
        "accuracy": row["accuracy"],
        "loss": row["loss"],
        "loss_error": row["loss_error"],
        "total_ratio": row["ratio_measured"],
        "total_ratio_fixed": row["ratio_fixed"],
    }


def _input_steps(frontier: list[dict]) -> list[dict]:
    """Conversions that differ in nothing but how finely their input is coded."""
    settings = ("network", "L", "scale", "silent_zeros", "calibrated", "retrained")
    alike: dict[tuple, list[dict]] = {}
    for row in frontier:
        alike.setdefault(tuple(row[key] for key in settings), []).append(row)
    return [
        row
        for rows in alike.values()
        if len(rows) > 1
        for row in sorted(rows, key=lambda row: row["input_steps"])
    ]


def _table2(measured: dict[tuple[str, str], dict]) -> dict:
    table: dict[str, dict] = {}
    for (name, kind), row in measured.items():
        table.setdefault(name, {})[kind] = {
            "dnn_mult": row["dnn"]["mult"],
            "dnn_add": row["dnn"]["add"],
            "snn_mult": row["measured"]["mult"],
            "snn_add": row["measured"]["add"],
            "total_ratio": row["ratio_measured"],
            "total_ratio_fixed": row["ratio_fixed"],
            "total_ratio_with_comparisons": row["ratio_with_comparisons"],
            "effective_acs": row["neurobench"]["Effective_ACs"],
            "dense_synapses": row["neurobench"]["Dense"],
            "L": row["leak"],
        }
    return table


def _figure5(steps, progress, notes) -> list[dict]:
    rows = []
    for leak in (1, 2, 3, 4, 5):
        try:
            row = count_full_size("alexnet", asdict(Options(leak, 3)), steps, 1, progress)
        except DataNotFoundError as error:
            notes.append(f"Fig. 5 could not be measured: {error}")
            return []
        rows.append(
            {
                "L": leak,
                "saved": 1 - 1 / row["ratio_measured"],
                "saved_fixed": 1 - 1 / row["ratio_fixed"],
                "reported": reported.FIGURE5.get(leak),
            }
        )
    return rows


def _goals(results: dict, summary: dict) -> list[dict]:
    rows = []

    def goal(what: str, wanted: str, value, reached) -> None:
        rows.append({"goal": what, "wanted": wanted, "measured": value, "reached": bool(reached)})

    if "lenet" in results:
        good = [
            row for row in results["lenet"]["rows"] if not row["retrain"] and row["ticks"] <= 30
        ]
        best = min(good, key=lambda row: row["loss"])
        goal(
            "LeNet, points lost without retraining in at most 30 ticks",
            "<= 0.02",
            round(100 * best["loss"], 3),
            best["loss"] <= GOAL["lenet"] + 1e-9,
        )
    if "vgg16" in results:
        rows_of = [row for row in results["vgg16"]["rows"] if row["leak"] <= 10]
        for what, retrain in (("not retrained", False), ("output layer retrained", True)):
            best = min(
                (row for row in rows_of if row["retrain"] == retrain), key=lambda row: row["loss"]
            )
            goal(
                f"VGG-16 on CIFAR-10, {what}, points lost at some L <= 10",
                "<= 0.5",
                round(100 * best["loss"], 2),
                best["loss"] <= GOAL["vgg16"] + 1e-9,
            )
        for row in summary["chosen"]:
            if row["network"] == "vgg16" and row["further_loss"] is not None:
                goal(
                    f"VGG-16 on CIFAR-10, {row['kind'].replace('_', ' ')}, L = {row['leak']:g}, "
                    f"scale {row['scale']:g}, {row['input_steps']} input steps a tick, points "
                    f"lost on {row['further_images']:,} images that did not choose it",
                    "<= 0.5",
                    round(100 * row["further_loss"], 2),
                    row["within_goal"],
                )
        worst = min(summary["figure4"]["vgg16"].items(), key=lambda item: max(item[1].values()))
        goal(
            "VGG-16 on CIFAR-10, lowest accuracy over L, in percent (10 is chance)",
            "no collapse",
            round(100 * max(worst[1].values()), 1),
            max(worst[1].values()) > 0.5 * results["vgg16"]["dnn_accuracy"],
        )
    for row in summary["figure6"]:
        goal(
            f"{row['network']}, answers without ticking neurons that are those with them",
            f"{row['images']:,}",
            f"{row['same_predictions']:,}",
            row["same_predictions"] == row["images"],
        )
    for kind, wanted in RATIO_GOALS.items():
        for name, ratio in wanted.items():
            row = summary["table2"].get(name, {}).get(kind)
            if row:
                words = "all neurons firing" if kind == "all_fire" else "silent zeros"
                goal(
                    f"{name}, operations DNN/SNN, {words}",
                    f">= {ratio:g}",
                    round(row["total_ratio"], 3),
                    row["total_ratio"] >= ratio,
                )
    return rows
