"""The rules of a network that has a spiking counterpart: the coding, the ReLU, the end."""

from ..errors import NotAdaptedError, UnsupportedLayerError
from ..layers import AveragePool2D, MaxPool2D
from .graph import (
    Arrangement,
    Coding,
    End,
    Ending,
    Graph,
    Neurons,
    Node,
    Passive,
    Rectifier,
    Reshaping,
    Sum,
    ZeroPadding,
    sums,
)
from .padding import NO_PADDING, add_padding


def check_graph(graph: Graph, *, adapted: bool) -> None:
    """Check a network as it was read.

    Parameters
    ----------
    graph : Graph
    adapted : bool
        Whether it must (or else must not) hold reverse coding.

    Raises
    ------
    UnsupportedLayerError, NotAdaptedError
        Naming the layer, what is wrong with it and the remedy.
    """
    _check_ending(graph)
    _check_coding(graph, adapted)


def check_folded(graph: Graph) -> None:
    """Check a network that `folding.fold` gave: its ends, and its padding; errors as above."""
    read_out: dict[str, End] = {}
    for end, output in zip(graph.ends, graph.outputs, strict=True):
        if output is None:
            raise UnsupportedLayerError(
                f"the model {graph.name!r} has no synapse-based layer (Conv2D, Dense, "
                f"AveragePooling2D) before its output {graph[end.node].label!r} whose potentials "
                "could be read out; add a Dense layer at the end and train it"
            )
        _check_end(output, graph.behind_output(end))
        if output.name in read_out:
            other = graph[read_out[output.name].node]
            raise UnsupportedLayerError(
                f"outputs {other.label!r} and {graph[end.node].label!r} are both what "
                f"{output.origin} gives, in other shapes; leave one of them out"
            )
        read_out[output.name] = end
    _check_padding(graph)


def _check_ending(graph: Graph) -> None:
    endings: dict[str, Ending | None] = {}
    for node in graph:
        ending = next((x for x in map(endings.get, node.inputs) if x is not None), None)
        if ending is not None and not isinstance(node, Passive | Reshaping):
            where = "has" if ending.inside else "is"
            raise UnsupportedLayerError(
                f"{ending.origin} {where} a {ending.function} in the middle of the model, before "
                f"{node.origin}; only the end may have one: use ReLU there, and train the model "
                "again"
            )
        endings[node.name] = node if isinstance(node, Ending) else ending
    for node in graph:
        ending = next((x for x in map(endings.get, node.inputs) if x is not None), None)
        if ending is not None and isinstance(node, Reshaping):
            _check_classes(ending, node)


def _check_classes(ending: Ending, behind: Reshaping) -> None:
    """Logits rank the classes of one softmax as it does, but not those of several."""
    if "softmax" in ending.function and ending.shape[-1] % behind.target[-1]:
        raise UnsupportedLayerError(
            f"{behind.origin} puts several softmaxes of {ending.origin} into one row, and the "
            "logits that a network gives do not tell which of theirs is the largest; leave "
            f"{behind.label!r} out, or put the softmax behind it and train the model again"
        )


def _check_coding(graph: Graph, adapted: bool) -> None:
    if graph.codings and not adapted:
        raise UnsupportedLayerError(
            f"{graph.codings[0].origin} is there already; pass the model as it was before adapt"
        )
    coded: dict[str, Coding | None] = {}  # the coding that has met no layer with synapses yet
    of_image: dict[str, bool] = {}
    for node in graph:
        codings = [coded[name] for name in node.inputs]
        before = codings[0] if codings and all(codings) else None
        of_image[node.name] = not sums(node) and all(of_image[name] for name in node.inputs)
        if isinstance(node, Coding):
            _check_one_coding(node, before, graph.codings[0], of_image[node.name])
            before = node
        elif isinstance(node, Neurons) and node.is_synaptic:
            if adapted and before is None:
                raise NotAdaptedError(
                    f"{node.origin} has no ReverseCoding before it; convert takes an adapted "
                    "model: adapted = tdsnn_brian.adapt(model, leak=5) first, retrain it if "
                    "needed, then convert(adapted)"
                )
            before = None
        coded[node.name] = before


