"""The main figures of the benchmark, for the terminal."""

from rich.table import Table


def table(summary: dict) -> Table:
    """The main figures side by side."""
    result = Table(title="seconds and memory, one core unless said")
    for title in ("", "ms an image", "peak MiB", "compile s", "beside it"):
        result.add_column(title, justify="left" if title in ("", "beside it") else "right")

    def number(value, factor=1.0):
        return "" if value is None else f"{factor * value:,.3g}"

    row = summary.get("lenet") or {}
    for name in (
        "shared",
        "explicit",
        "torch",
        "spikingjelly_t8",
        "spikingjelly_t16",
        "shared_numpy",
        "explicit_numpy",
        "shared_cython",
        "explicit_cython",
        "explicit_genn",
    ):
        if entry := row.get(name):
            seconds = row["compile_seconds"] if name == "shared" else entry.get("compile_seconds")
            beside = entry.get("ratio_to_shared")
            result.add_row(
                f"LeNet, {name}",
                number(entry["ms_per_image"]),
                "",
                number(seconds),
                "" if beside is None else f"{beside:.2f} x shared",
            )
    if row := summary.get("mnist_10k"):
        result.add_row(
            f"LeNet, {row['images']:,} digits, {row['processes']} processes",
            number(row["ms_per_image"]),
            number(row["peak_mib"]),
            "",
            f"{row['seconds']:.1f} s in all; {'identical' if row['identical'] else 'DIFFERENT'}",
        )
    row = summary.get("resnet20") or {}
    for name in ("shared", "torch", "spikingjelly_t32", "spikingjelly_t64"):
        if entry := row.get(name):
            own = name == "shared"
            accuracy = f"; {entry['accuracy']:.1%} right" if "accuracy" in entry else ""
            result.add_row(
                f"ResNet-20, {name}",
                number(entry["ms_per_image"]),
                number(row["peak_gib"], 1024) if own else "",
                number(row["compile_seconds"]) if own else "",
                (
                    f"{row['unexplained']} unexplained"
                    if own
                    else f"{entry['ratio_to_shared']:.2f} x shared"
                )
                + accuracy,
            )
    for name in ("alexnet", "vgg16"):
        if row := summary.get(name):
            result.add_row(
                name,
                number(row["seconds_per_image"], 1e3),
                number(row["peak_gib"], 1024),
                number(row["compile_seconds"]),
                f"{row.get('ratio_to_torch', float('nan')):.1f} x torch; "
                f"{row['unexplained']} unexplained",
            )
            quiet = row.get("silent_zeros")
            if quiet:
                result.add_row(
                    f"{name}, silent zeros",
                    number(quiet["seconds_per_image"], 1e3),
                    number(quiet["peak_gib"], 1024),
                    "",
                    f"{quiet['ratio_to_all_firing']:.2f} x all firing; "
                    f"{quiet['unexplained']} unexplained",
                )
    return result
