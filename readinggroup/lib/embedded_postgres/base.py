"""Django's PostgreSQL backend, on the embedded server."""

from pathlib import Path

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base, client

from . import keeper, server

_made: set[tuple[str, str]] = set()  # databases (server, name) that are known to be there


class DatabaseClient(client.DatabaseClient):
    """`manage.py dbshell`, with the server's own `psql`."""

    @classmethod
    def settings_to_cmd_args_env(cls, settings_dict, parameters):
        place = DatabaseWrapper.place_of(settings_dict)
        _make_database(place, settings_dict["NAME"])
        settings = {**settings_dict, "HOST": place["host"], "PORT": place["port"], "USER": place["user"]}
        args, env = super().settings_to_cmd_args_env(settings, parameters)
        return [server.psql(), *args[1:]], env


class DatabaseWrapper(base.DatabaseWrapper):
    client_class = DatabaseClient

    @staticmethod
    def place_of(settings_dict) -> dict[str, str]:
        """Where the server is; it runs when this returns."""
        if not settings_dict.get("DATA_DIR"):
            raise ImproperlyConfigured("The embedded database needs DATA_DIR: where its data is kept.")
        options = {name: str(value) for name, value in settings_dict.get("SERVER_OPTIONS", {}).items()}
        folder = server.ensure_running(Path(settings_dict["DATA_DIR"]), options)
        return {"host": folder, "port": keeper.PORT, "user": keeper.SUPERUSER}

    def get_connection_params(self):
        place = self.place_of(self.settings_dict)
        if self.settings_dict["NAME"]:
            _make_database(place, self.settings_dict["NAME"])
        return {**super().get_connection_params(), **place}

    def get_new_connection(self, conn_params):
        if self.pool:  # a server that was started anew may have its socket elsewhere
            self.pool.kwargs["host"] = conn_params["host"]
        return super().get_new_connection(conn_params)

    def release_server(self) -> None:
        """Close this process's connections and give the server up; stops it if this was its last user."""
        self.close()
        if self.alias in self._connection_pools:
            self.close_pool()
        server.release(Path(self.settings_dict["DATA_DIR"]))


def _make_database(place: dict[str, str], name: str) -> None:
    if (place["host"], name) in _made:
        return
    with psycopg.connect(**place, dbname="postgres", autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(1)")  # two processes may find it missing at once
        there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if not there:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
    _made.add((place["host"], name))
