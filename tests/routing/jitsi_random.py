"""Random configurations of jicofo, in the several ways in which HOCON is written."""

import random as randoms

REGIONS = ("us-east-1", "eu-central-1", "cn-north-1", "mars")


def configuration(random: randoms.Random) -> dict[str, bytes]:
    """Return a jicofo.conf, by file name."""
    groups = [random.sample(REGIONS, random.randint(1, 3)) for _ in range(random.randint(0, 3))]
    quote = random.choice(['"', ""])
    listed = ", ".join(f"[{', '.join(quote + name + quote for name in group)}]" for group in groups)
    strategy = random.choice(["RegionBased", "RegionBased", "RegionBased", "IntraRegion", "Single", "Visitor"])
    settings = {
        "bridge.selection-strategy": f"{strategy}BridgeSelectionStrategy",
        "bridge.region-groups": f"[{listed}]",
        "octo.enabled": random.choice(["true", "yes", "on", "false"]),
        "local-region": random.choice(REGIONS),
        "bridge.stress-threshold": "0.8",
    }
    kept = [(key, value) for key, value in settings.items() if random.random() < 0.85]
    random.shuffle(kept)
    if random.random() < 0.4:
        text = "\n".join(f"jicofo.{key} {random.choice('=:')} {value}" for key, value in kept)
    else:
        text = "jicofo {\n" + "\n".join(f"  {key} = {value} # why" for key, value in kept) + "\n}"
    return {"jicofo.conf": f"// ours\njicofo.bridge.max-bridge-participants = 80\n{text}\n".encode()}
