"""Lets the Elements, which are written for DataJoint 0.14 on MySQL, be declared by DataJoint 2.3 on PostgreSQL.

Nothing of what they declare is left out: names that DataJoint 2 has given up, the types of MySQL, settings that no longer exist,
and the programs that their tables would run, which nobody runs here.
"""

import hashlib
import re
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.util import spec_from_loader
from unittest.mock import MagicMock

import datajoint as dj
from datajoint import table
from datajoint.adapters.base import DatabaseAdapter

# What the Elements import besides, and do not need to be declared.
PROGRAMS = {"cv2", "ipywidgets", "matplotlib", "nrrd", "plotly", "pyopenephys", "ruamel", "scipy", "skimage", "tqdm", "yaml"}

TYPES = [
    (r"(?:long|medium|tiny)?blob", "<blob>"),
    (r"attach", "<attach>"),
    (r"tinyint(?: unsigned)?|smallint", "int16"),
    (r"smallint unsigned|int", "int32"),
    (r"int unsigned|bigint", "int64"),
    (r"boolean", "bool"),
    (r"float", "float32"),
    (r"(decimal\(.*\)) unsigned", r"\1"),
]


class Absent(MetaPathFinder, Loader):
    """Finds any of these programs that is not installed, and whatever is asked of it."""

    def find_spec(self, name, path=None, target=None):
        return spec_from_loader(name, self, is_package=True) if name.partition(".")[0] in PROGRAMS else None

    def create_module(self, spec):
        return MagicMock(__path__=[])

    def exec_module(self, module):
        pass


def modern(definition):
    return "\n".join(modern_line(line) for line in definition.splitlines())


def modern_line(line):
    """An attribute is "name = default : type # comment"; all else stays."""
    attribute = re.fullmatch(r"(\s*\w+\s*(?:=[^#:]*?|=\s*([\"']).*?\2\s*)?:\s*)([^#]*?)(\s*(?:#.*)?)", line)
    if not attribute:
        return line
    before, _, kind, comment = attribute.groups()
    for pattern, replacement in TYPES:
        if match := re.fullmatch(pattern, kind, re.I):
            return before + match.expand(replacement) + comment
    return line


declare, create_index_ddl = table.declare, DatabaseAdapter.create_index_ddl


def declare_modern(full_table_name, definition, *arguments, **options):
    return declare(full_table_name, modern(definition), *arguments, **options)


def create_index_of_own_name(self, full_table_name, columns, unique=False, index_name=None):
    """DataJoint 2.3.5 calls an index by the first letters of its columns, which another index of the table may have, too."""
    digest = hashlib.md5(f"{full_table_name} {columns}".encode()).hexdigest()
    return create_index_ddl(self, full_table_name, columns, unique, index_name or f"idx_{digest}")


sys.meta_path.append(Absent())
table.declare = declare_modern
DatabaseAdapter.create_index_ddl = create_index_of_own_name
dj.schema, dj.create_virtual_module, dj.IntegrityError = dj.Schema, dj.VirtualModule, dj.errors.IntegrityError
dj.config = {"custom": {}}
