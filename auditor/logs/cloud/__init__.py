"""Flow logs of clouds."""

from typing import Final

from auditor.logs.cloud import aws, aws_parquet, azure_nsg, azure_vnet, gcp, hubble, tgw
from auditor.logs.model import Reader

FORMATS: Final[dict[str, Reader]] = {
    "aws-vpc": aws,
    "aws-tgw": tgw,
    "aws-parquet": aws_parquet,
    "azure-nsg": azure_nsg,
    "azure-vnet": azure_vnet,
    "gcp-vpc": gcp,
    "hubble": hubble,
}
