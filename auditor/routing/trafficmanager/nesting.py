"""Which profiles nested endpoints lead to, and what of that is not followed: circles, and too many levels."""

from typing import Final

from auditor.routing.trafficmanager.model import NESTED, Config, Endpoint, Profile, suffix

DEEPEST: Final = 10
"""Profiles that lead to each other ("You can nest profiles up to 10 levels deep")."""
MOST: Final = 2_000
"""Endpoints below one profile, each counted for every way that leads to it."""


class Nesting:
    """The profiles behind the nested endpoints of a configuration."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.child: dict[Endpoint, Profile] = {}
        self.cut: set[Endpoint] = set()  # endpoints that are not followed
        self.too_large: set[Profile] = set()
        self._resolve()
        self._circles()

    def _resolve(self) -> None:
        """Find the profiles to which nested endpoints lead."""
        known: dict[str, list[Profile]] = {}
        for profile in self.config.profiles:
            for ident in dict.fromkeys(suffix(each) for each in profile.ids):
                known.setdefault(ident, []).append(profile)
            if profile.dns:
                known.setdefault(f"{profile.dns.lower()}.trafficmanager.", []).append(profile)
        for profile in self.config.profiles:
            for each in profile.endpoints:
                if each.kind != NESTED:
                    continue
                host = each.target.partition(".trafficmanager.")
                found = known.get(suffix(each.resource)) or known.get("".join(host[:2]).lower()) or []
                whole = [one for one in found if each.resource.lower() in (own.lower() for own in one.ids)]
                found = whole or found
                if len(found) == 1 or (found and found[0].enabled):
                    self.child[each] = found[0]
                if len(found) != 1:
                    why = "the profile to which it leads is not in these files; give it"
                    if found:
                        why = "several profiles may be meant; give their whole ids, as `az` shows them"
                    self.config.unclear(each.at, f"{each.name} -> {each.resource or each.target}", why)

    def _circles(self) -> None:
        """Cut the ways that lead back to where they come from, or too deep, and tell them."""
        height: dict[Profile, int] = {}
        size: dict[Profile, int] = {}
        under: set[Profile] = set()
        for root in self.config.profiles:
            if root in height:
                continue
            under.add(root)
            stack = [(root, iter(root.endpoints))]
            via: list[Endpoint] = []
            while stack:
                profile, ways = stack[-1]
                each = next(ways, None)
                if each is None:
                    stack.pop()
                    under.discard(profile)
                    children = [self.child[one] for one in profile.endpoints if one in self.child]
                    height[profile] = 1 + max((height[one] for one in children), default=0)
                    size[profile] = len(profile.endpoints) + sum(size[one] for one in children)
                    if size[profile] > MOST:
                        self.too_large.add(profile)
                    if stack:
                        self._rise(via.pop(), height[profile])
                elif each in self.child and self.child[each] in under:
                    self._cut_off(each, "leads back to itself")
                elif each in self.child and self.child[each] in height:
                    self._rise(each, height[self.child[each]])
                elif each in self.child:
                    under.add(self.child[each])
                    stack.append((self.child[each], iter(self.child[each].endpoints)))
                    via.append(each)

    def _rise(self, each: Endpoint, height: int) -> None:
        if height >= DEEPEST:
            self._cut_off(each, f"leads through more than {DEEPEST} profiles")

    def _cut_off(self, each: Endpoint, why: str) -> None:
        child = self.child.pop(each)
        self.cut.add(each)
        why = f"{why}, which Traffic Manager refuses; remove it"
        self.config.unclear(each.at, f"{each.name} -> {child.name}", why)
