"""The scorer is chosen by its name in the manifest."""

import pytest
from attrai_estimator.networks import load_networks
from attrai_estimator.networks.manifest import WrongNetworkFile
from attrai_estimator.settings import WORKSPACE_MODELS


def test_each_scorer_comes_with_its_own_template() -> None:
    sizes = {
        name: load_networks(WORKSPACE_MODELS, scorer=name).scorer.template.size
        for name in ("scorer", "scorer_resnet34")
    }
    assert sizes == {"scorer": 150, "scorer_resnet34": 80}


def test_a_name_that_is_none_of_them_stops_the_start() -> None:
    with pytest.raises(WrongNetworkFile, match="no network named scorer_of_old"):
        load_networks(WORKSPACE_MODELS, scorer="scorer_of_old")
