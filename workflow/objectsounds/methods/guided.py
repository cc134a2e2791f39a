"""NMF guided by the objects' dictionaries (Gao 3.5)."""

import numpy as np

from objectsounds.methods.guided_masks import clip_sparsity, guided_masks, refinement_of
from objectsounds.methods.problem import Problem, apply_masks


def guided_nmf(problem: Problem) -> dict[str, np.ndarray]:
    """Separate by the objects' fixed bases (Gao 3.5, eq. 4 and 5)."""
    return _separate_by_bases(problem, {name: name for name in problem.objects}, "empty dictionary")


def _separate_by_bases(problem: Problem, lenders: dict[str, str], why: str) -> dict[str, np.ndarray]:
    """Separate each object by its own bases or another's; those without any are left out, for a reason."""
    bases = {name: problem.dictionary.of(lender) for name, lender in lenders.items()}
    names = [name for name, columns in bases.items() if columns.shape[1]]
    problem.left_out = {name: why for name in problem.objects if name not in names}
    if not names:
        return {}
    spectrogram = problem.transform.forward(problem.mixture)
    options, dictionary, held = problem.options, problem.dictionary, [bases[name] for name in names]
    lent = [lenders[name] for name in names]
    masks = guided_masks(
        np.abs(spectrogram),
        held,
        iterations=options["iterations"],
        tolerance=options["tolerance"],
        bands=options.get("bands", False),
        sparsity=clip_sparsity(options, dictionary, lent),
        refinement=refinement_of(
            options, dictionary, lent, held, problem.transform, problem.rate, problem.seed
        ),
    )
    return apply_masks(problem, spectrogram, masks, names)


def unmatched_objects(problem: Problem) -> dict[str, str]:
    """Return for each object of the problem one, drawn, that is absent from it and has bases (Gao 4.3).

    Different objects get different ones as long as there are enough.
    """
    absent = [
        name
        for name in problem.dictionary.objects
        if name not in problem.objects and problem.dictionary.of(name).shape[1]
    ]
    if not absent:
        return {}
    drawn = np.random.default_rng(problem.seed).permutation(absent).tolist()
    return {name: drawn[index % len(drawn)] for index, name in enumerate(problem.objects)}


def unmatched_nmf(problem: Problem) -> dict[str, np.ndarray]:
    """Separate by the bases of objects that are not there: what guidance is worth (Gao 4.3)."""
    return _separate_by_bases(problem, unmatched_objects(problem), "no absent object has bases")
