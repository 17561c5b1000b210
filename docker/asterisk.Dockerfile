# Asterisk 22 with the same packages as development and the tests: scripts/packages/asterisk.txt.
# Build from the project's root: docker build -f docker/asterisk.Dockerfile .
FROM python:3.13-slim-bookworm AS speech
RUN apt-get update && apt-get install --yes --no-install-recommends espeak-ng
COPY engine /build/engine
RUN cd /build && python -m engine sounds build --out /sounds

FROM debian:forky-slim

# The number is that of docker/usher.Dockerfile's user: files that `usher render` writes are readable by
# their owner only.
RUN groupadd --gid 5060 asterisk \
    && useradd --uid 5060 --gid asterisk --home-dir /var/lib/asterisk --shell /usr/sbin/nologin asterisk

COPY scripts/packages/asterisk.txt /tmp/packages.txt
RUN apt-get update \
    && sed -e 's/#.*//' -e '/^[[:space:]]*$/d' /tmp/packages.txt \
        | xargs apt-get install --yes --no-install-recommends \
    && rm -rf /var/lib/apt/lists/* /tmp/packages.txt /etc/asterisk/* \
    && install --directory --owner=asterisk --group=asterisk \
        /etc/asterisk /run/asterisk /var/lib/asterisk /var/lib/usher-prompts /var/log/asterisk \
        /var/spool/asterisk \
    && chown -R asterisk:asterisk /var/lib/asterisk /var/log/asterisk /var/spool/asterisk

COPY --from=speech /sounds/zh /usr/share/asterisk/sounds/zh

USER asterisk
CMD ["asterisk", "-f", "-C", "/etc/asterisk/asterisk.conf"]
