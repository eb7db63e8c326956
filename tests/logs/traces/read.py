"""Reads traces, and judges them: a short way from the rows of a reader to the verdict of a rule."""

import hashlib
from pathlib import Path
from typing import Any

import polars as pl

from auditor import judge
from auditor.enrich.catalogue import Catalogue
from auditor.enrich.places import open_places
from auditor.enrich.roles import settle
from auditor.enrich.who import who
from auditor.logs import model
from auditor.logs.model import LOG, Told
from auditor.logs.traces import FORMATS
from auditor.model import flow
from auditor.model.rule import Rule
from auditor.read.source import HEAD, Source
from auditor.report import Report  # type: ignore[attr-defined]
from tests import builders
