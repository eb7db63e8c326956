"""Rules: YAML files become rules that can be judged, and rules become sentences."""

from auditor.rules.files import builtin, catalogue_files, shipped
from auditor.rules.packs import Pack, RuleSet, fitting, load
from auditor.rules.speak import speaks

__all__ = ["Pack", "RuleSet", "builtin", "catalogue_files", "fitting", "load", "shipped", "speaks"]
