# The bot in a container: settings come from the environment, data goes to /data, nothing else is written but /tmp.
# Everything is installed from wheels, so that no compiler is needed on amd64 and arm64.

FROM python:3.13-slim-trixie AS build

# For a mirror of PyPI: docker build --build-arg PIP_INDEX_URL=…
ARG PIP_INDEX_URL
# The one is for the bot, the other for what builds its wheel.
ENV PIP_CONSTRAINT=/src/constraints.txt \
    PIP_BUILD_CONSTRAINT=/src/constraints.txt \
    PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY bot bot
COPY providers providers
COPY storage storage
# The environment gets no pip. Modules are compiled here, since the result can't write.
RUN python -m venv --without-pip /opt/imagine-bot \
    && python -m pip --python /opt/imagine-bot/bin/python install --no-cache-dir --only-binary=:all: --compile \
        '.[postgres,s3]'


FROM python:3.13-slim-trixie

LABEL org.opencontainers.image.title="imagine-bot" \
      org.opencontainers.image.description="A Telegram bot that turns words and photos into pictures" \
      org.opencontainers.image.licenses="MIT"

# The number is fixed: files in the volume belong to it.
RUN python -m pip uninstall --yes --quiet --root-user-action=ignore pip \
    && groupadd --gid 10001 bot \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin bot \
    && install --directory --owner=10001 --group=10001 --mode=700 /data \
    && install --directory /etc/imagine-bot

COPY --from=build /opt/imagine-bot /opt/imagine-bot

ENV PATH=/opt/imagine-bot/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    BOT_STORAGE__URL=sqlite:////data/bot.db

# A config.local.toml may be mounted here, and what it names, such as workflows of ComfyUI.
WORKDIR /etc/imagine-bot
VOLUME /data
USER 10001:10001

# A stop waits for a submit under way, for a minute at most: stop the container with `--time 90`.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=60s --timeout=10s --start-period=60s --retries=3 CMD ["imagine-bot", "health"]
ENTRYPOINT ["imagine-bot"]
CMD ["run"]
