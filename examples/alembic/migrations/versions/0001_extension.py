"""Create the extension."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.execute("CREATE EXTENSION IF NOT EXISTS datajoint_deploy")


def downgrade():
    op.execute("DROP EXTENSION datajoint_deploy")
