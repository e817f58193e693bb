"""Opens the SQLite or PostgreSQL database and creates its tables.

Only the owner may read a SQLite file: it holds secrets of authenticators and Social Security numbers.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url

DRIVERS = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}  # the default drivers
SCHEMA_LOCK_ID = 8001  # advisory lock held while creating the tables
TIMEOUT = 10  # seconds to wait for a connection or a concurrent writer
FILE_MODE = 0o600


class BadDatabaseURL(SystemExit):
    """The database can't be opened.

    Ends the process with one line that names the setting, never its value.
    """

    def __init__(self, why: str) -> None:
        super().__init__(f"EMULATOR_DATABASE_URL cannot be used: {why}")


def engine_for(url: str) -> sa.Engine:
    """Create an engine that starts transactions as the store needs.

    Creates a SQLite file and its folder, for the owner only. Raises BadDatabaseURL.
    """
    try:
        parsed = make_url(url)
        parsed = parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername))
        backend = parsed.get_backend_name()
        if backend not in ("sqlite", "postgresql"):
            raise BadDatabaseURL("it must begin with sqlite:/// or postgresql://.")
        if backend == "postgresql":
            return sa.create_engine(parsed, pool_pre_ping=True, connect_args={"connect_timeout": TIMEOUT})
        if parsed.database and parsed.database != ":memory:" and not parsed.database.startswith("file:"):
            Path(parsed.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            Path(parsed.database).touch(mode=FILE_MODE)
        engine = sa.create_engine(parsed)
    except ModuleNotFoundError as error:
        raise BadDatabaseURL(f"{error.name} is missing; for PostgreSQL, pip install 'psycopg[binary]'.") from error
    except OSError as error:
        raise BadDatabaseURL("its SQLite file can't be created.") from error
    except (sa.exc.ArgumentError, ValueError) as error:
        raise BadDatabaseURL("it must be a URL like sqlite:///emulator.db or postgresql://user@host/name.") from error
    sa.event.listen(engine, "connect", _set_up_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def set_up(connection: sa.Connection, schema: sa.MetaData) -> None:
    """Create the tables. Drops tables of another version first."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(SCHEMA_LOCK_ID)))  # one process at a time
    inspector = sa.inspect(connection)
    for table in schema.tables.values():
        if inspector.has_table(table.name) and not _same(inspector.get_columns(table.name), table):
            schema.drop_all(connection)
            break
    schema.create_all(connection)


def _same(found: Any, table: sa.Table) -> bool:
    return {column["name"] for column in found} == set(table.columns.keys())


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # _begin_sqlite starts transactions, not the driver
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", f"busy_timeout={TIMEOUT * 1000}"):
        connection.execute(f"PRAGMA {pragma}")
    for _number, _schema, file in connection.execute("PRAGMA database_list"):
        for path in (Path(f"{file}{suffix}") for suffix in ("", "-wal", "-shm") if file):
            _keep_private(path)


def _keep_private(path: Path) -> None:
    """Set the mode of a file that may have been created with another one."""
    with suppress(FileNotFoundError):
        if path.stat().st_mode & 0o777 != FILE_MODE:
            path.chmod(FILE_MODE)


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
