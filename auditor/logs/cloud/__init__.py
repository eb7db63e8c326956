"""Flow logs of clouds."""

from typing import Final

from auditor.logs.cloud import aws
from auditor.logs.model import Reader

FORMATS: Final[dict[str, Reader]] = {"aws-vpc": aws}
