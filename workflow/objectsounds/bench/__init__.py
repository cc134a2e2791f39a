"""How fast the kernels are, against the libraries that do the same: ``make bench``.

A comparison times ours and a peer in turn on the same inputs, in the seconds that one thread computes,
and checks that the results are equal in the stated sense: a row of ``results/bench/table.tsv``.
"""
