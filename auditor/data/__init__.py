"""Shipped location databases: files, made by `tools/build_geo.py`, described by `sources.json`, read by `enrich`."""
