"""Uses the fixture's pipeline through DataJoint, as whoever DJ_USER is. test/t/grants_datajoint.pl runs it.

Prints a line "action: result" for each action it is given. The result of an action that fails is the class of its exception.
Tables with a uuid are left out: DataJoint 2.3.5 cannot fetch one on PostgreSQL.
"""

import datetime
import pathlib
import sys

import datajoint as dj

SCHEMAS = ("lab", "behavior", "ephys", "analysis")
WEIGHING = {"subject_id": 1, "weighed": datetime.datetime(2025, 1, 1), "weight": 21.5, "username": "bo"}


def existing(name):
    """The classes of a schema's tables as they are in the database; declares nothing."""
    return dj.VirtualModule(name, name, create_schema=False, create_tables=False)


def declared():
    """The module that declared the pipeline: DataJoint looks up each table and fills what is missing of a lookup table."""
    sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "fixtures"))
    import pipeline

    return pipeline


def tables_and_parts(module):
    masters = [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, dj.Table)]
    parts = [each for master in masters for each in vars(master).values() if isinstance(each, type)]
    return [each() for each in masters + parts if issubclass(each, dj.Table)]


def fetch():
    """The rows of every table and part table."""
    tables = [table for name in SCHEMAS for table in tables_and_parts(existing(name))]
    readable = [table for table in tables if not any(each.uuid for each in table.heading.attributes.values())]
    return f"{sum(len(table.to_dicts()) for table in readable)} rows of {len(readable)} tables"


def blob():
    """A lookup table with one, which DataJoint unpacks."""
    waveforms = {row["stimulus"]: row["waveform"] for row in existing("behavior").Stimulus().to_dicts()}
    return f"{waveforms['low'].shape} {len(waveforms['noise'])}"


def keys():
    session = existing("lab").Session()
    return f"{session.primary_key} {len(session)} {session.keys(order_by='KEY')[0]}"


def insert():
    existing("lab").Weighing().insert1(WEIGHING)


def update():
    existing("lab").Session().update1({"subject_id": 1, "session": 1, "note": "checked"})


def delete():
    return (existing("lab").Weighing() & {"weighed": WEIGHING["weighed"]}).delete_quick(get_count=True)


def use_module():
    return len(declared().Session())


def enter_session():
    """Manual tables, one of them with parts."""
    pipeline = declared()
    pipeline.fill_session(1, 3)
    pipeline.Training.insert1({"subject_id": 1, "session": 3, "task": "discrimination", "stage": 2})
    return len(pipeline.Session.Trial & {"subject_id": 1, "session": 3})


def populate():
    """Imported and computed tables with parts, of which Video and Psychometrics have job tables."""
    pipeline = declared()
    pipeline.TrialOutcome.populate()
    pipeline.Video.populate(reserve_jobs=True)
    pipeline.Psychometrics.populate(reserve_jobs=True)
    pipeline.LearningCurve.populate()
    session = {"subject_id": 1, "session": 3}
    made = (pipeline.TrialOutcome, pipeline.Video, pipeline.Video.Block, pipeline.Psychometrics)
    return [len(table & session) for table in made]


def compute():
    """A computed table without jobs."""
    declared().Psychometrics.populate()


def progress():
    """What is left to be computed: whatever the tables upstream have keys for."""
    return existing("behavior").TrialOutcome().progress()


def use_jobs():
    """The owner's first look at a table's jobs declares their table; anybody else needs it to be there."""
    return len(declared().LickDetection.jobs)


def populate_with_jobs():
    lick_detection = declared().LickDetection
    lick_detection.populate(reserve_jobs=True)
    return f"{len(lick_detection & 'session = 3')} {lick_detection.jobs.progress()['success']}"


def declare():
    """A new table."""

    class Cage(dj.Manual):
        definition = """
        cage : int32
        """

    dj.Schema("lab", create_schema=False)(Cage)


for action in sys.argv[1:]:
    try:
        result = globals()[action]()
    except Exception as error:
        result = type(error).__name__
    print(f"{action}: {result}")
