# Plumbline's image: web, beat and workers are one image with different commands (see compose.yaml).
# Two stages: the first installs the pinned dependencies, the second has no compiler and no root.

FROM python:3.12.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
WORKDIR /app
RUN python -m venv .venv
# GROUPS: further groups of dependencies for workers, such as "xgboost privacy synthetic"
ARG GROUPS=""
COPY requirements/ requirements/
RUN files="-r requirements/core.txt"; for group in $GROUPS; do files="$files -r requirements/$group.txt"; done; \
    .venv/bin/python -m pip install $files
COPY . .
RUN .venv/bin/python -m pip install --no-deps -e client -e . \
 && .venv/bin/python -m compileall -q models audits privacy synthetic governance client/plumbline_client

FROM python:3.12.11-slim-bookworm
# what pip cannot bring: text layout for PDF reports, LightGBM's threads, the font cutter, the sandbox
RUN apt-get update \
 && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 libgomp1 bubblewrap \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/plumbline --create-home plumbline
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PLUMBLINE_VAR=/var/lib/plumbline HOST=0.0.0.0
USER 10001
VOLUME /var/lib/plumbline
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/livez', timeout=2)"]
CMD ["python", "manage.py", "web"]
