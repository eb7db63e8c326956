"""Random zones files of PowerDNS's GeoIP backend, as text."""

import random as randoms
from typing import Any

import yaml

FORMATS = ["%co.%cn.svc.example.com", "%cn.svc.example.com", "%cc.svc.example.com", "%af.svc.example.com",
           "%mp.svc.example.com",
           "unknown.svc.example.com", "%re.svc.example.com",
           "away.example.net", "other.example.com", "all.svc.example.com."]  # fmt: skip
NAMES = ["de", "deu", "fin.eu", "de.eu", "eu", "as", "cn.as", "unknown", "v4", "far", "all", "*"]
NETWORKS = ["198.51.100.0/24", "198.51.100.0/26", "203.0.113.0/24", "2001:db8::/32", "0.0.0.0/0"]


def configuration(random: randoms.Random) -> dict[str, bytes]:
    """Return a zones file by its name."""
    records: dict[str, Any] = {"example.com": [{"soa": "ns hostmaster 1 2 3 4 5"}, {"ns": "ns1.example.com"}]}
    for name in random.sample(NAMES, random.randint(1, 7)):
        records[f"{name}.svc.example.com"] = [record(random) for _ in range(random.randint(1, 3))]
    services: dict[str, Any] = {"www.example.com": choice(random)}
    if random.random() < 0.5:
        services["other.example.com"] = choice(random)
    if random.random() < 0.4:
        nets = random.sample(NETWORKS, random.randint(1, 3))
        services["www.example.com"] = {"default": choice(random)} if random.random() < 0.8 else {}
        services["www.example.com"] |= {net: choice(random) for net in nets}
    domain = {"domain": "example.com", "ttl": 30, "records": records, "services": services}
    tree: dict[str, Any] = {"domains": [domain]}
    random.choice([tree, domain])["mapping_lookup_formats"] = ["%cc", "%cn"]
    random.choice([tree, domain])["custom_mapping"] = {"de": "far", "as": "all"}
    return {"zones.yaml": yaml.safe_dump(tree, sort_keys=False).encode()}


def record(random: randoms.Random) -> dict[str, Any]:
    kind = random.choice(["a", "a", "aaaa", "cname", "txt"])
    last = random.randint(1, 5)
    names = ["cdn.example.net", "all.svc.example.com", "other.example.com", "%cc.example.net"]
    content = {"a": f"192.0.2.{last}", "aaaa": f"2001:db8::{last}", "txt": "hello"}.get(kind) or random.choice(names)
    if random.random() < 0.3:
        return {kind: {"content": content, "weight": random.choice([1, 50, 3000])}}
    return {kind: content}


def choice(random: randoms.Random) -> Any:
    found = random.sample(FORMATS, random.randint(1, 3))
    return found[0] if len(found) == 1 else found
