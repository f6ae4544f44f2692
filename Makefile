# Every command of a developer and of an operator. The steps themselves are in tools/environment.py.

PYTHON ?= python3
ENVIRONMENT = $(PYTHON) tools/environment.py
# Static checks import the settings; these keep them from starting or making anything.
NOTHING_STARTED = DATABASE_URL=postgresql:///unused REDIS_URL=redis://unused PLIMSOLL_SECRET_KEY=$(UNUSED_KEY) \
	PLIMSOLL_CREDENTIAL_KEYS=$(UNUSED_KEY)
UNUSED_KEY = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
TESTS ?= tests

.DEFAULT_GOAL := help
.PHONY: help run test lint types format bench probe probe-schema lock secrets build clean environment environment-development

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' \
		| while IFS='|' read -r name text; do printf '%-14s %s\n' "$$name" "$$text"; done

run: build ## Install what is missing and run everything; Ctrl-C stops it (HOST, PORT, PLIMSOLL_VAR)
	@exec .venv/bin/python -m posture.platform.supervisor

test: environment-development ## Run every test: Python, front end, real browser (TESTS=path for a part)
	@$(ENVIRONMENT) frontend build
	@$(ENVIRONMENT) browser
	@$(ENVIRONMENT) frontend test
	.venv/bin/python -m pytest $(TESTS)

lint: environment-development ## Check style and import order
	.venv/bin/python -m ruff check .
	.venv/bin/python -m ruff format --check .
	@$(ENVIRONMENT) frontend lint

types: environment-development ## Check types (strict for scanners/)
	$(NOTHING_STARTED) .venv/bin/python -m mypy scanners posture
	@$(ENVIRONMENT) frontend types

format: environment-development ## Format the Python sources
	.venv/bin/python -m ruff check --fix-only .
	.venv/bin/python -m ruff format .

bench: environment-development ## Measure against the physical limits; prints ratios
	.venv/bin/python -m benchmarks

probe: environment ## Build the host probe: dist/plimsoll-probe.pyz, for any Python from 3.6 on
	.venv/bin/python -m scanners.probe_archive dist/plimsoll-probe.pyz

probe-schema: environment ## Write the schema of the host probe's document: docs/probe-schema.json
	.venv/bin/python -m scanners.probe_schema docs/probe-schema.json

lock: ## Compile requirements*.in to lock files with hashes
	@$(ENVIRONMENT) lock

secrets: ## Make the secret files that docker compose mounts
	@$(PYTHON) tools/compose_secrets.py

build: environment ## Install the environment and build the front end
	@$(ENVIRONMENT) frontend build

clean: ## Remove what can be made again; the data in var/ stays
	rm -rf dist .venv .venv-lock frontend/node_modules frontend/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		test-results .environment.lock
	find . -name __pycache__ -type d -prune -not -path './var/*' -exec rm -rf {} +

environment:
	@$(ENVIRONMENT) python

environment-development:
	@$(ENVIRONMENT) python --development
