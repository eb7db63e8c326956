"""Random small configurations of gdnsd in its own syntax: maps, networks, plugins in each other, forced states."""

import random
from collections.abc import Callable

Random = random.Random
FAULTS = 9


def configuration(r: Random) -> dict[str, bytes]:
    """Write a configuration: file name -> text.  Files outside of folders are those to read."""
    if r.random() < 0.2:
        return _only_maps(r)
    made = _Made(r)
    whole = made.whole()
    files = {"config": whole.encode()}
    if r.random() < 0.3:
        files = _split(whole, files)
    if r.random() < 0.5:
        files["admin_state"] = made.admin_state().encode()
    return files


def _only_maps(r: Random) -> dict[str, bytes]:
    made = _Made(r)
    files = {"geo-maps": "\n".join(made.map(name) for name in ("m1", "m2")[: r.randint(1, 2)]).encode()}
    if r.random() < 0.4:
        lines = [f"geoip/{r.choice(['m1', '*'])}/{r.choice(made.centers['m1'])} => {r.choice(['UP', 'DOWN/30'])}"]
        files["admin_state"] = "\n".join(lines).encode() + b"\n"
    return files


def _split(whole: str, files: dict[str, bytes]) -> dict[str, bytes]:
    """Put the services into a file of their own."""
    begin, mark, rest = whole.partition("service_types => {\n")
    inner, _, end = rest.partition("}\nplugins")
    return {**files, "config": f"{begin}{mark}$include{{parts/services}}\n}}\nplugins{end}".encode(),
            "parts/services": inner.encode()}  # fmt: skip


