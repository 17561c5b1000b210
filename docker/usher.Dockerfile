# The engine. Build from the project's root: docker build -f docker/usher.Dockerfile .
FROM python:3.13-slim-bookworm

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
RUN install --directory --owner=usher --group=usher /var/lib/usher /etc/asterisk

USER usher
ENTRYPOINT ["usher"]
CMD ["run", "/etc/usher"]
