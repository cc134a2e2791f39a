"""Measures of multi-label predictions."""

import numpy as np


def class_map(scores: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean over classes of average precision, classes without a positive left out.

    Parameters
    ----------
    scores, labels : np.ndarray [shape=(n, L)]
    """
    from sklearn.metrics import average_precision_score

    present = np.flatnonzero(labels.any(axis=0))
    values = [average_precision_score(labels[:, index], scores[:, index]) for index in present]
    return float(np.mean(values)) if values else float("nan")


def authors_map(scores: np.ndarray, labels: np.ndarray, threshold: float = 0.3) -> float:
    """Return the figure that Gao's code calls mAP: example-wise, on binarised predictions.

    A prediction is the argmax and every class whose softmax is at least ``threshold``; an example's
    value is the average precision of that binary vector.
    """
    from sklearn.metrics import average_precision_score

    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    chosen = shifted / shifted.sum(axis=1, keepdims=True) >= threshold
    chosen[np.arange(len(scores)), scores.argmax(axis=1)] = True
    values = [
        average_precision_score(truth, guess)
        for truth, guess in zip(labels, chosen, strict=True)
        if truth.any()
    ]
    return float(np.mean(values)) if values else float("nan")


def top_accuracy(scores: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of examples whose highest score is among their labels (SPEC section 2)."""
    if not len(scores):
        return float("nan")
    return float(np.mean(labels[np.arange(len(scores)), scores.argmax(axis=1)] > 0))
