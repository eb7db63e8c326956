# Everything runs in .venv, which the first target that needs it makes; set PYTHON to choose the interpreter (3.11 or newer).
PYTHON ?= python3
BIN    := .venv/bin

.PHONY: demo test check examples fuzz prove bench clean
.DEFAULT_GOAL := demo

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable . --group dev
	touch $@

demo: .venv/ready        ## audit every sample capture and write its report to reports/out
	$(BIN)/python tools/samples.py reports/out

test: check              ## everything that has to hold before a change lands
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

check: .venv/ready       ## style, types, and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

examples: .venv/ready    ## write the sample captures, the example reports and the schema again
	$(BIN)/python sample_pcaps/make.py
	$(BIN)/python tools/samples.py reports/examples
	$(BIN)/python tools/build_schema.py

fuzz: .venv/ready        ## the tests of properties on other examples, drawn anew each time
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal -m hypothesis --hypothesis-profile fuzz

prove: .venv/ready       ## hold proofs of reachability against brute force, on 10,000 random configurations of each format
	$(BIN)/python tools/prove.py

bench: .venv/ready       ## time the judge by itself, the audit of flow logs, the gate, and the audit beside every peer that is installed (see docs/benchmarks.md)
	$(BIN)/python tools/bench_judge.py
	$(BIN)/python tools/bench_logs.py
	$(BIN)/python tools/bench_gate.py
	$(BIN)/python tools/bench.py

clean:
	rm -rf .venv build dist reports/out
