"""When to give a trial up."""

import math
from collections.abc import Sequence

__all__ = ["hopeless"]

_PEERS = 4


def hopeless(score: float, peers: Sequence[float], direction: str, keep: float = 0.5) -> bool:
    """Whether a score on the way is outside the best `keep` of what earlier trials had there.

    Says no until there are enough peers to compare with; a score that is no number is hopeless at once.
    """
    if math.isnan(score):
        return True
    sign = 1 if direction == "minimize" else -1
    ranked = sorted(sign * peer for peer in peers if not math.isnan(peer))
    if len(ranked) < _PEERS:
        return False
    return sign * score > ranked[min(len(ranked) - 1, int(keep * len(ranked)))]
