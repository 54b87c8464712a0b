# The site's image: web and worker are the same, with another command. Runs as a user without rights.
FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1 PATH=/site/.venv/bin:$PATH STATIC_ROOT=/site/static-collected
WORKDIR /site
COPY pyproject.toml manage.py ./
RUN pip install --no-cache-dir uv && uv sync --no-dev --no-cache
COPY readinggroup readinggroup
COPY texts texts
COPY templates templates
COPY static static
RUN DEBUG=off SECRET_KEY=only-to-collect-static-files ALLOWED_HOSTS=none python manage.py collectstatic --no-input \
    && useradd --system --no-create-home site
USER site
EXPOSE 8000
CMD ["granian", "readinggroup.wsgi:application", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000"]
