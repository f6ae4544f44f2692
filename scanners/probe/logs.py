"""Programs that carry logs off the host, where somebody who breaks in cannot remove them."""

import re
from typing import List, Optional, Pattern, Tuple

from scanners.probe import programs
from scanners.probe.evidence import NEEDS_ROOT, NOT_LIVE, Evidence
from scanners.probe.reading import Reader

MAX_FILES = 200
# What each is called here -> the names of its processes.
COLLECTORS = (
    ("alloy", ("alloy", "grafana-alloy")), ("amazon-cloudwatch-agent", ("amazon-cloudwatch-agent",)),
    ("azure-monitor-agent", ("amacoreagent", "mdsd")), ("cribl", ("cribl",)),
    ("datadog-agent", ("datadog-agent", "datadog-cluster-agent")), ("elastic-agent", ("elastic-agent",)),
    ("filebeat", ("filebeat",)), ("fluent-bit", ("fluent-bit",)), ("fluentd", ("fluentd", "td-agent", "google-fluentd")),
    ("google-cloud-ops-agent", ("google_cloud_ops_agent_engine",)), ("grafana-agent", ("grafana-agent",)),
    ("journal-upload", ("systemd-journal-upload",)), ("journalbeat", ("journalbeat",)),
    ("logstash", ("logstash", "org.logstash.Logstash")), ("nxlog", ("nxlog",)),
    ("opentelemetry-collector", ("otelcol", "otelcol-contrib", "otelcol-k8s")), ("promtail", ("promtail",)),
    ("splunk", ("splunkd",)), ("vector", ("vector",)), ("vlagent", ("vlagent", "vlagent-prod")),
)  # fmt: skip
# Server of syslog -> its processes, its files, and what in them sends messages to another host.
_SYSLOG = (
    (
        "rsyslog",
        "rsyslogd",
        ("/etc/rsyslog.conf",),
        "/etc/rsyslog.d",
        re.compile(
            r"^[^#\n]*(?:\s@{1,2}[\w\[(:]|\bomfwd\b|\bomrelp\b|:omrelp:|\bomelasticsearch\b|\bomkafka\b|\bomhttp\b|\bomgelf\b)",
            re.MULTILINE,
        ),
    ),
    (
        "syslog-ng",
        "syslog-ng",
        ("/etc/syslog-ng/syslog-ng.conf",),
        "/etc/syslog-ng/conf.d",
        re.compile(
            r"^[^#]*destination\b[^#}]*\b(?:network|syslog|tcp|tcp6|udp|udp6|http|kafka-c|elasticsearch-http)\s*\(",
            re.MULTILINE,
        ),
    ),
)


def collect(evidence: Evidence) -> Optional[List[str]]:
    """Names of those that run, on the host or in a container. None, and not measured, when it cannot be told."""
    reader = evidence.reader
    if reader.once(programs.running) is None:
        # Their names are all that is asked; without processes there is nothing to say.
        evidence.whole_not_measured(NEEDS_ROOT if reader.is_live else NOT_LIVE)
        return None
    found = [name for name, names in COLLECTORS if programs.named(reader, *names)]
    unread = ""
    for name, process, files, folder, sends in _SYSLOG:
        if not programs.named(reader, process):
            continue
        sent, closed = forwards(reader, list(files), folder, sends)
        unread = unread or closed
        if sent:
            found.append(name)
    if unread and not found:
        evidence.because_whole(unread)
        return None
    return sorted(found)


def forwards(reader: Reader, files: List[str], folder: str, sends: Pattern[str]) -> Tuple[bool, str]:
    """Whether a server of syslog sends messages on; and the first of its files that could not be read."""
    names = reader.names(folder) or []
    paths = files + [f"{folder}/{name}" for name in names[:MAX_FILES] if name.endswith(".conf")]
    sent = False
    for path in paths:
        sent = sent or bool(sends.search(reader.text(path) or ""))
    closed = [path for path in [folder] + paths if reader.reason(path)]
    return sent, closed[0] if closed else ""
