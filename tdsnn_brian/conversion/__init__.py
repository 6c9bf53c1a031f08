"""From a network as a graph of plain data to a `SpikingNetwork`, without Keras.

Whoever reads networks of another kind, or builds them without Keras, writes a `graph.Graph` and
takes the same steps as `tdsnn_brian.adapt` and `tdsnn_brian.convert`: `rules.check_graph`,
`folding.fold`, `correction.correct`, `to_network.to_network`.
"""
