# Plumbline: what a newcomer and a contributor need. `make` alone lists it.
# WITH names groups of dependencies: make install WITH="privacy synthetic xgboost dev", or WITH=all.
# TORCH_INDEX names an index for torch, PYTHON an interpreter.

WITH ?=
TORCH_INDEX ?=
PYTHON ?=
export TORCH_INDEX PYTHON

VENV := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help install demo test serve bench lint assets
.NOTPARALLEL:

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10
	@echo
	@echo 'make install WITH="privacy synthetic"   adds groups of dependencies (privacy, synthetic, xgboost, dev, all)'

install: ## create .venv and install the locked dependencies, and the groups in WITH
	@requirements/install $(WITH)

demo: ## audit a real credit-scoring model, write var/demo/report.pdf, fill the service with three AI systems
	@requirements/install
	@$(VENV)/python -m demo.run

test: ## install what the tests need and run them all
	@requirements/install dev
	@requirements/system chromium
	@$(VENV)/python -m pytest -n 3 --dist loadfile

serve: ## web, worker and beat on http://127.0.0.1:8000 (HOST and PORT say otherwise)
	@requirements/install
	@$(VENV)/python manage.py serve

bench: ## print a table of ratios against the peers
	@requirements/install dev
	@$(VENV)/python -m tests.bench.run

lint: ## ruff, mypy, import-linter, templates
	@requirements/install dev
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .
	@$(VENV)/lint-imports --no-cache
	@$(VENV)/mypy
	@$(VENV)/djlint templates --lint

assets: ## build the pages' style and script from assets/ (needs node; the built files are committed)
	@cd assets && npm install --no-package-lock --no-audit --no-fund && npm run build
