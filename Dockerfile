# syntax=docker/dockerfile:1
# Handrail with what a server needs: the worker, the console and its HTTP API. docs/deployment.md tells how it is used.
#
#     docker build --tag handrail .
#
# A package index of your own, with its password, is a secret of the build that no layer keeps:
#
#     docker build --secret id=pip.conf,src=$HOME/.config/pip/pip.conf --tag handrail .

# Pin it by digest where you build for production: --build-arg BASE=python:3.13-slim-bookworm@sha256:…
ARG BASE=python:3.13-slim-bookworm

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
# What is locked changes seldom: a layer of its own. Wheels only, each with its hash, and nothing is resolved.
COPY requirements/image.lock requirements/build.lock requirements/
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf,required=false \
    python -m venv /opt/handrail \
    && python -m venv /opt/build \
    && /opt/handrail/bin/pip install --quiet --no-deps --require-hashes --only-binary :all: --requirement requirements/image.lock \
    && /opt/build/bin/pip install --quiet --no-deps --require-hashes --only-binary :all: --requirement requirements/build.lock
# Our own wheel, built from this checkout with the locked build tool.
COPY pyproject.toml README.md LICENSE ./
COPY handrail handrail
COPY evals evals
COPY ai_steps ai_steps
COPY orchestrator orchestrator
COPY guards guards
COPY examples/invoices examples/invoices
RUN /opt/build/bin/python -m hatchling build --target wheel --directory dist \
    && /opt/handrail/bin/pip install --quiet --no-deps --no-index dist/*.whl \
    && /opt/handrail/bin/pip check

FROM ${BASE}
RUN groupadd --system --gid 10001 handrail \
    && useradd --system --uid 10001 --gid 10001 --home-dir /srv/handrail --create-home --shell /usr/sbin/nologin handrail
COPY --from=build /opt/handrail /opt/handrail
COPY --chmod=0755 deploy/entrypoint.sh /usr/local/bin/handrail-entrypoint
COPY --chmod=0755 deploy/ready.py /usr/local/bin/handrail-ready
ENV PATH=/opt/handrail/bin:$PATH PYTHONUNBUFFERED=1
# Workflows lie here: copy them in an image of yours (FROM handrail), or mount them.
WORKDIR /srv/handrail
USER 10001:10001
EXPOSE 8377
# The entrypoint becomes handrail itself, so that the first process of the container is the one that gets SIGTERM.
STOPSIGNAL SIGTERM
ENTRYPOINT ["handrail-entrypoint"]
CMD ["serve", "--host", "0.0.0.0"]
# For `serve`. A worker listens on no port: switch it off there, as deploy/docker-compose.yml does.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["handrail-ready"]
