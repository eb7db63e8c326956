"""What names and locations say of where an endpoint is: Azure writes the region into the names of some resources.

Public addresses `LABEL.REGION.cloudapp.azure.com`, container instances `NAME.REGION.azurecontainer.io`, container apps
`NAME.HASH.REGION.azurecontainerapps.io`, web apps with unique names `NAME-HASH.REGION-01.azurewebsites.net`, Kubernetes
`NAME.hcp.REGION.azmk8s.io`, and the same in the clouds for China and for the government of the USA.
"""

import re
from typing import Final

from auditor.enrich import regions
from auditor.routing.route53 import hosts as aws

_AZURE: Final = (
    ".azure.com", ".azurewebsites.net", ".azurecontainer.io", ".azurecontainerapps.io", ".azmk8s.io", ".windows.net",
    ".azurewebsites.us", ".usgovcloudapi.net", ".azurewebsites.cn", ".chinacloudapi.cn", ".chinacloudsites.cn",
    ".azure-api.net", ".azure.cn", ".azure.us", ".azurestaticapps.net",
)  # fmt: skip
_NUMBERED: Final = re.compile("(.+)-[0-9]{1,3}")


def ours(host: str) -> bool:
    """Say whether a name is one that Azure gives to its resources."""
    return f".{host.lower()}".endswith(_AZURE)


def region(host: str) -> str:
    """Return the region in which a host of this name is, as `azure/westeurope`; empty: its name does not say."""
    if not ours(host):
        return aws.region(host.lower())
    for label in reversed(host.lower().split(".")[1:]):  # the first is what its owner called it
        numbered = _NUMBERED.fullmatch(label)
        for code in (label, numbered[1] if numbered else ""):
            if code and regions.countries(f"azure/{code}"):
                return f"azure/{code}"
    return ""


def declared(location: str) -> str:
    """Return the region of a location, which may be written as for people: `West Europe`; empty: it is none."""
    code = f"azure/{location.lower().replace(' ', '')}"
    return code if location and regions.countries(code) else ""
