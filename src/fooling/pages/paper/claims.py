"""The claims, in the paper's order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fooling.pages.paper import ascent, digits, headlines, imagenet, retraining, transfer
from fooling.pages.paper.verdicts import QUOTE, RECALLED, RECALLED_LESS


@dataclass(frozen=True)
class Claim:
    """One claim of the paper.

    Attributes:
        id: Short name.
        title: The claim in a few plain words.
        section: Where the paper makes it.
        sentence: What it says.
        number: The number to compare with.
        grade: How sure sentence and number are.
        page: The notebook that tests it.
        judge: From the page's metrics for this claim to a verdict.
        describe: From the same metrics to our number, in words.
        tell: The same in a line.
    """

    id: str
    title: str
    section: str
    sentence: str
    number: str
    grade: str
    page: str
    judge: Callable[[Mapping[str, Any]], str]
    describe: Callable[[Mapping[str, Any]], str]
    tell: Callable[[Mapping[str, Any]], str]


CPPN_SENTENCE = "CPPN images reach the same confidence; median after 200 generations."

CLAIMS = (
    Claim(
        id="mnist-direct",
        title="Bred pixels become certain digits",
        section="§3.1, Fig. 4",
        sentence=(
            "“In less than 50 generations, each run … ≥ 99.99% confidence. "
            "By 200 generations, median confidence is 99.99%.”"
        ),
        number="every digit 99.99% before generation 50, median 99.99% by 200",
        grade=QUOTE,
        page="02_mnist_direct",
        judge=digits.judge_direct,
        describe=digits.describe_direct,
        tell=headlines.tell_direct,
    ),
    Claim(
        id="mnist-cppn",
        title="Regular patterns become certain digits",
        section="§3.2, Fig. 5",
        sentence=CPPN_SENTENCE,
        number="median 99.99% by generation 200",
        grade=RECALLED,
        page="03_mnist_cppn",
        judge=digits.judge_cppn,
        describe=digits.describe_confidence,
        tell=headlines.tell_cppn,
    ),
    Claim(
        id="mnist-cppn-raw",
        title="The same, fed pixel indices",
        section="§3.2, Fig. 5",
        sentence=CPPN_SENTENCE
        + " This row feeds pixel indices as coordinates, as the released code does; the row above feeds [−1, 1].",
        number="median 99.99% by generation 200",
        grade=RECALLED,
        page="03_mnist_cppn",
        judge=digits.judge_cppn,
        describe=digits.describe_confidence,
        tell=headlines.tell_cppn,
    ),
    Claim(
        id="mnist-features",
        title="Independent runs find the same features",
        section="§3.2, supplement",
        sentence=(
            "“Images classified as a 1 tend to have vertical bars, while images classified as a 2 tend to have a "
            "horizontal bar in the lower half”; “Qualitatively similar discriminative features are observed in 50 "
            "other runs.”"
        ),
        number="50 other runs",
        grade=QUOTE,
        page="04_mnist_features_across_runs",
        judge=digits.judge_features,
        describe=digits.describe_features,
        tell=headlines.tell_features,
    ),
    Claim(
        id="small-data",
        title="More training data might prevent it",
        section="§3.3",
        sentence="Networks may be easily fooled because they learned from little data; a larger set might prevent it.",
        number="no number",
        grade=RECALLED,
        page="05_mnist_training_size",
        judge=digits.judge_small_data,
        describe=digits.describe_small_data,
        tell=headlines.tell_small_data,
    ),
    Claim(
        id="imagenet-direct",
        title="Bred pixels rarely fool an ImageNet network",
        section="§3.3, Fig. 6",
        sentence="Direct encoding is much less successful on ImageNet, even after 20,000 generations.",
        number="median 21.59%; 45 of 1000 classes at ≥ 99%; 5 runs",
        grade=RECALLED,
        page="07_imagenet_direct",
        judge=imagenet.judge_direct,
        describe=imagenet.describe_search,
        tell=headlines.tell_search,
    ),
    Claim(
        id="imagenet-cppn",
        title="Regular patterns fool an ImageNet network",
        section="§3.4, Fig. 7-8",
        sentence="CPPN encoding succeeds on ImageNet after 5,000 generations; dogs and cats are a weak spot.",
        number="median 88.11%; p < 0.0001 against direct; 5 runs",
        grade=RECALLED,
        page="08_imagenet_cppn",
        judge=imagenet.judge_cppn,
        describe=imagenet.describe_cppn,
        tell=headlines.tell_imagenet_cppn,
    ),
    Claim(
        id="imagenet-cppn-raw",
        title="The same, fed pixel indices",
        section="§3.4, Fig. 7-8",
        sentence=(
            "CPPN encoding succeeds on ImageNet after 5,000 generations. "
            "This row feeds pixel indices as coordinates, as the released code does; the row above feeds [−1, 1]."
        ),
        number="median 88.11%; p < 0.0001 against direct; 5 runs",
        grade=RECALLED,
        page="08_imagenet_cppn",
        judge=imagenet.judge_cppn,
        describe=imagenet.describe_cppn,
        tell=headlines.tell_imagenet_cppn,
    ),
    Claim(
        id="imagenet-repetition",
        title="Repeated elements matter little",
        section="§3.4, Fig. 10",
        sentence=(
            "Removing repeated elements of an image lowers its confidence, usually a little: the network learned low- "
            "and middle-level features, not global structure."
        ),
        number="no number",
        grade=RECALLED,
        page="09_imagenet_repetition",
        judge=imagenet.judge_repetition,
        describe=imagenet.describe_repetition,
        tell=headlines.tell_repetition,
    ),
    Claim(
        id="imagenet-relatedness",
        title="Related classes get related images",
        section="§3.4, Fig. 9",
        sentence="Closely related classes get similar images within a run; different runs find different images.",
        number="no number",
        grade=RECALLED,
        page="08_imagenet_cppn",
        judge=imagenet.judge_relatedness,
        describe=imagenet.describe_relatedness,
        tell=headlines.tell_relatedness,
    ),
    Claim(
        id="transfer",
        title="Images that fool one network fool another",
        section="§3.5",
        sentence=(
            "Many images that fool one network fool another, of other initialisation or other architecture; others are "
            "specific to the network they evolved on."
        ),
        number="no number",
        grade=RECALLED,
        page="10_transfer",
        judge=transfer.judge_transfer,
        describe=transfer.describe_transfer,
        tell=headlines.tell_transfer,
    ),
    Claim(
        id="ensemble",
        title="Three networks together are fooled, too",
        section="supplement",
        sentence="Images evolved against the mean softmax of three networks fool it as well.",
        number="median 65.2% after 4,000 generations; 231 of 1000 classes ≥ 90%",
        grade=RECALLED_LESS,
        page="10_transfer",
        judge=transfer.judge_ensemble,
        describe=transfer.describe_ensemble,
        tell=headlines.tell_ensemble,
    ),
    Claim(
        id="retrain-mnist",
        title="A fooling class does not help on digits",
        section="§3.6",
        sentence="Adding a fooling class and retraining, 15 times over, does not stop fooling on digits.",
        number="median 99.99% after 15 iterations",
        grade=RECALLED,
        page="11_retraining",
        judge=retraining.judge_digits,
        describe=retraining.describe_digits,
        tell=headlines.tell_retrained_digits,
    ),
    Claim(
        id="retrain-imagenet",
        title="A fooling class helps on ImageNet",
        section="§3.6",
        sentence="On ImageNet a fooling class helps: the retrained network is fooled far less.",
        number="median 88.1% on DNN1, 11.7% on DNN2; p < 0.0001",
        grade=RECALLED,
        page="11_retraining",
        judge=retraining.judge_imagenet,
        describe=retraining.describe_imagenet,
        tell=headlines.tell_retrained_imagenet,
    ),
    Claim(
        id="retrain-error",
        title="Retraining costs little accuracy",
        section="§3.6, supplement",
        sentence="Retrained networks keep a similar error rate.",
        number="no number",
        grade=RECALLED,
        page="11_retraining",
        judge=retraining.judge_error,
        describe=retraining.describe_error,
        tell=headlines.tell_error,
    ),
    Claim(
        id="gradient-ascent",
        title="Gradient ascent fools, L2 makes it recognisable",
        section="§3.7, Fig. 13",
        sentence=(
            "Gradient ascent on pixels gives near-certain images as well; L2 regularisation makes them more "
            "recognisable and slightly less confident."
        ),
        number="99.99%",
        grade=RECALLED,
        page="12_gradient_ascent",
        judge=ascent.judge_ascent,
        describe=ascent.describe_ascent,
        tell=headlines.tell_ascent,
    ),
    Claim(
        id="natural-confidence",
        title="Real photographs get less confidence",
        section="supplement",
        sentence="On real ImageNet validation images the network is far less certain, and more so when it is right.",
        number="median 60.3%; 86.7% when right, 33.7% when wrong",
        grade=RECALLED_LESS,
        page="06_imagenet_networks",
        judge=imagenet.judge_natural,
        describe=imagenet.describe_natural,
        tell=headlines.tell_natural,
    ),
)


def find_claim(claim_id: str) -> Claim:
    """Return the claim called ``claim_id``.

    Raises:
        ValueError: If there is none.
    """
    for claim in CLAIMS:
        if claim.id == claim_id:
            return claim
    raise ValueError(f"There is no claim {claim_id!r}; choose one of {', '.join(claim.id for claim in CLAIMS)}.")
