# Each image holds the one before it and shares its layers: packages < step < airflow, and serve is
# packages with a command. Each installs a part of requirements.lock. A worker with a GPU is
# airflow built with STEP=step-gpu. No image holds the pipeline: it comes with a run's workspace.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
ARG STEP=step

FROM ${PYTHON_IMAGE} AS os
# Group 0, so that the files belong to whatever user a cluster chooses as well.
RUN useradd --uid 50000 --gid 0 --create-home leeway \
  && mkdir -p /leeway/home/reports /logs /objects \
  && chown -R 50000:0 /leeway /logs /objects
ENV PATH=/opt/leeway/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/home/leeway \
    PYTHONUNBUFFERED=1 \
    OMP_WAIT_POLICY=passive \
    BENTOML_DO_NOT_TRACK=true \
    DO_NOT_TRACK=1 \
    DVC_NO_ANALYTICS=1 \
    DVC_SITE_CACHE_DIR=/tmp/dvc-site-cache \
    GX_ANALYTICS_ENABLED=false
WORKDIR /home/leeway

FROM os AS wanted
WORKDIR /wanted
RUN --mount=type=bind,source=.,target=/context \
    python3 /context/containers/wanted.py /context/pyproject.toml .

# certs/ and wheels/ are optional, for closed networks; no image keeps them.
FROM scratch AS inputs
COPY --from=wanted /wanted /
COPY requirements.lock certs* wheels* /

FROM os AS packages
RUN --mount=type=bind,from=inputs,target=/inputs \
    --mount=type=bind,source=containers/install.sh,target=/install.sh \
    --mount=type=cache,target=/root/.cache/uv \
    HOME=/root sh /install.sh cpu serve

FROM packages AS serve
COPY containers/*.py /opt/containers/
USER 50000:0
EXPOSE 3000
CMD ["python", "/opt/containers/serve.py"]

FROM packages AS step
RUN --mount=type=bind,from=inputs,target=/inputs \
    --mount=type=bind,source=containers/install_git.sh,target=/install_git.sh \
    DEBIAN_FRONTEND=noninteractive sh /install_git.sh
RUN --mount=type=bind,from=inputs,target=/inputs \
    --mount=type=bind,source=containers/install.sh,target=/install.sh \
    --mount=type=cache,target=/root/.cache/uv \
    HOME=/root sh /install.sh cpu serve steps
USER 50000:0

FROM os AS step-gpu
RUN --mount=type=bind,from=inputs,target=/inputs \
    --mount=type=bind,source=containers/install_git.sh,target=/install_git.sh \
    DEBIAN_FRONTEND=noninteractive sh /install_git.sh
RUN --mount=type=bind,from=inputs,target=/inputs \
    --mount=type=bind,source=containers/install.sh,target=/install.sh \
    --mount=type=cache,target=/root/.cache/uv \
    HOME=/root sh /install.sh gpu serve steps
USER 50000:0

FROM ${STEP} AS airflow
USER root
RUN --mount=type=bind,from=inputs,target=/inputs \
    --mount=type=bind,source=containers/install.sh,target=/install.sh \
    --mount=type=cache,target=/root/.cache/uv \
    HOME=/root sh /install.sh kept serve steps airflow
COPY containers/*.py /opt/containers/
# A workspace and its repository belong to one platform, whatever user the host gave its copy.
RUN git config --system --add safe.directory '*'
USER 50000:0
EXPOSE 8080
