"""Accuracy, ticks and operations of one network, from the discrete analysis of images."""

import numpy as np
from numpy.typing import NDArray

import tdsnn_brian as td
from tdsnn_brian.analysis import operations as ops
from tdsnn_brian.network import SpikingNetwork


def measure(
    network: SpikingNetwork,
    images: NDArray,
    labels: NDArray | None = None,
    *,
    batch: int = 250,
    inner_batch: int | None = None,
) -> dict:
    """Analyse `images` in float32 and count what happened.

    Parameters
    ----------
    network : SpikingNetwork
    images : ndarray
        (n_images, *input shape).
    labels : ndarray, optional
        (n_images,); accuracy is left out without them.
    batch : int, optional
        Images whose firing times are held at once.
    inner_batch : int, optional
        See `tdsnn_brian.analyse`.

    Returns
    -------
    dict
        JSON values: ``accuracy`` and ``wrong`` (which images), ``ticks`` (windows that hold all
        images, summed over layers), ``ticks_mean`` (windows that end with each image's last
        spike), operations of the DNN and of the network (``fixed``, ``measured``, ``deployed``),
        NeuroBench's (``neurobench``, ``spiking``), ``spikes_per_neuron``, and each layer's.
    """
    parts, predictions, weights = [], [], []
    for start in range(0, len(images), batch):
        some = images[start : start + batch]
        run = td.analyse(network, some, dtype=np.float32, batch_size=inner_batch)
        predictions.append(run.predictions)
        weights.append(len(some))
        active = ops.inputs_that_fire(network, run.input_latencies, run.latencies)
        parts.append(
            {
                "windows": {
                    name: (values.max(), values.mean()) for name, values in run.windows.items()
                },
                "operations": ops.measure_snn(network, run.input_latencies, run.latencies),
                "spikes": {name: (values >= 0).sum() for name, values in run.latencies.items()},
                "ticks": {
                    name: np.maximum(values, 0).sum() for name, values in run.latencies.items()
                },
                "neurobench": ops.synaptic_operations(network, active, spiking=True),
                "spiking": ops.measure_spikes(network, run.input_latencies, run.latencies),
            }
        )

    def mean(get) -> float:
        return float(np.average([get(part) for part in parts], weights=weights))

    longest = {
        name: int(max(part["windows"][name][0] for part in parts)) for name in parts[0]["windows"]
    }
    dnn, fixed = ops.count_dnn(network), ops.count_snn(network, longest)
    measured = {
        layer.name: ops.Operations(
            **{
                kind: mean(
                    lambda part, layer=layer, kind=kind: getattr(
                        part["operations"][layer.name], kind
                    )
                )
                for kind in ("additions", "multiplications", "comparisons")
            }
        )
        for layer in network
    }
    deployed = ops.count_deployed(network, longest)
    result = {
        "images": len(images),
        "leak": network.leak,
        "ticks": sum(longest.values()),
        "ticks_mean": sum(
            mean(lambda part, name=name: part["windows"][name][1]) for name in longest
        ),
        "windows": longest,
        "dnn": _plain(ops.total(dnn)),
        "fixed": _plain(ops.total(fixed)),
        "measured": _plain(ops.total(measured)),
        "deployed": _plain(ops.total(deployed)),
        "neurobench": {
            key: mean(lambda part, key=key: part["neurobench"][key])
            for key in parts[0]["neurobench"]
        },
        "spiking": {
            kind: mean(lambda part, kind=kind: getattr(part["spiking"], kind))
            for kind in ("additions", "multiplications")
        },
        "spikes_per_neuron": _spikes_per_neuron(network, parts, len(images)),
        "layers": _layers(network, dnn, measured, longest, parts, len(images)),
    }
    for kind in ("fixed", "measured", "deployed"):
        result[f"ratio_{kind}"] = result["dnn"]["total"] / result[kind]["total"]
    result["ratio_with_comparisons"] = (
        ops.total(dnn).total_with_comparisons / ops.total(measured).total_with_comparisons
    )
    if labels is not None:
        result |= judge(np.concatenate(predictions), labels)
    return result


def judge(predictions: NDArray, labels: NDArray) -> dict:
    """Accuracy, the images that are classified wrongly, and all answers, as JSON values."""
    wrong = np.flatnonzero(predictions != labels)
    return {
        "accuracy": 1 - len(wrong) / len(labels),
        "wrong": wrong.tolist(),
        "answers": predictions.tolist(),
    }


def loss(before: dict, after: dict) -> dict:
    """Accuracy lost between two results of `judge`, and its standard error.

    The same images are in both: only those that one of the two gets right contribute.
    """
    n = before["images"]
    lost = len(set(after["wrong"]) - set(before["wrong"]))
    won = len(set(before["wrong"]) - set(after["wrong"]))
    share = (lost - won) / n
    return {"loss": share, "loss_error": max((lost + won) / n - share**2, 0) ** 0.5 / n**0.5}


def _plain(counted: ops.Operations) -> dict:
    return {
        "mult": float(counted.multiplications),
        "add": float(counted.additions),
        "comparisons": float(counted.comparisons),
        "total": float(counted.total),
    }


def _spikes_per_neuron(network: SpikingNetwork, parts: list[dict], n_images: int) -> float:
    """Of the neurons that fire, the input's not among them."""
    spikes = sum(int(count) for part in parts for count in part["spikes"].values())
    return spikes / (n_images * sum(x.n_neurons for x in network.populations if x.fires))


def _layers(network, dnn, measured, windows, parts, n_images) -> list[dict]:
    rows, neurons = [], sum(layer.n_neurons for layer in network)
    spikes = {name: sum(int(part["spikes"][name]) for part in parts) for name in parts[0]["spikes"]}
    ticks = {name: sum(int(part["ticks"][name]) for part in parts) for name in parts[0]["ticks"]}
    all_spikes = max(sum(spikes.values()), 1)
    all_ticks = max(
        sum(ticks[x.name] for x in network.populations if x.fires and x.kind.integrates), 1
    )
    for layer in network.populations:
        is_pool = not layer.kind.integrates
        name = layer.name
        rows.append(
            {
                "name": name,
                "neurons": layer.n_neurons,
                "neurons_share": layer.n_neurons / neurons,
                "window": windows.get(name),
                "spikes": spikes.get(name, 0) / n_images,
                "spikes_share": spikes.get(name, 0) / all_spikes,
                "ticks_share": 0.0 if is_pool or name not in ticks else ticks[name] / all_ticks,
                "dnn_mult": float(dnn[name].multiplications),
                "dnn_add": float(dnn[name].additions),
                "snn_mult": float(measured[name].multiplications),
                "snn_add": float(measured[name].additions),
            }
        )
    return rows
