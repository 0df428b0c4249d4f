# Each recipe is one line of plain commands: .ci/run reads them too where there is no make.
PYTHON ?= $(if $(wildcard .venv/bin/python),.venv/bin/python,python3)

.PHONY: help setup check fmt lint types test bless gallery gallery-check docs size

help:  ## print these verbs
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## */\t/' | expand -t 16

setup:  ## make .venv with everything that the other verbs need
	python3 -m venv .venv && .venv/bin/pip install --quiet --editable ".[test,dev]"

check: lint types test gallery-check  ## all of what .ci/run checks

fmt:  ## format the code and repair what the linter can
	$(PYTHON) -m ruff format . && $(PYTHON) -m ruff check --fix .

lint:  ## ruff: style and formatting
	$(PYTHON) -m ruff check . && $(PYTHON) -m ruff format --check .

types:  ## pyright, strict
	$(PYTHON) -m pyright

test:  ## the tests
	$(PYTHON) -m pytest

bless:  ## rewrite the golden files of the tests; review the difference like code
	$(PYTHON) -m pytest --bless -n0 -q

gallery:  ## rewrite generated/, the emitted code of the examples
	$(PYTHON) scripts/gallery.py

gallery-check:  ## is generated/ what the compiler emits?
	$(PYTHON) scripts/gallery.py --check

docs:  ## rewrite docs/rules.md from the rules
	$(PYTHON) -m ad_compiler rules --output docs/rules.md

size:  ## the longest files
	@find ad_compiler tests scripts -name '*.py' | xargs wc -l | sort -rn | head -n 15
