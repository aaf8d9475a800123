"""Declares and fills the pipeline of test/fixtures with DataJoint, as whoever DJ_USER is."""

import pipeline

pipeline.fill_lab()
pipeline.fill_behavior()
pipeline.populate_behavior()
pipeline.fill_ephys()
pipeline.populate_ephys()
pipeline.populate_analysis()
