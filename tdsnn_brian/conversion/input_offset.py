"""Images with negative values: a constant is added to them, and taken off again by the weights."""

from dataclasses import replace

import numpy as np

from .affine import Affine
from .graph import Graph, Input, Node, Scaling, free_name


def with_shifted_images(graph: Graph, offset: float) -> Graph:
    """The graph that computes the same from images to which `offset` has been added."""
    name = free_name("input_offset", {node.name for node in graph})
    nodes: list[Node] = []
    for node in graph:
        if not isinstance(node, Input):
            inputs = [name if isinstance(graph[x], Input) else x for x in node.inputs]
            nodes.append(replace(node, inputs=tuple(inputs)))
            continue
        nodes += [
            node,
            Scaling(
                name=name,
                label=name,
                kind="adapt",
                inputs=(node.name,),
                input_shape=node.shape,
                affine=Affine(offset=np.asarray(-offset)),
            ),
        ]
    return replace(graph, nodes=tuple(nodes))
