"""The pages: the sizes of each experiment at the four profiles, and the claims in the paper's order.

Importing this imports no TensorFlow: what was found is told in a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fooling.pages import explorer, imagenet_direct, imagenet_networks, mnist_networks, mnist_search, your_network
from fooling.pages.ascent import claim as ascent
from fooling.pages.claim import Claim
from fooling.pages.detectors import summary as detectors
from fooling.pages.fewer_images import claim as fewer_images
from fooling.pages.imagenet_cppn import claim as imagenet_cppn
from fooling.pages.imagenet_cppn import diversity, modern, relatedness
from fooling.pages.mnist_features import claim as mnist_features
from fooling.pages.page import check_profile
from fooling.pages.repetition import claim as repetition
from fooling.pages.retraining import digit_claims, imagenet_claims
from fooling.pages.retraining import sizes as retraining
from fooling.pages.training_size import claim as training_size
from fooling.pages.transfer import claim as transfer

# By the notebook's stem; a page that is not listed reads none.
SIZES: Mapping[str, Mapping[str, Any]] = {
    "01_mnist_networks": mnist_networks.SIZES,
    "02_mnist_direct": mnist_search.SIZES,
    "03_mnist_cppn": mnist_search.SIZES,
    "04_mnist_features_across_runs": mnist_search.SIZES,
    "05_mnist_training_size": training_size.SIZES,
    "06_imagenet_networks": imagenet_networks.SIZES,
    "07_imagenet_direct": imagenet_direct.SIZES,
    "08_imagenet_cppn": imagenet_cppn.SIZES,
    "09_imagenet_repetition": repetition.SIZES,
    "10_transfer": transfer.SIZES,
    "11_retraining": retraining.SIZES,
    "12_gradient_ascent": ascent.SIZES,
    "13_detectors": detectors.SIZES,
    "14_explorer": explorer.SIZES,
    "15_your_network": your_network.SIZES,
    "16_fewer_images": fewer_images.SIZES,
}

CLAIMS: tuple[Claim[Any], ...] = (
    *mnist_search.CLAIMS,
    mnist_features.CLAIM,
    training_size.CLAIM,
    imagenet_direct.CLAIM,
    *imagenet_cppn.CLAIMS,
    repetition.CLAIM,
    diversity.CLAIM,
    relatedness.CLAIM,
    modern.CLAIM,
    *transfer.CLAIMS,
    digit_claims.CHAIN_CLAIM,
    imagenet_claims.CLAIM,
    digit_claims.ERROR_CLAIM,
    ascent.CLAIM,
    imagenet_networks.CLAIM,
    fewer_images.CLAIM,
)


def find_sizes(page: str, profile: str) -> Any:
    """Return the sizes of ``page`` at ``profile``, or None for a page that reads none."""
    return SIZES.get(page, {}).get(check_profile(profile))
