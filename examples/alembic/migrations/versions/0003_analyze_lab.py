"""A call that commits as it goes."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("CALL dj_deploy.vacuum_analyze('lab', dry_run => false)")


def downgrade():
    pass
