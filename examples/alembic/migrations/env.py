"""Runs the migrations; with `alembic -x release upgrade head` also what every release runs after them."""

from logging.config import fileConfig
from pathlib import Path

import sqlalchemy as sa
from alembic import context

environment = Path(__file__).with_name("environment.json").read_text()
apply = sa.text("SELECT dj_deploy.apply(CAST(:environment AS jsonb), dry_run => false) -> 'ddl'").bindparams(environment=environment)
is_release = "release" in context.get_x_argument(as_dictionary=True)


def run_online():
    engine = sa.create_engine("postgresql+psycopg://")  # PGHOST, PGDATABASE and so on say where
    with engine.connect() as connection:
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
    if is_release:
        with engine.begin() as connection:
            print("applied:", *connection.scalar(apply), sep="\n")


def run_offline():
    context.configure(dialect_name="postgresql", literal_binds=True, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
        if is_release:
            context.execute(apply)


fileConfig(context.config.config_file_name)
if context.is_offline_mode():
    run_offline()
else:
    run_online()
