"""Flow logs of clouds."""

from typing import Final

from auditor.logs.cloud import aws, azure_nsg, azure_vnet, gcp, hubble
from auditor.logs.model import Reader

FORMATS: Final[dict[str, Reader]] = {
    "aws-vpc": aws,
    "azure-nsg": azure_nsg,
    "azure-vnet": azure_vnet,
    "gcp-vpc": gcp,
    "hubble": hubble,
}
