"""Rules: YAML files become rules that can be judged, and rules become sentences."""

from auditor.rules.packs import Pack, RuleSet, builtin, catalogue_files, fitting, load, shipped
from auditor.rules.speak import speaks

__all__ = ["Pack", "RuleSet", "builtin", "catalogue_files", "fitting", "load", "shipped", "speaks"]
