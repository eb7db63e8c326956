"""Terraform: what resources a configuration makes, with which attributes, and where each of these stands.

`load` reads HCL (`*.tf`, `*.tofu`), its JSON syntax (`*.tf.json`), values of variables (`*.tfvars`) and what
`terraform show -json` prints of a plan or a state, all into the same `Resource`s.  Readers of single providers ask it.
"""

from auditor.routing.terraform.load import Configuration, escapes, is_show, is_terraform, load
from auditor.routing.terraform.resources import Resource
from auditor.routing.terraform.values import Ref, Unresolved, Value, holes, items, plain

__all__ = [
    "Configuration",
    "Ref",
    "Resource",
    "Unresolved",
    "Value",
    "escapes",
    "holes",
    "is_show",
    "is_terraform",
    "items",
    "load",
    "plain",
]
