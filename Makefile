PYTHON ?= python

.DEFAULT_GOAL := help
.PHONY: help test thorough lint types generated latency check fuzz backends memory bench coverage mutate

help:  ## Print the verbs
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

test:  ## Run the tests
	$(PYTHON) -m pytest -q

thorough:  ## Run the tests that go deeper: more samples, shapes, orders and random programs
	$(PYTHON) -m pytest -q -m thorough

lint:  ## Check style and format
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types:  ## Check types
	$(PYTHON) -m pyright --pythonpath $(PYTHON)

generated:  ## Emit the code in generated/ and docs/rules.md anew
	$(PYTHON) scripts/gallery.py
	$(PYTHON) scripts/rules_page.py

latency:  ## Measure what a user waits for
	$(PYTHON) scripts/latency.py

check:  ## Check that generated/ is current
	$(PYTHON) scripts/gallery.py --check

fuzz:  ## Differentiate random programs: make fuzz COUNT=10000
	$(PYTHON) -m ad_compiler fuzz --count $(or $(COUNT),10000)

coverage:  ## Print what has a derivative, beside autograd and JAX
	$(PYTHON) scripts/peers.py

mutate:  ## Damage rules and transformations; the tests must notice: make mutate COUNT=200
	$(PYTHON) -m scripts.mutation $(or $(COUNT),200)

backends:  ## Compare the Numba backend with the Python one: make backends COUNT=300
	$(PYTHON) scripts/backends.py $(or $(COUNT),30)

memory:  ## Compare the memory modes, bit for bit: make memory COUNT=300
	$(PYTHON) scripts/memory_modes.py $(or $(COUNT),300)

bench:  ## Time emitted gradients beside adjoints by hand, autograd and JAX: make bench ARGS=--write
	PYTHONPATH=. $(PYTHON) -m scripts.bench $(ARGS)
