"""Flow logs of Azure network security groups."""

from auditor.logs.cloud.azure import of_groups as sniff
from auditor.logs.cloud.azure import read

__all__ = ["read", "sniff"]
