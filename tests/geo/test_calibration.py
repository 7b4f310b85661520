import numpy as np
import pytest

from geo import Parishes
from scripts.calibrate_location import Claims, simulate


@pytest.mark.timeout(400)
def test_when_it_says_70_percent_it_is_right_70_percent_of_the_time(quito: Parishes) -> None:
    claims = simulate(quito, 20_000)
    assert claims.error <= 0.02
    for _, _, count, said, right in claims.table():
        # Four standard errors of the share: no tenth of the scale is off by more than chance.
        assert abs(said - right) <= 4 * (said * (1 - said) / count) ** 0.5 + 0.005


def test_the_measure_itself_sees_overconfidence() -> None:
    honest = Claims(np.full(1000, 0.7), np.arange(1000) < 700)
    boasting = Claims(np.full(1000, 0.95), np.arange(1000) < 700)
    assert honest.error == pytest.approx(0, abs=1e-9)
    assert boasting.error == pytest.approx(0.25)
