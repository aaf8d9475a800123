"""Inserts, fetches, updates and deletes in the lab, as whoever DJ_USER is. Ends with an error where it does not go as it should."""

import datetime

import numpy as np
import pipeline
from element_animal.subject import Subject
from element_session.session_with_id import Session

SUBJECT = {"subject": "m1", "sex": "F", "subject_birth_date": datetime.date(2026, 1, 31)}
SESSION = {"subject": "m1", "session_id": 1, "session_datetime": datetime.datetime(2026, 6, 30, 12)}
NOTE = {"subject": "m1", "session_id": 1, "attribute_name": "weights"}
WEIGHTS = np.arange(1000.0)

pipeline.activate(pipeline.ELEMENTS)
Subject.insert1(SUBJECT)
Session.insert1(SESSION)
Session.Attribute.insert1({**NOTE, "attribute_blob": WEIGHTS})
Session.Attribute.update1({**NOTE, "attribute_value": "in grams"})

row = (Session * Session.Attribute & SUBJECT).fetch1()
assert row["session_datetime"] == SESSION["session_datetime"] and row["attribute_value"] == "in grams", row
assert np.array_equal(row["attribute_blob"], WEIGHTS)

(Subject & SUBJECT).delete(prompt=False)
assert len(Subject()) == len(Session()) == len(Session.Attribute()) == 0
