# The site's image: migrate, web, worker and backup are the same, with another command. Each RUN is an ordinary shell
# line, so that docs/operations.md ("What was tried") could follow them without a container engine.
FROM python:3.11-slim AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never PATH=/site/.venv/bin:$PATH
WORKDIR /site
RUN pip install --no-cache-dir uv
COPY pyproject.toml ./
RUN uv sync --no-dev --no-cache --extra sentry --extra valkey
COPY manage.py ./
COPY readinggroup readinggroup
COPY texts texts
COPY templates templates
COPY static static
RUN python -m compileall -q readinggroup texts
RUN DEBUG=off SECRET_KEY=only-to-collect-static-files-and-for-nothing-else DATA_DIR=/tmp/build STATIC_ROOT=/site/collected python manage.py collectstatic --no-input

# Without what only the building needed. It runs as a user without rights, on a file system that it cannot write to.
FROM python:3.11-slim
# One arena of memory: else each thread keeps the room of the pages it has served to itself, a tenth of all.
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MALLOC_ARENA_MAX=1 PATH=/site/.venv/bin:$PATH \
    DEBUG=off STATIC_ROOT=/site/collected DATA_DIR=/tmp/readinggroup
RUN useradd --system --no-create-home --uid 10001 site && install -d -o site -g site -m 700 /backups
WORKDIR /site
COPY --from=build /site /site
USER site
EXPOSE 8000
CMD ["granian", "readinggroup.wsgi:application", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "8", "--respawn-failed-workers", "--no-ws", "--log-level", "warning"]
