"""The chart that README shows is what the script makes of the figures beside it."""

import json
import statistics
import sys
import unittest
import xml.etree.ElementTree as xml
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[1] / "Benchmarks"
sys.path.insert(0, str(BENCHMARKS))
from drawing import HEIGHT, WIDTH, drawn, rounded  # noqa: E402


def words(chart):
    """The texts of a chart, and where they begin or end."""
    return [(one.text, float(one.get("x")), float(one.get("y"))) for one in xml.fromstring(chart).iter() if one.get("x") and one.text]


class ChartTests(unittest.TestCase):
    def setUp(self):
        self.figures = json.loads((BENCHMARKS / "inboxes.json").read_text(encoding="utf-8"))

    def test_it_is_drawn_from_the_figures_that_are_kept(self):
        self.assertEqual((BENCHMARKS / "inboxes.svg").read_text(encoding="utf-8"), drawn(self.figures),
                         "run Tests/Benchmarks/inboxes --draw")

    def test_each_figure_is_the_median_of_its_turns(self):
        for one in self.figures["series"]:
            self.assertEqual(one["per_second"], [statistics.median(turns) for turns in one["turns"]], one["name"])
            self.assertEqual(len(one["turns"]), len(self.figures["sizes"]))

    def test_it_shows_each_size_and_each_figure_in_its_place(self):
        shown = words(drawn(self.figures))
        places = {word: x for word, x, _ in shown}
        for index, size in enumerate(self.figures["sizes"]):
            for one in self.figures["series"]:
                self.assertIn((rounded(one["per_second"][index]), places[f"{size:,}"]), [(word, x) for word, x, _ in shown])
        for _, x, y in shown:
            self.assertTrue(0 < x < WIDTH and 0 < y < HEIGHT)

    def test_a_larger_figure_stands_higher(self):
        points = [float(one.get("cy")) for one in xml.fromstring(drawn({
            "in_flight": 1, "note": "", "sizes": [1, 2, 3], "series": [{"name": "a", "what": "b", "per_second": [5, 50, 700.4]}],
        })).iter("{http://www.w3.org/2000/svg}circle")][:3]
        self.assertEqual(points, sorted(points, reverse=True))
        self.assertEqual(len(set(points)), 3)

    def test_a_peer_that_was_left_out_is_not_drawn(self):
        self.figures["series"] = self.figures["series"][:1]
        names = [word for word, _, _ in words(drawn(self.figures))]
        self.assertIn(self.figures["series"][0]["name"], names)
        self.assertFalse([name for name in names if "motorengine" in name or "official driver" in name])

    def test_a_name_is_text_whatever_it_holds(self):
        self.figures["series"][0]["name"] = 'a <b> & "c"'
        self.assertIn('a <b> & "c"', [word for word, _, _ in words(drawn(self.figures))])


class FigureTests(unittest.TestCase):
    def test_a_figure_is_shown_with_two_digits(self):
        self.assertEqual([rounded(one) for one in (0.4, 7.2, 43.6, 369, 1882, 17726.4, 99_900)],
                         ["0", "7", "44", "370", "1,900", "18,000", "100,000"])


if __name__ == "__main__":
    unittest.main()
