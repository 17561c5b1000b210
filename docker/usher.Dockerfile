# The engine. Build from the project's root: docker build -f docker/usher.Dockerfile .
FROM python:3.13-slim-bookworm

# For the texts of `prompts`, and for the sounds below.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends espeak-ng \
    && rm -rf /var/lib/apt/lists/*

RUN groupadd --gid 5060 usher \
    && useradd --uid 5060 --gid usher --home-dir /opt/usher --shell /usr/sbin/nologin usher

WORKDIR /opt/usher
COPY pyproject.toml setup.cfg README.md ./
COPY engine ./engine
# Editable, so that templates and migrations are found beside the package as they are in a checkout.
RUN pip install --no-cache-dir --editable .
COPY asterisk-conf ./asterisk-conf
COPY dialplan ./dialplan
COPY migrations ./migrations
# The same sounds as in Asterisk's image: the engine looks whether they are all there.
RUN usher sounds build --out /usr/share/asterisk/sounds
RUN install --directory --owner=usher --group=usher /var/lib/usher /var/lib/usher-prompts /etc/asterisk

USER usher
ENTRYPOINT ["usher"]
CMD ["run", "/etc/usher"]
