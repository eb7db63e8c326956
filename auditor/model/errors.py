"""The one error that a user may see: what could not be read, where, and what to do about it."""


class InputError(Exception):
    """A file, rule or setting that the audit can't go on without; exit code 2.

    `source` names the file (or option), `record` its line or record counted from 1 (0: none), and
    `message` says what is wrong and how to mend it, as a phrase without a period.
    """

    def __init__(self, source: str, message: str, record: int = 0) -> None:
        super().__init__(source, message, record)
        self.source = source
        self.message = message
        self.record = record

    def __str__(self) -> str:
        where = f"{self.source}, line {self.record}" if self.record else self.source
        return f"{where}: {self.message}"
