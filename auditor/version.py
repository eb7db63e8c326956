"""The version of this tool, in a module that imports nothing: every room may name it."""

__version__ = "0.1.0"
