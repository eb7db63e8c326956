"""What a name of a host says of where it is: AWS writes the region into the names of its resources.

Elastic Load Balancing `NAME.REGION.elb.amazonaws.com`, network load balancers `NAME.elb.REGION.amazonaws.com`, API
Gateway `ID.execute-api.REGION.amazonaws.com`, websites in S3 `s3-website-REGION` or `s3-website.REGION`, Elastic
Beanstalk, VPC endpoints, App Runner ("Service endpoints", AWS General Reference).  CloudFront and Global Accelerator
answer from anywhere.
"""

import re
from typing import Final

from auditor.enrich import regions

AWS: Final = (
    ".amazonaws.com", ".amazonaws.com.cn", ".elasticbeanstalk.com", ".awsapprunner.com", ".on.aws", ".api.aws",
    ".amazonaws.eu",
)  # fmt: skip
ANYWHERE: Final = (".cloudfront.net", ".awsglobalaccelerator.com", ".cloudfront.cn", ".awsapps.com")
UNFAILING: Final = (".cloudfront.net", ".cloudfront.cn")
"""Targets whose health can't be evaluated (AliasTarget, EvaluateTargetHealth)."""

_S3: Final = re.compile(r"s3-website-([a-z0-9-]+)")


def ours(host: str) -> bool:
    """Say whether a name is one that AWS gives to its resources."""
    return f".{host}".endswith((*AWS, *ANYWHERE))


def unfailing(host: str) -> bool:
    """Say whether Route 53 takes a target for healthy, whatever happens."""
    return f".{host}".endswith(UNFAILING)


def region(host: str) -> str:
    """Return the region in which an AWS resource of this name is, as `aws/eu-west-1`; empty: its name does not say."""
    if not f".{host}".endswith(AWS):
        return ""
    labels = host.split(".")
    for at in range(len(labels) - 3, -1, -1):
        found = _S3.fullmatch(labels[at])
        own = at == 0 or labels[at + 1] == "s3"  # what its owner called it, as a bucket
        code = f"aws/{found[1] if found else labels[at]}"
        if regions.countries(code) and labels[at].count("-") >= 2 and (found or not own):
            return code
    return ""


def declared(code: str) -> str:
    """Return the region of a latency or geoproximity record; empty: it is none that is known."""
    return f"aws/{code}" if code and regions.countries(f"aws/{code}") else ""
