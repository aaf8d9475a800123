"""Schema lab becomes readable for change data capture."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def set_autovacuum(parameters):
    # A bound parameter, because in the text a colon before a word means one: {"a":true} would ask for a value of "true".
    statement = sa.text("SELECT dj_deploy.set_autovacuum('lab', CAST(:parameters AS jsonb), dry_run => false)")
    op.execute(statement.bindparams(parameters=json.dumps(parameters)))


def upgrade():
    op.execute("SELECT dj_deploy.set_replica_identity('lab', 'full', dry_run => false, skip_unchanged => true)")
    op.execute("SELECT dj_deploy.set_publication_membership('lab', 'cdc', dry_run => false)")
    set_autovacuum({"autovacuum_vacuum_insert_scale_factor": 0.05})


def downgrade():
    op.execute("SELECT dj_deploy.set_publication_membership('lab', 'cdc', member => false, dry_run => false)")
    op.execute("SELECT dj_deploy.set_replica_identity('lab', 'default', dry_run => false, skip_unchanged => true)")
    set_autovacuum({"autovacuum_vacuum_insert_scale_factor": None})
