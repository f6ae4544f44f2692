"""The host's packet filter: who manages it, and what happens to packets for the host that no rule names."""

import json
import os
import re
from typing import Any, Dict, List, Optional, Set

from scanners.probe import commands, programs, units
from scanners.probe.evidence import NEEDS_ROOT, NOT_LIVE, Evidence
from scanners.probe.reading import Reader

# Unit whose being started means that the filter is set up.
_UNITS = ("nftables", "netfilter-persistent", "iptables", "ip6tables", "shorewall", "csf", "ferm", "apf")
_REFUSES = ("drop", "reject")
_LEGACY = {
    "ip": ("iptables-legacy-save", "iptables-save"),
    "ip6": ("ip6tables-legacy-save", "ip6tables-save"),
}
_MAX_CHAINS = 20
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*$")
_FILTER = re.compile(r"^\*filter$(.*?)^COMMIT$", re.MULTILINE | re.DOTALL)


def collect(evidence: Evidence) -> Dict[str, Any]:
    reader = evidence.reader
    found = [name for name in _UNITS if units.is_enabled(reader, name + ".service")]
    if programs.of_host(reader, "firewalld") or (
        not reader.is_live and units.is_enabled(reader, "firewalld.service")
    ):
        found.append("firewalld")
    if "ENABLED=yes" in (reader.text("/etc/ufw/ufw.conf") or "").split():
        found.append("ufw")
    return {"services": sorted(found), "input_policy": input_policy(evidence)}


def input_policy(evidence: Evidence) -> Optional[str]:
    """drop when packets that no rule names are refused, for every version of IP that the host speaks; else accept."""
    reader = evidence.reader
    if not reader.is_live or os.geteuid() != 0:
        evidence.not_measured("input_policy", NEEDS_ROOT if reader.is_live else NOT_LIVE)
        return None
    families = {"ip", "ip6"} if reader.word("/proc/net/if_inet6") else {"ip"}
    unknown: List[str] = []
    refused = refused_by_tables(reader, families, unknown) | refused_by_nft(reader, families, unknown)
    if refused >= families:
        return "drop"
    if unknown:
        evidence.not_measured("input_policy", unknown[0])
        return None
    return "accept"


def refused_by_tables(reader: Reader, families: Set[str], unknown: List[str]) -> Set[str]:
    """Families whose packets the kernel's older filter refuses. Only where it is in use: asking would set it up."""
    refused = set()
    for family in families:
        if "filter" not in (reader.word(f"/proc/net/{family}_tables_names") or "").split():
            continue
        said = [commands.run(reader, (name,)) for name in _LEGACY[family]]
        texts = [text for text in said if text]
        if any(refuses(text) for text in texts):
            refused.add(family)
        elif not texts:
            unknown.append("iptables-save cannot be run")
    return refused


def refuses(saved: str) -> bool:
    """Whether INPUT, as iptables-save(8) prints it, ends in a refusal: by its policy, or by a last rule for all packets."""
    match = _FILTER.search(saved)
    lines = match.group(1).splitlines() if match else []
    policy = [line.split()[1] for line in lines if line.startswith(":INPUT ") and len(line.split()) > 1]
    rules = [line for line in lines if line.startswith("-A INPUT ")]
    return policy[:1] == ["DROP"] or bool(rules and re.match(r"-A INPUT -j (DROP|REJECT)\b", rules[-1]))


def refused_by_nft(reader: Reader, families: Set[str], unknown: List[str]) -> Set[str]:
    if not is_nft_loaded(reader):
        return set()
    if not commands.find(reader, "nft"):
        saved = {family: commands.run(reader, (_LEGACY[family][1],)) for family in families}
        if None in saved.values():
            unknown.append("the host has neither nft nor iptables-save that may be run")
        return {family for family, text in saved.items() if text and refuses(text)}
    chains = said_by_nft(reader, ("nft", "-j", "list", "chains"), "chain")
    if chains is None:
        unknown.append("nft does not list its chains")
        return set()
    refused: Set[str] = set()
    bases = [chain for chain in chains if chain.get("hook") == "input" and chain.get("type") == "filter"]
    for chain in bases[:_MAX_CHAINS]:
        of_chain = families & ({"ip", "ip6"} if chain.get("family") == "inet" else {str(chain.get("family"))})
        if of_chain and (chain.get("policy") == "drop" or ends_in_refusal(reader, chain)):
            refused |= of_chain
    return refused


def is_nft_loaded(reader: Reader) -> bool:
    """Whether the kernel has nf_tables already: nft would have it loaded only to find it empty."""
    modules = "/lib/modules/" + (reader.word("/proc/sys/kernel/osrelease") or "")
    return bool(
        reader.exists("/sys/module/nf_tables")
        or not reader.exists(modules + "/modules.dep")
        or "/nf_tables.ko" in (reader.text(modules + "/modules.builtin") or "")
    )


def ends_in_refusal(reader: Reader, chain: Dict[str, Any]) -> bool:
    """Whether the chain's last rule refuses whatever comes to it."""
    words = [str(chain.get(name, "")) for name in ("family", "table", "name")]
    if not all(_WORD.match(word) for word in words):
        return False
    rules = said_by_nft(reader, ["nft", "-j", "list", "chain"] + words, "rule")
    expression = rules[-1].get("expr") if rules else None
    if not isinstance(expression, list):
        return False
    said = [name for part in expression if isinstance(part, dict) for name in part]
    return any(name in _REFUSES for name in said) and set(said) <= {"counter", "log", *_REFUSES}


def said_by_nft(reader: Reader, words: Any, kind: str) -> Optional[List[Dict[str, Any]]]:
    """The objects of one kind in nft's answer, as libnftables-json(5) has them."""
    text = commands.run(reader, words, 4 << 20)
    if text is None:
        return None
    try:
        answer = json.loads(text)
        items = answer["nftables"]
        return [item[kind] for item in items if isinstance(item, dict) and isinstance(item.get(kind), dict)]
    except (ValueError, TypeError, KeyError, RecursionError):
        reader.skip("command " + " ".join(words), "its answer cannot be understood")
        return None
