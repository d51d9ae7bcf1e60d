"""What params.yaml may say of watching."""

import pytest
from small_watching import SECTION

from include.flights.watching.settings import Params


def test_a_group_that_is_no_category_is_refused():
    with pytest.raises(ValueError, match="'origins' is no category. Did you mean 'origin'"):
        Params(**{**SECTION, "groups": ["origins"]})
