"""Values of documents with their places."""

from dataclasses import dataclass
from typing import Any

from auditor.routing.documents import Document
from auditor.routing.model import Line


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A value of a document, and where it stands."""

    document: Document
    path: tuple[Any, ...]
    value: Any
    above: int = 0  # lines of the file above the document's first, if it is text within another

    @property
    def at(self) -> Line:
        """The line of its key, or of itself if it is an item."""
        return Line(self.document.file, self.document.place(*self.path, of_key=True)[0] + self.above)

    def get(self, *keys: str) -> "Part":
        """Return what stands at keys below each other; a part without value where nothing does."""
        path, value = self.path, self.value
        for key in keys:
            path = (*path, key)
            value = value.get(key) if isinstance(value, dict) else None
        return Part(self.document, path, value, self.above)

    def entries(self) -> "dict[str, Part]":
        """Return the entries of a mapping; of anything else none."""
        found = self.value if isinstance(self.value, dict) else {}
        return {key: Part(self.document, (*self.path, key), value, self.above) for key, value in found.items()}

    def items(self) -> "list[Part]":
        """Return the items of a list; of anything else none."""
        found = self.value if isinstance(self.value, list) else []
        return [Part(self.document, (*self.path, at), value, self.above) for at, value in enumerate(found)]

    def text(self) -> str:
        """Return it as text; empty if it is none."""
        return "" if self.value is None or isinstance(self.value, dict | list | tuple) else str(self.value)

    def labels(self) -> dict[str, str]:
        """Return a mapping of texts."""
        return {key: part.text() for key, part in self.entries().items()}
