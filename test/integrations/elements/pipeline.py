"""A lab with most of the Elements, put together as their own workflows do it. This module is the one that links them: they find the
tables and functions of each other by the names that it gives them."""

import sys

import classic  # noqa: F401  must be the first
from element_animal import genotyping, subject, surgery
from element_array_ephys import ephys_acute as ephys
from element_calcium_imaging import analysis, imaging, scan
from element_deeplabcut import train  # before model
from element_deeplabcut import model
from element_electrode_localization import electrode_localization
from element_event import event, trial
from element_facemap import facial_behavior_estimation as facemap
from element_lab import lab
from element_miniscope import miniscope
from element_optogenetics import optogenetics
from element_session import session_with_id as session

# What the Elements look for here before they declare anything.
from element_array_ephys import probe  # noqa: F401, I001
from element_lab.lab import Device, Lab, Location, Project, Protocol, Source, User  # noqa: F401
from element_animal.subject import Subject  # noqa: F401
from element_animal.surgery import CoordinateReference as SkullReference, Implantation  # noqa: F401
from element_session.session_with_id import Session  # noqa: F401
from element_array_ephys.ephys_acute import ProbeInsertion  # noqa: F401
from element_calcium_imaging.scan import Scan  # noqa: F401

Equipment, AnatomicalLocation, Experimenter = Device, Location, User


def get_dlc_root_data_dir():
    return "/nowhere"


get_facemap_root_data_dir = get_dlc_root_data_dir

# In the order of their foreign keys. Some bring a schema for their report along, "_report" behind their own.
ELEMENTS = {
    lab: ["lab"],
    genotyping: ["genotyping", "subject"],
    surgery: ["surgery", "subject"],
    session: ["session"],
    trial: ["trial", "event"],
    ephys: ["ephys", "probe"],
    imaging: ["imaging", "scan"],
    analysis: ["analysis"],
    miniscope: ["miniscope"],
    train: ["train"],
    model: ["model"],
    optogenetics: ["optogenetics"],
    electrode_localization: ["electrode_localization", "coordinate_framework"],
}
NEXT_MONTH = {facemap: ["facemap"]}


def activate(elements):
    """Declares what is not there yet."""
    for element, names in elements.items():
        options = {} if element is lab else {"linking_module": sys.modules[__name__]}
        element.activate(*(f"mice_{name}" for name in names), **options)
