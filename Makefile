# Everything this project does from the shell. A fresh machine needs Python 3.11 or newer, make and a package index.
# Each target sets up the environment it needs; a second call finds the stamp and starts at once.

VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
DEMO   := $(VENV)/.demo
LOWEST := .venv-lowest
BENCH  := .venv-bench
MINING := .venv-eventlog
DEPLOY := .venv-deploy
INSTALL := requirements/install.py requirements/uv.lock pyproject.toml

# What a caller's shell says of Python would put other modules before ours.
unexport PYTHONPATH PYTHONSAFEPATH PYTHONHOME

# The first Python that is new enough and can make environments. Give your own with `make PYTHON=/path/to/python`.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)

# Newer Pythons on this machine, one of each minor version, as 3.12:/path/to/python.
OTHERS = $(shell for p in python3.12 python3.13 python3.14 $$HOME/.pyenv/versions/*/bin/python3; do \
	"$$p" -c 'import sys, venv; v = sys.version_info; v >= (3, 12) and print(f"{v[0]}.{v[1]}:{sys.executable}")' \
	2>/dev/null; done | sort -u -t: -k1,1)

# Test processes side by side: one more than the cores of a small machine, since many tests wait for processes and times.
JOBS ?= 3
# More for pytest: make test PYTEST='-k lease -x'
PYTEST ?=

SPREAD := -n $(JOBS) --dist worksteal
# Every test process would import all acceptance tests, and what these need, only to leave them out by their mark.
QUICK  := --hypothesis-profile fast --ignore tests/acceptance
# Of a parametrised test function the first and the last case stand for all, which `make test` runs.
FEW    := --few-cases 2
# The first alone, and nothing that is slow or dear: what one runs again and again.
FAST   := $(QUICK) --few-cases 1 --leave-out slow --leave-out dear

# Neutral locks: no index address, no header, so that they work with any index; universal: on every Python and system.
TOOLS := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-header --no-emit-index-url --no-emit-find-links
COMPILE := $(TOOLS) pyproject.toml
# What a server needs; a machine that reads pictures or trains on embeddings adds to it.
IMAGE := $(foreach extra,local evals console documents mail office schedule watch mailbox notices telemetry postgres temporal encryption anthropic google prices,--extra $(extra))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test coverage test-fast test-lowest test-pythons test-eventlog test-install wheel-test test-deploy test-image chaos check check-beside check-tests check-newest lint types layers docs maps pictures format bench bench-full lock wheel release-check clean

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## Make the development environment in .venv

demo: $(DEMO) ## Run the main jobs, support triage and an inbox of invoices; once it is installed, without a network
	@echo "3 of 3  triaging 304 support tickets and reading an inbox of invoices, without a network"
	@$(BIN)/handrail demo

test: $(READY) ## Run the whole test suite
	$(BIN)/pytest $(SPREAD) $(PYTEST)

coverage: $(READY) ## Run the whole test suite with branch coverage, which takes twice as long; before a release
	$(BIN)/pytest $(SPREAD) --cov --cov-report=term $(PYTEST)

test-fast: $(READY) ## Run the quick tests, of many cases of one the first: about a minute on two cores
	$(BIN)/pytest $(SPREAD) $(FAST) $(PYTEST)

test-lowest: $(LOWEST)/.ready ## Run the tests nearest to each library on the oldest versions that pyproject.toml allows
	@# What `ours` marks, the stores on Python's own SQLite, says nothing of versions; what `versions` marks does.
	@nearest="$$($(BIN)/python -m tests.nearest)" && set -x && $(LOWEST)/bin/pytest $(SPREAD) $(QUICK) $(FEW) \
		-m '(not slow or versions) and not acceptance and not ours' $(PYTEST) tests/contract $$nearest

test-eventlog: $(MINING)/.ready ## Prove that pm4py reads the event logs of runs, in an environment of its own
	$(MINING)/bin/python -m tests.eventlog.mine

test-install: $(READY) ## Prove that the locks install as they are, with pips of three ages; needs an index
	$(BIN)/python -m tests.install.prove

wheel-test: $(READY) ## Prove that the wheel works in an empty environment, beside packages of other names; needs an index
	$(BIN)/python -m tests.install.wheel

test-deploy: $(READY) $(DEPLOY)/.ready ## Have the files in deploy/ read by docker compose, hadolint and the schemas of Kubernetes
	$(BIN)/python -m tests.install.deploy $(DEPLOY)

test-image: $(READY) ## Do what the Dockerfile does to install, in a scratch folder, without a container engine; needs an index
	$(BIN)/python -m tests.install.image

chaos: $(READY) ## Do harm to processes and stores at length, on many seeds; `make test` does it shortly
	HANDRAIL_CHAOS=long $(BIN)/pytest $(SPREAD) --timeout 3600 tests/acceptance/chaos $(PYTEST)

test-pythons: $(READY) ## Run the pages, and the contracts without servers, on every newer Python that this machine has
	@set -e; for other in $(OTHERS); do \
		echo "Python $${other%%:*}"; environment=.venv-$${other%%:*}; \
		[ $$environment/.ready -nt requirements/dev.lock ] || { \
			$(BIN)/uv venv --quiet --clear --python $${other#*:} $$environment; \
			$(BIN)/python requirements/install.py requirements/dev.lock $$environment; touch $$environment/.ready; }; \
		$$environment/bin/pytest $(SPREAD) $(QUICK) --few-cases 1 -k 'not postgres and not temporal' \
			tests/docs tests/contract $(PYTEST); \
	done

# What waits for an index, and what keeps one core busy, beside the tests, which often wait too.
check: $(READY) ## Run all that CI runs
	@$(MAKE) --no-print-directory check-beside & beside=$$!; $(MAKE) --no-print-directory check-tests; tests=$$?; \
	wait $$beside && exit $$tests

BESIDE := lint types layers docs test-eventlog test-install wheel-test test-deploy
# One at a time, each to its end; what it says comes at once, not between the words of the tests.
check-beside:
	@failed=; for part in $(BESIDE); do \
		said="$$($(MAKE) --no-print-directory $$part 2>&1)" || failed="$$failed $$part"; printf '%s\n' "$$said"; \
	done; [ -z "$$failed" ] || { echo "failed:$$failed" >&2; exit 1; }

# These share the cores among their own processes.
check-tests:
	@$(MAKE) --no-print-directory --jobs 1 test test-lowest check-newest

# The oldest and the newest Python stand for those between; `make test-pythons` asks each.
check-newest:
	@$(MAKE) --no-print-directory --jobs 1 test-pythons OTHERS="$(lastword $(OTHERS))"

lint: $(READY) ## Check style and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(READY) ## Check types: mypy on everything, pyright on what users copy
	$(BIN)/mypy
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright

layers: $(READY) ## Check which package may import which
	$(BIN)/lint-imports --no-cache

docs: $(READY) ## Build the documentation as a site, in site/; a broken link fails
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build

maps: $(READY) ## Write the map of each part into the README at its door, and the tables of the HTTP API
	$(BIN)/python docs/part_maps.py
	$(BIN)/python docs/api_tables.py

pictures: $(READY) ## Take the pictures of the review pages anew; needs a Chromium
	$(BIN)/python -m docs.review_pictures

format: $(READY) ## Format the code and sort its imports
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format

bench: $(READY) $(BENCH)/.ready ## Hold every bar to what is measured, beside its peers; fails when one is missed
	$(BIN)/python benchmarks/bars.py

bench-full: $(READY) $(BENCH)/.ready ## The same at full size, as the figures in the documentation: hours
	$(BIN)/python benchmarks/bars.py --full

lock: $(READY) ## Renew the locks; `make lock UPGRADE=--upgrade` takes the newest versions too
	$(COMPILE) $(UPGRADE) --all-extras --group dev --output-file requirements/dev.lock
	@# uv alone, which installs the others, and what the demo needs, in the versions of all.
	awk '/^[^ ]/ { on = /^uv==/ } on && !/#/' requirements/dev.lock > requirements/uv.lock
	$(COMPILE) --upgrade --extra local --extra console --extra documents --extra mail --extra office --extra schedule --extra notices --group build --constraint requirements/dev.lock --output-file requirements/demo.lock
	$(COMPILE) $(UPGRADE) --extra local --extra evals --extra console --extra documents --extra mail --extra office --extra schedule --extra notices --extra postgres --extra temporal --extra prices --group bench --output-file requirements/bench.lock
	$(COMPILE) $(UPGRADE) --group eventlog --constraint requirements/dev.lock --output-file requirements/eventlog.lock
	@# What the image holds, in the versions that are tested; what builds its wheel; what reads the files of a deployment.
	$(COMPILE) --upgrade $(IMAGE) --constraint requirements/dev.lock --output-file requirements/image.lock
	$(TOOLS) --group build --constraint requirements/dev.lock --output-file requirements/build.lock
	$(TOOLS) $(UPGRADE) --group deploy --output-file requirements/deploy.lock
	@# Always anew: uv prefers what a lock already holds, and would keep a version above the bound it stands for.
	$(COMPILE) --upgrade --extra local --extra evals --extra console --extra documents --extra mail --extra office --extra schedule --extra mailbox --extra notices --extra telemetry --extra postgres --extra temporal --extra anthropic --extra google --extra prices --group test --group build --resolution lowest-direct \
		--output-file requirements/lowest.lock

wheel: $(READY) ## Build the source distribution and the wheel into dist/
	rm -rf dist
	$(BIN)/python -m hatchling build --directory dist

release-check: $(READY) ## Tell whether version, changelog, tags and working tree agree
	$(BIN)/python requirements/release.py

clean: ## Remove the environments, caches and what the demo left
	rm -rf $(VENV) $(LOWEST) $(BENCH) $(MINING) $(DEPLOY) build dist site handrail-demo htmlcov .coverage .coverage.* \
		.hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find handrail evals ai_steps orchestrator guards tests examples benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# What a demo needs is a part of what a developer needs, in the same versions, so one environment serves both.
$(DEMO): requirements/demo.lock $(INSTALL) | $(BIN)/python
	@echo "2 of 3  installing handrail and $$(grep -c "==" requirements/demo.lock) pinned packages"
	@$(BIN)/python requirements/install.py requirements/demo.lock
	@touch $@

$(READY): requirements/dev.lock $(INSTALL) | $(BIN)/python
	@echo "Installing handrail and the $$(grep -c "==" requirements/dev.lock) pinned packages that a developer needs"
	@$(BIN)/python requirements/install.py requirements/dev.lock
	@touch $(DEMO) $@

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "handrail needs Python 3.11 or newer with venv, and found none on the PATH." >&2; \
		echo "Install it (Debian: apt-get install python3 python3-venv) or say where: make PYTHON=/path/to/python" >&2; \
		exit 1; }
	@echo "1 of 3  making the environment $(VENV) with $$($(PYTHON) --version); this happens once"
	@$(PYTHON) -m venv --clear $(VENV)

$(LOWEST)/.ready: requirements/lowest.lock $(INSTALL) | $(READY)
	$(call environment,$(LOWEST),requirements/lowest.lock)
	@touch $@

$(BENCH)/.ready: requirements/bench.lock $(INSTALL) | $(READY)
	$(call environment,$(BENCH),requirements/bench.lock)
	@touch $@

$(DEPLOY)/.ready: requirements/deploy.lock $(INSTALL) | $(READY)
	$(call environment,$(DEPLOY),requirements/deploy.lock)
	@touch $@

$(MINING)/.ready: requirements/eventlog.lock $(INSTALL) | $(READY)
	$(call environment,$(MINING),requirements/eventlog.lock)
	@touch $@

# $(call environment,FOLDER,LOCK): a second environment beside the first, with exactly the lock's versions.
define environment
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(1)
	$(BIN)/python requirements/install.py $(2) $(1)
endef
