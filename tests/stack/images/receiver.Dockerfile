# A stand-in for Graylog's inputs: syslog-ng, which writes every record to one file. It shares the other images' base.
FROM python:3.12.12-slim-bookworm
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends syslog-ng-core >/dev/null && rm -rf /var/lib/apt/lists/*
COPY tests/stack/images/receiver.conf /etc/syslog-ng/receiver.conf
CMD ["syslog-ng", "-F", "--no-caps", "-f", "/etc/syslog-ng/receiver.conf", "--persist-file", "/tmp/p", "--control", "/tmp/c", "--pidfile", "/tmp/pid"]
