from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from audits.explain.association import association, correlation_ratio, cramers_v

RNG = np.random.default_rng(1)


def test_cramers_v_of_a_four_fold_table_is_phi_corrected_for_chance() -> None:
    one = np.repeat([0, 0, 1, 1], [30, 10, 20, 40])
    two = np.repeat([0, 1, 0, 1], [30, 10, 20, 40])
    phi2 = (30 * 40 - 10 * 20) ** 2 / (40 * 60 * 50 * 50)

    assert cramers_v(one, two) == pytest.approx(np.sqrt((phi2 - 1 / 99) / (1 - 1 / 99)), abs=1e-12)
    assert cramers_v(one, one) == pytest.approx(1.0)


def test_the_correlation_ratio_of_two_groups_is_their_share_of_the_variance_corrected_for_chance() -> None:
    group, values = np.array([0, 0, 1, 1]), np.array([1.0, 3.0, 5.0, 7.0])

    assert correlation_ratio(group, values) == pytest.approx(np.sqrt(1 - 4 / 20 * 3 / 2), abs=1e-12)
    assert correlation_ratio(group, np.array([2.0, np.nan, 6.0, 6.0])) == pytest.approx(1.0)
    assert correlation_ratio(group, np.ones(4)) == 0.0


def test_what_has_nothing_to_do_with_the_attribute_is_near_zero_however_many_categories_it_has() -> None:
    groups = RNG.choice(["f", "m"], 2000)
    many = pa.chunked_array([RNG.integers(0, 300, 2000).astype(str)])
    number = pa.chunked_array([RNG.normal(size=2000)])

    assert association("sex", groups, "many", many).value < 0.15
    assert association("sex", groups, "number", number).value < 0.08
    assert association("sex", groups, "itself", pa.chunked_array([groups])).value == pytest.approx(1.0)
