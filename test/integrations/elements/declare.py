"""Declares the lab, as whoever DJ_USER is; or, with an argument, what comes next month."""

import sys

import pipeline

pipeline.activate(pipeline.ELEMENTS)
if sys.argv[1:]:
    pipeline.activate(pipeline.NEXT_MONTH)
