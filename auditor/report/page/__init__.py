"""The HTML report: one file that shows itself without a network, and prints.

html        the page, out of the templates beside it     worldmap   every place that was touched
routegraph  how a configuration chooses                  surgechart when clients land where, as demand rises
"""
