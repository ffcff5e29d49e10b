# One image for every process: web (the default), worker, Celery beat, consumers. docs/deploy.md says how.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /srv/foyer

# What changes rarely comes first, so that its layers are rarely rebuilt.
COPY requirements.txt .
RUN pip install --require-hashes -r requirements.txt

COPY manage.py ./
COPY infra/stack.yaml infra/stack.yaml
COPY config config
COPY audit audit
COPY ticketing ticketing
COPY ingestion ingestion
COPY routing routing
COPY itsm itsm

# A container has no local copy's folder, and may not write anything.
ENV LOCAL_DIR=
RUN useradd --system --no-create-home foyer
USER foyer

EXPOSE 8000
CMD ["gunicorn", "--config", "python:config.gunicorn", "--bind", "0.0.0.0:8000", "config.wsgi"]
