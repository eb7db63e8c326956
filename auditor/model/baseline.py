"""What was already found when somebody began to look: a list of findings that decide nothing as long as they stay."""

from dataclasses import dataclass

from auditor.model.report import Past


@dataclass(frozen=True, slots=True)
class Baseline:
    """The findings of one file."""

    file: str  # as the user named it
    sha256: str  # of the bytes as stored
    findings: tuple[Past, ...]
