# Each image holds the one before it and shares its layers: packages < step < airflow, and serve is
# packages with a command. Each installs files of environments/, and is made anew only if one of
# them changes. A worker with a GPU is airflow built with STEP=step-gpu. No image holds the pipeline:
# it comes with a run's workspace.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
ARG STEP=step
ARG BELOW=step

FROM ${PYTHON_IMAGE} AS os
# Group 0, so that the files belong to whatever user a cluster chooses as well.
RUN useradd --uid 50000 --gid 0 --create-home leeway \
  && mkdir -p /leeway/home/reports /logs /objects /live /predicted \
  && chown -R 50000:0 /leeway /logs /objects /live /predicted
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

# certs/ and wheels/ are optional, for closed networks; no image keeps them.
FROM scratch AS inputs
COPY containers/install.sh containers/install_git.sh certs* wheels* /

FROM inputs AS for-serving
COPY environments/serving.txt /environments/

FROM for-serving AS for-steps
COPY environments/steps.txt /environments/

FROM for-steps AS for-airflow
COPY environments/airflow.txt /environments/

# the second project
FROM for-serving AS for-assistant
COPY environments/assistant_serving.txt /environments/

FROM for-steps AS for-step-assistant
COPY environments/assistant.txt environments/assistant_serving.txt /environments/
# end of the second project

FROM os AS packages
RUN --mount=type=bind,from=for-serving,target=/inputs \
    --mount=type=cache,target=/root/.cache/uv \
    HOME=/root sh /inputs/install.sh cpu

FROM packages AS serve
COPY containers/*.py /opt/containers/
USER 50000:0
EXPOSE 3000
CMD ["python", "/opt/containers/serve.py"]

FROM packages AS step
RUN --mount=type=bind,from=inputs,target=/inputs \
    DEBIAN_FRONTEND=noninteractive sh /inputs/install_git.sh
RUN --mount=type=bind,from=for-steps,target=/inputs \
    --mount=type=cache,target=/root/.cache/uv \
    HOME=/root sh /inputs/install.sh cpu
USER 50000:0

FROM os AS step-gpu
RUN --mount=type=bind,from=inputs,target=/inputs \
    DEBIAN_FRONTEND=noninteractive sh /inputs/install_git.sh
RUN --mount=type=bind,from=for-steps,target=/inputs \
    --mount=type=cache,target=/root/.cache/uv \
    HOME=/root sh /inputs/install.sh gpu
USER 50000:0

# the second project
# With STEP=step-assistant, airflow is a worker of the assistant's stages too; with BELOW=step-gpu, on a GPU.
FROM ${BELOW} AS step-assistant
USER root
RUN --mount=type=bind,from=for-step-assistant,target=/inputs \
    --mount=type=cache,target=/root/.cache/uv \
    HOME=/root sh /inputs/install.sh kept
USER 50000:0

FROM packages AS assistant
RUN --mount=type=bind,from=for-assistant,target=/inputs \
    --mount=type=cache,target=/root/.cache/uv \
    HOME=/root sh /inputs/install.sh cpu
COPY containers/*.py /opt/containers/
USER 50000:0
EXPOSE 3000
CMD ["python", "/opt/containers/serve.py"]
# end of the second project

FROM ${STEP} AS airflow
USER root
RUN --mount=type=bind,from=for-airflow,target=/inputs \
    --mount=type=cache,target=/root/.cache/uv \
    HOME=/root sh /inputs/install.sh kept
COPY containers/*.py /opt/containers/
# A workspace and its repository belong to one platform, whatever user the host gave its copy.
RUN git config --system --add safe.directory '*'
USER 50000:0
EXPOSE 8080
