"""Rules: YAML files become rules that can be judged, and rules become sentences.

files       where packs, rules and tests lie           packs       all of it loaded: start here
format      what may stand in a rule file              situations  in its examples, and in files of tests
vocabulary  in packs, territories, operators           schemas     the same for editors
named       what the names of a pack refer to          resolve     a rule with its names looked up, and its dates
selections  what accounts have selected                examples    what examples name, looked up
waivers     findings that are accepted until a day     promises    what rules promise, and whether they keep it
speak       a rule in one sentence    tell  a situation in one         details     all that the machine does with a rule
new         a pack out of a few words                  writing     documents as YAML
lint        what is wrong with rules that load
"""

from auditor.rules.files import builtin, catalogue_files, shipped
from auditor.rules.packs import Pack, RuleSet, fitting, load
from auditor.rules.speak import speaks

__all__ = ["Pack", "RuleSet", "builtin", "catalogue_files", "fitting", "load", "shipped", "speaks"]