def _check_one_coding(node: Coding, before: Coding | None, first: Coding, of_image: bool) -> None:
    if before is not None:
        raise UnsupportedLayerError(
            f"{node.origin} follows {before.label!r} without a synapse-based layer in between; "
            "remove one of the two"
        )
    if (node.leak, node.silent_zeros) != (first.leak, first.silent_zeros):
        raise UnsupportedLayerError(
            f"{node.origin} has leak={node.leak:g}, silent_zeros={node.silent_zeros}, but those "
            f"before it leak={first.leak:g}, silent_zeros={first.silent_zeros}; a network has one "
            "of each, so adapt the whole model with one leak"
        )
    if node.rounding != first.rounding:
        raise UnsupportedLayerError(
            f"{node.origin} has rounding={node.rounding!r}, but those before it "
            f"{first.rounding!r}; a network has one, so adapt the whole model with one"
        )
    if of_image and node.steps != first.steps:
        raise UnsupportedLayerError(
            f"{node.origin} has steps={node.steps}, and {first.label!r}, which codes the same "
            f"image, steps={first.steps}; input neurons fire once, so use the same steps"
        )
    if not of_image and node.steps > 1:
        raise UnsupportedLayerError(
            f"{node.origin} has steps={node.steps}, but only the input, which no ticking neuron "
            "drives, can fire between ticks; use steps=1"
        )


def _check_end(output: Neurons | Sum, behind: tuple[Node, ...]) -> None:
    for node in behind:
        if isinstance(node, Rectifier) and node.inside:
            raise UnsupportedLayerError(
                f"{output.origin} is an output layer and has {_named(node)}, but output neurons "
                "are read out without firing; remove it, or add a Dense layer at the end, and "
                "train the model again"
            )
        if isinstance(node, Rectifier | Neurons | ZeroPadding | Coding):
            raise UnsupportedLayerError(
                f"{node.origin} follows the output layer {output.label!r}, whose neurons are read "
                "out without firing; remove it, or add a Dense layer at the end, and train the "
                "model again"
            )


def _named(activation: Rectifier) -> str:
    if activation.is_relu:
        return "a ReLU"
    return f"the transfer {activation.parts[0].transfer.name!r}"


def _check_padding(graph: Graph) -> None:
    waiting: dict[str, tuple[ZeroPadding, ...]] = {}  # zero padding that has met no neurons yet
    for node in graph:
        zeros = waiting[node.inputs[0]] if node.inputs else ()
        if isinstance(node, ZeroPadding):
            zeros = (*zeros, node)
        elif isinstance(node, Neurons):
            _check_padded(node, zeros)
            zeros = ()
        elif isinstance(node, Reshaping | Arrangement):
            zeros = ()  # from there on they are values like others
        waiting[node.name] = zeros


def _check_padded(node: Neurons, zeros: tuple[ZeroPadding, ...]) -> None:
    layer = node.layer
    if node.rebuild is not None:
        return  # it was told of the padding when it was read
    if not isinstance(layer, MaxPool2D | AveragePool2D):
        return
    if isinstance(layer, AveragePool2D):
        if zeros and layer.padding != NO_PADDING:
            raise UnsupportedLayerError(
                f"{node.origin} has padding='same' behind zero padding of its own, "
                f"{zeros[-1].origin}, and would count the two differently; use one of them"
            )
        return
    padding = layer.padding
    for more in zeros:
        padding = add_padding(padding, more.padding)
    if any(max(amounts) >= size for amounts, size in zip(padding, layer.pool_size, strict=True)):
        raise UnsupportedLayerError(
            f"{node.origin} has windows that hold padding alone ({padding} around a pool of "
            f"{layer.pool_size}), and no neuron would make them fire; pad less than the pool size"
        )
