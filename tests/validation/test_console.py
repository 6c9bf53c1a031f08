"""Names on the terminal are those of the layers, whatever they look like."""

import io

from rich.console import Console

from tdsnn_brian.validation.console import layer_table


def test_markup_in_a_name_is_shown_as_it_is():
    names = ["[red]conv[/red]", "[link=file:///]x", "[/]", "plain", "a\\[b]"]
    row = {
        "neurons": 1, "identical": 1.0, "max_difference_ticks": 0, "spikes_per_neuron": 1.0,
    }  # fmt: skip
    layers = [{"name": name, **row} for name in names]
    file = io.StringIO()
    Console(file=file, width=200).print(
        layer_table({"images": 1, "device": "numpy", "layers": layers})
    )
    for name in names:
        assert name in file.getvalue()