class _Made:
    """What was written so far."""

    def __init__(self, r: Random) -> None:
        self.r = r
        self.faults = 0
        self.address = 0
        self.shared: list[str] = []  # addresses that are watched in two places
        self.centers: dict[str, list[str]] = {}
        self.metafo: dict[str, list[str]] = {}
        self.leaves: dict[str, dict[str, str]] = {"multifo": {}, "weighted": {}, "simplefo": {}, "static": {}}
        self.monitored: list[str] = []

    def new(self, version: int = 4) -> str:
        """Take an address that nobody has yet."""
        if version == 4 and self.shared and self.r.random() < 0.1:
            return self.r.choice(self.shared)
        self.address += 1
        found = f"192.0.2.{self.address}" if version == 4 else f"2001:db8::{self.address:x}"
        if version == 4:
            self.shared.append(found)
        return found

    def services(self, names: int = 1) -> str:
        """Choose service types, as long as few faults come of them."""
        r = self.r
        if self.faults + names > FAULTS or r.random() < 0.3:
            return r.choice(
                [
                    "",
                    "service_types => up",
                    "service_types => []",
                    "service_types => down",
                    "service_types => [up, dead]",
                ]
            )
        self.faults += names
        return r.choice(["service_types => web", "service_types = [ web up ]", "service_types => web"])

    def thresh(self) -> str:
        return self.r.choice(["", "up_thresh => 0.5", "up_thresh => 1", "up_thresh = 0.3", "up_thresh => 0.67"])

    def order(self, centers: list[str]) -> str:
        r = self.r
        picked = r.sample(centers, r.randint(1, len(centers)))
        if len(picked) == 1 and r.random() < 0.5:
            return picked[0]
        if r.random() < 0.05:
            return "[]"
        if r.random() < 0.1:
            picked.append(picked[0])
        return "[" + r.choice([", ", " ", ",\n   "]).join(picked) + "]"

    def map(self, name: str) -> str:
        """Write a map."""
        r = self.r
        centers = [f"d{n}" for n in range(1, r.randint(2, 4))] + ["d9"]
        self.centers[name] = centers
        order = lambda: self.order(centers)  # noqa: E731
        text = f"{name} => {{ datacenters => [{', '.join(centers)}]\n"
        if r.random() < 0.8:
            text += " geoip2_db => x.mmdb, map => {\n"
            if r.random() < 0.6:
                text += f"  default => {order()},\n"
            for continent in r.sample(["EU", "AS", "NA", "eu2", "OC"], r.randint(0, 3)):
                if continent == "eu2":
                    continue
                if r.random() < 0.3:
                    text += f"  {continent} => {order()}\n"
                    continue
                text += f"  {continent} => {{ # a continent\n"
                if r.random() < 0.5:
                    text += f"   default => {order()}\n"
                text += self._countries(continent, order) + "  }\n"
            text += " }\n"
        if r.random() < 0.5:
            nets = [
                "10.0.0.0/8",
                "10.1.0.0/16",
                "198.51.100.0/25",
                "198.51.100.128/25",
                "198.51.100.0/24",
                "2001:db8::/32",
            ]
            text += (
                " nets => {\n" + "".join(f"  {net} => {order()}\n" for net in r.sample(nets, r.randint(1, 5))) + " }\n"
            )
        return text + "}\n"

    def _countries(self, continent: str, order: Callable[[], str]) -> str:
        r = self.r
        codes = {"EU": ["DE", "FR", "NO", "cy"], "AS": ["CN", "HK", "TW"], "NA": ["US", "CA"], "OC": ["AU", "CX"]}[
            continent
        ]
        text = ""
        for code in r.sample(codes, r.randint(0, 2)):
            if r.random() < 0.7:
                text += f"   {code} => {order()},\n"
            else:
                default = f"default => {order()} " if r.random() < 0.5 else ""
                text += f'   {code} => {{ {default}BY => {order()} "A town" => {order()} }}\n'
        return text

    def group(self, most: int = 3) -> str:
        """Write a data centre of multifo: an address, an array, or a hash."""
        r = self.r
        kind = r.random()
        if kind < 0.35:
            return self.new()
        if kind < 0.6:
            count = r.randint(2, most)
            self.faults += count - 1
            return "[" + ", ".join(self.new() for _ in range(count)) + "]"
        if kind < 0.8:
            count = r.randint(1, most)
            self.faults += count - 1
            ends = " ".join(f"l{n} => {self.new()}" for n in range(count))
            return f"{{ {ends} {self.thresh()} {r.choice(['', '', 'ignore_health => true'])} }}"
        fours = "[" + " ".join(self.new() for _ in range(r.randint(1, 2))) + "]"
        self.faults += 2
        return f"{{ addrs_v4 => {fours} addrs_v6 => {{ six => {self.new(6)} {self.thresh()} }} {self.thresh()} }}"

    def leaf(self) -> str:
        """Write a resource of a plugin and refer to it."""
        r = self.r
        plugin = r.choice(["multifo", "weighted", "weighted", "simplefo", "static"])
        name = f"x{len(self.leaves[plugin])}"
        if self.leaves[plugin] and r.random() < 0.25:
            name = "x0"
        if name not in self.leaves[plugin]:
            self.leaves[plugin][name] = {
                "multifo": self.group, "weighted": self._weighted, "simplefo": self._simplefo, "static": self.new,
            }[plugin]()  # fmt: skip
        return f"%{plugin}!{name}"

    def _weighted(self) -> str:
        r = self.r
        if r.random() < 0.3:
            ends = " ".join(f"c{n} => [ h{n}.example.org., {r.randint(1, 9)} ]" for n in range(r.randint(1, 3)))
            return f"{{ {self.services(3)} {ends} {self.thresh()} }}"
        if r.random() < 0.3:
            groups = " ".join(
                f"g{g} => {{ "
                + " ".join(f"l{n} => [{self.new()}, {r.randint(1, 9)}]" for n in range(r.randint(1, 2)))
                + " }"
                for g in range(2)
            )
            return f"{{ {self.services(3)} {groups} {self.thresh()} multi => {r.choice(['true', 'FALSE'])} }}"
        ends = " ".join(f"l{n} => [ {self.new()}, {r.randint(1, 9)} ]" for n in range(r.randint(1, 3)))
        return f"{{ {self.services(3)} {ends} {self.thresh()} }}"

    def _simplefo(self) -> str:
        if self.r.random() < 0.3:
            v4 = f"addrs_v4 => {{ primary => {self.new()}, secondary => {self.new()} }}"
            v6 = f"addrs_v6 => {{ primary => {self.new(6)}, secondary => {self.new(6)} }}"
            return f"{{ {self.services(4)} {v4} {v6} }}"
        return f"{{ {self.services(2)} primary => {self.new()} secondary => {self.new()} }}"

    def center(self, inside: str, below: list[str]) -> str:
        """Write what a data centre is."""
        r = self.r
        kind = r.random()
        if below and kind < 0.25:
            return r.choice(below)
        if kind < 0.45:
            return self.leaf()
        if kind < 0.5:
            return "host.example.net."
        if kind < 0.53:
            return r.choice(["%null", "%null!any", "%reflect!dns"])
        if kind < 0.58 and inside == "geoip":
            self.faults += 2
            return f"{{ plugin => metafo, datacenters => [u, v], dcmap => {{ u => {self.new()}, v => {self.new()} }} }}"
        if kind < 0.63:
            self.faults += 1
            return f"{{ plugin => simplefo, primary => {self.new()}, secondary => {self.new()} }}"
        return self.group()

    def resource(self, plugin: str, name: str, below: list[str]) -> str:
        r = self.r
        if plugin == "geoip":
            centers = self.centers["m1" if r.random() < 0.7 or "m2" not in self.centers else "m2"]
            of = next(each for each, listed in self.centers.items() if listed is centers)
            head = f"map => {of}"
        else:
            centers = [f"{name}{n}" for n in range(1, r.randint(2, 4))]
            head = f"datacenters => [{' '.join(centers)}]"
        self.faults += len(centers)
        self.metafo[name] = centers
        defined = [each for each in centers if plugin == "metafo" or r.random() < 0.85] or centers[:1]
        inner = "".join(f"    {each} => {self.center(plugin, below)}\n" for each in defined)
        if "simplefo" in inner or "addrs" in inner or "metafo" in inner or "weighted" in inner:
            extra = self.services()
        else:
            extra = f"{self.services()} {r.choice(['', 'up_thresh => 0.6'])}"
        skip = r.choice(["", "", "skip_first => true", "skip_first = False"])
        return f"  {name} => {{ {head}, {extra} {skip} dcmap => {{\n{inner}  }} }}\n"

    def whole(self) -> str:
        r = self.r
        maps = "".join(self.map(name) for name in ("m1", "m2")[: r.choice([1, 1, 2])])
        low = [self.resource("metafo", "low", [])] if r.random() < 0.4 else []
        below = ["%metafo!low"] if low else []
        inner = [self.resource("geoip", "inner", below)] if r.random() < 0.4 else []
        below += ["%geoip!inner"] if inner else []
        geo = [self.resource("geoip", "www", below)]
        high = [self.resource("metafo", "high", ["%geoip!www"])] if r.random() < 0.3 else []
        text = "options => { zones_default_ttl => 300 }\nservice_types => {\n"
        text += "  web => { plugin => extfile, file => states, direct => true, interval => 2 timeout => 1 }\n"
        text += "  dead => { plugin => null, interval => 60 }\n}\nplugins => {\n"
        resources = "".join([*inner, *geo])
        text += f" geoip => {{ undefined_datacenters_ok => true,\n  maps => {{\n{maps}}}\n"
        text += f"  resources => {{\n{resources} }} }}\n"
        if low or high:
            text += f" metafo => {{ resources => {{\n{''.join([*low, *high])} }} }}\n"
        text += " null => {}\n reflect => {}\n"
        for plugin, found in self.leaves.items():
            if found:
                text += f" {plugin} => {{\n" + "".join(f"  {name} => {each}\n" for name, each in found.items()) + " }\n"
        return text + "}\n"

    def admin_state(self) -> str:
        """Force some states."""
        r = self.r
        keys = [f"{r.choice(['*', 'geoip/www', 'geoip/m1', 'geoip/inner', 'metafo/low', 'metafo/high'])}/{each}"
                for centers in [*self.centers.values(), *self.metafo.values()] for each in centers]  # fmt: skip
        keys += [f"{each}/{r.choice(['web', 'up', '*', 'down'])}" for each in self.shared] or []
        picked = r.sample(sorted(set(keys)), min(len(set(keys)), r.randint(1, 3)))
        return "".join(f"{key} => {r.choice(['UP', 'DOWN', 'up/30', 'Down/0'])}\n" for key in picked)
