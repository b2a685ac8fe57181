"""The report in short: the answer in three sentences, six highlights, and how many claims came to what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from fooling.pages.claim import NOT, PARTLY, REPRODUCED, SUPPORTED, UNSUPPORTED, UNTESTED
from fooling.pages.finding import Finding
from fooling.words import Markup, escape, list_words

VERDICTS = (REPRODUCED, PARTLY, NOT, SUPPORTED, UNSUPPORTED, UNTESTED)
ANSWERS = {"On digits": "mnist-cppn", "On ImageNet": "imagenet-cppn"}  # by where, the claim that says it
HIGHLIGHTS = (
    *("imagenet-diversity", "imagenet-direct", "modern-networks"),
    *("transfer", "retrain-imagenet", "gradient-ascent"),
)


def count_verdicts(findings: Iterable[Finding]) -> tuple[tuple[str, int], ...]:
    """Return how many claims came to each verdict, without those that none came to."""
    counts = Counter(one.verdict for one in findings)
    return tuple((verdict, counts[verdict]) for verdict in VERDICTS if counts[verdict])


def list_answer(findings: Sequence[Finding]) -> dict[str, str]:
    """Return what happened on digits and on ImageNet, and what came out otherwise, as far as pages have run."""
    by_claim = {one.claim.id: one for one in findings}
    told = {where: by_claim[claim].headline for where, claim in ANSWERS.items() if claim in by_claim}
    against = {"Against the paper": NOT, "Against this project's own hopes": UNSUPPORTED}
    others = {who: [one.claim.otherwise for one in findings if one.verdict == no] for who, no in against.items()}
    said = [f"{whose}: {list_words(clauses)}." for whose, clauses in others.items() if clauses]
    return told | ({"What came out otherwise": " ".join(said)} if said else {})


def tell_answer(findings: Sequence[Finding]) -> Markup:
    """Return :func:`list_answer` as a Markdown list."""
    return Markup("\n".join(f"- **{what}.** {escape(told)}" for what, told in list_answer(findings).items()))


def tell_highlights(findings: Sequence[Finding], folder: str) -> Markup:
    """Return six findings as a Markdown list, and the tally; pages are in ``folder``, seen from the text."""
    by_claim = {one.claim.id: one for one in findings}
    lines = [
        f"- **{escape(one.claim.title)}** ({one.verdict}). {escape(one.headline)} "
        f"[Page {one.claim.page[:2]}]({folder}{one.claim.page}.ipynb)"
        for one in (by_claim[name] for name in HIGHLIGHTS if name in by_claim)
    ]
    tally = list_words([f"{count} {verdict}" for verdict, count in count_verdicts(findings)])
    return Markup("\n".join([*lines, "", f"Of {len(findings)} claims: {tally}."]))
