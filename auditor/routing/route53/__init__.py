"""Amazon Route 53: record sets with routing policies and health checks, as the API lists them or as they are deployed."""

from collections.abc import Sequence

from auditor.model.errors import InputError
from auditor.routing import documents
from auditor.routing.documents import Document
from auditor.routing.model import File, Routing
from auditor.routing.route53 import listing
from auditor.routing.route53.clients import routing
from auditor.routing.route53.records import Config
from auditor.routing.store import Store


def sniff(file: File) -> bool:
    """Say whether a file holds something of Route 53."""
    if not any(word in file.data for word in (b"ResourceRecordSet", b"HealthCheckConfig", b"CidrBlock")):
        return False
    try:
        return any(listing.sniff(each.tree) for each in documents.load(file))
    except InputError:
        return False


def read(files: Sequence[File], store: Store) -> list[Routing]:
    """Read files together: they are one configuration."""
    config = Config()
    found: list[Document] = [each for file in files for each in documents.load(file)]
    for document in sorted((each for each in found if listing.sniff(each.tree)), key=lambda each: listing.rank(each.tree)):
        listing.read(document, config)
    listing.settled(config)
    return [routing(config, tuple(files))]
