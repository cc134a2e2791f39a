"""The target leakage beside a finished run: its table, and its sentence on the page."""

from objectsounds.core.tables import read_table

SENTENCE = "no test clip is of a recording that is also in train or val"


def test_the_embedded_data_leak_nothing_and_the_page_says_so_once_it_is_known(copy_of_finished):
    place = copy_of_finished()
    page = place.results / "report" / "index.html"
    assert SENTENCE not in page.read_text()
    assert place.planned("leakage") == {"leakage": 1}
    place.snakemake("leakage")
    assert read_table(place.results / "leakage" / "leakage.tsv") == []
    assert place.planned() == {"report": 1}
    place.snakemake()
    assert SENTENCE in page.read_text() and place.planned() == {}
