"""Google Cloud DNS: record sets with routing policies and health checks, of the API, of gcloud and of Terraform.

`records` is the model, `tree` how record sets lead to each other and what fails, `graph` what is proven, `replay` what
Cloud DNS does, `clients` who asks.  `sources` collects what files hold, Terraform's in the `spelling` of the API;
`parse` reads it, `changes` makes changes of it, and `targets` is what record sets answer; names that are answered
`alike` share their classes.
"""

from collections.abc import Sequence

from auditor.routing.clouddns import parse
from auditor.routing.clouddns.clients import FORMAT, routing
from auditor.routing.clouddns.records import Config
from auditor.routing.clouddns.sources import belongs, gather, sniff
from auditor.routing.model import File, Routing
from auditor.routing.store import Store

__all__ = ["FORMAT", "belongs", "read", "sniff"]


def read(files: Sequence[File], store: Store) -> list[Routing]:
    """Read files together: they are one configuration.  Raise InputError for what can't be read."""
    things = gather(files, store)
    config = Config()
    parse.read(things, config)
    if not (config.records or config.unread):
        return []
    return [routing(config, tuple(dict.fromkeys(things.files)))]
