"""Flow logs of Azure virtual networks."""

from auditor.logs.cloud.azure import of_networks as sniff
from auditor.logs.cloud.azure import read

__all__ = ["read", "sniff"]
