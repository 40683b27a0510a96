"""Alembic's entry: one connection, one transaction per migration."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context

from server import schema


def _run() -> None:
    url = context.config.get_main_option("sqlalchemy.url")
    engine = sa.create_engine(str(url))
    with engine.connect() as connection:
        context.configure(
            connection=connection, target_metadata=schema.METADATA, render_as_batch=True, transaction_per_migration=True
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


_run()
