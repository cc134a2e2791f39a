# The workflow with the tested versions of everything. The demo, its results kept in ./results:
#   docker build --tag objectsounds .
#   docker run --rm --volume "$PWD/results:/opt/objectsounds/results" objectsounds
# As the image of --sdm apptainer: apptainer build objectsounds.sif docker-daemon:objectsounds:latest
# With data of your own, mount also your config.yaml over config/config.yaml, and the folder that it names.
FROM python:3.12-slim

RUN apt-get update \
    && apt-get install --yes --no-install-recommends make \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/objectsounds
COPY . .
RUN make setup VENV=/opt/venv
# More requirements, such as those of a cluster's storage: --build-arg EXTRA=requirements-kubernetes.txt
ARG EXTRA=""
RUN if [ -n "$EXTRA" ]; then /opt/venv/bin/python -m pip install --no-cache-dir --requirement "$EXTRA"; fi
ENV PATH=/opt/venv/bin:$PATH

ENTRYPOINT ["python", "-m", "objectsounds"]
CMD ["run", "--cores", "all"]
