"""What `tune` prints, at its widest."""

from tdsnn_brian.settings import Setting
from tdsnn_brian.tuned import Tuned
from tdsnn_brian.tuning import Limits, Measured, Share


def test_the_table_fits_a_narrow_terminal():
    widest = Measured(
        setting=Setting(
            leak=0.45,
            scale=10,
            input_steps=4,
            silent_zeros=True,
            rounding="nearest",
            calibration=True,
        ),
        images=12_345,
        accuracy=Share(value=0.8726, error=0.0088),
        agreement=Share(value=0.9999, error=0.0021),
        loss=Share(value=-0.0007, error=0.0023),
        ticks=1234,
        operations=15.5e9,
        energy=123_456,
    )
    tuned = Tuned(
        adapted=None,
        network=None,
        setting=widest.setting,
        limits=Limits(max_loss=0.005),
        chosen=widest,
        validated=widest,
        candidates=(widest,),
        frontier=(widest,),
        model_accuracy=Share(value=0.8663, error=0.009),
    )
    lines = str(tuned).splitlines()
    assert max(map(len, lines)) <= 100
    for shown in ("0.45", "near silent calib", "87.3 ± 0.9", "-0.07 ± 0.23", "15.5G", "123k"):
        assert shown in lines[2]
    assert "12345 images that did not choose\n" in str(tuned)
    assert "the model before adaptation has 86.63 ± 0.90 %\n" in str(tuned)
