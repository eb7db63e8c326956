"""Amazon Route 53: record sets with routing policies and health checks, as the API lists them or as they are deployed.

`records` is the model, `health` says when a record is healthy, `tree` how records lead to each other, `graph` what is
proven, `replay` what Route 53 does.  `listing`, `cloudformation`, `policies` and `terraform` are the inputs.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from auditor.model.errors import InputError
from auditor.routing import documents
from auditor.routing import terraform as hcl
from auditor.routing.documents import Document
from auditor.routing.model import File, Routing
from auditor.routing.route53 import cloudformation, listing, policies, terraform
from auditor.routing.route53.clients import routing
from auditor.routing.route53.records import PROVIDER, Config
from auditor.routing.store import Store

FORMAT: Final = PROVIDER

_WORDS: Final = (
    b"ResourceRecordSet", b"HealthCheck", b"CidrBlock", b"AWS::Route53::", b"ParameterKey", b'"Parameters"',
    b"AWSPolicyFormatVersion",
)  # fmt: skip
_SURE: Final = (b"AWS::Route53::RecordSet", b'"ResourceRecordSet', b'"AWSPolicyFormatVersion"')
_ENDS: Final = (".json", ".yaml", ".yml", ".template")


def belongs(file: File) -> bool:
    """Say whether a file may matter where others are of Route 53: a module of Terraform, values of its variables."""
    return hcl.is_terraform(file) or hcl.is_show(file)


def sniff(file: File) -> bool:
    """Say whether a file holds something of Route 53; one that seems to and can't be read is one: it is told."""
    if belongs(file):
        return terraform.WORD in file.data or hcl.escapes(file)
    if not any(word in file.data for word in _WORDS):
        return any(_known(each) for each in documents.unveiled(file))
    try:
        return any(_known(each) for each in _documents(file))
    except InputError:
        return file.name.endswith(_ENDS) and any(word in file.data for word in _SURE)


@lru_cache(8)
def _documents(file: File) -> tuple[Document, ...]:
    return tuple(documents.load(file))


def _known(document: Document) -> bool:
    tree = document.tree
    return (
        listing.sniff(tree)
        or cloudformation.sniff(tree)
        or policies.sniff(tree)
        or cloudformation.parameters(tree) is not None
    )


def read(files: Sequence[File], store: Store) -> list[Routing]:
    """Read files together: they are one configuration.

    Raise InputError for what can't be read, and for changes that Route 53 would refuse.
    """
    config = Config()
    code = [file for file in files if belongs(file)]
    found = [each for file in files if file not in code for each in _documents(file)]
    _documents.cache_clear()
    templates = [each for each in found if cloudformation.sniff(each.tree)]
    given = {key: value for each in found for key, value in (cloudformation.parameters(each.tree) or {}).items()}
    for document in sorted(
        (each for each in found if listing.sniff(each.tree)), key=lambda each: listing.rank(each.tree)
    ):
        listing.read(document, config)
    for document in templates:
        cloudformation.read(document, config, given, alone=len(templates) == 1)
    for document in found:
        if policies.sniff(document.tree):
            policies.read(document, config)
    whole = {file.name: file for file in files}
    for each in hcl.load(code, store) if code else []:
        terraform.read(each, config)
        whole |= {file.name: file for file in each.files}
    listing.settled(config)
    listing.delegated(config)
    if not (config.records or config.checks or config.unread):
        return []
    return [routing(config, tuple(whole.values()))]
