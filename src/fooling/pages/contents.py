"""The pages: the sizes of each experiment at the four profiles, and the claims in the paper's order.

Importing this imports no TensorFlow: what was found is told in a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fooling.pages import explorer, mnist_cppn, mnist_direct, mnist_networks
from fooling.pages.claim import Claim
from fooling.pages.mnist_features import claim as mnist_features
from fooling.pages.page import check_profile
from fooling.pages.retraining import digit_claims, imagenet_claims
from fooling.pages.retraining import sizes as retraining
from fooling.pages.training_size import claim as training_size
from fooling.pages.transfer import ensemble_claim, transfer_claim
from fooling.pages.transfer import sizes as transfer

# By the notebook's stem; a page that is not listed reads none.
SIZES: Mapping[str, Mapping[str, Any]] = {
    "01_mnist_networks": mnist_networks.SIZES,
    "02_mnist_direct": mnist_direct.SIZES,
    "03_mnist_cppn": mnist_cppn.SIZES,
    "04_mnist_features_across_runs": mnist_features.SIZES,
    "05_mnist_training_size": training_size.SIZES,
    "10_transfer": transfer.SIZES,
    "11_retraining": retraining.SIZES,
    "14_explorer": explorer.SIZES,
}

CLAIMS: tuple[Claim[Any], ...] = (
    mnist_direct.CLAIM,
    *mnist_cppn.CLAIMS,
    mnist_features.CLAIM,
    training_size.CLAIM,
    transfer_claim.CLAIM,
    ensemble_claim.CLAIM,
    digit_claims.CHAIN_CLAIM,
    imagenet_claims.CLAIM,
    digit_claims.ERROR_CLAIM,
)


def find_sizes(page: str, profile: str) -> Any:
    """Return the sizes of ``page`` at ``profile``, or None for a page that reads none.

    Raises:
        ValueError: If there is no such profile.
    """
    return SIZES.get(page, {}).get(check_profile(profile))
