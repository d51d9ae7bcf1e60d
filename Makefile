# Two commands to know: `make run` and `make test`. Both set up first, and may be repeated.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3.11
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
export DVC_NO_ANALYTICS := 1
export DVC_SITE_CACHE_DIR := $(CURDIR)/.dvc/site-cache
export GX_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1
export BENTOML_DO_NOT_TRACK := true
export OMP_WAIT_POLICY := passive
# Without compiled bytecode every start of a stage is slow.
unexport PYTHONDONTWRITEBYTECODE

# What `make run` runs: whole graphs. Each file of dags/ holds the DAG of its name; those that draw a
# part of one (scoring), or none (promotion, rollback), are for people and schedules. DAG=NAME takes one.
DAG ?= $(notdir $(basename $(shell grep -L targets= $$(grep -lw pipeline_dag dags/*.py))))

include containers.mk

.PHONY: help setup run up down repro serve assistant assistant-serve replay test check audit wheel clean lock

help:  ## show this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 17

setup: .venv/bin/leeway  ## make .venv with the locked packages (again: at once, if nothing changed)

.venv/ready: $(wildcard environments/*.txt)
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv || python3 -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	@echo "Installing the locked packages into .venv (a minute or more) ..."
	@VIRTUAL_ENV=$(CURDIR)/.venv .venv/bin/uv pip install --quiet --compile-bytecode -r environments/development.txt
	@sha256sum environments/*.txt > .venv/environments.sha256
	@touch $@

# The command that people have who install the package; here it is the code of this tree.
.venv/bin/leeway: .venv/ready
	@printf '%s\n' '#!$(CURDIR)/.venv/bin/python' 'import sys' 'sys.path.insert(0, "$(CURDIR)")' \
	  'from include.command.__main__ import main' 'raise SystemExit(main())' > $@
	@chmod +x $@

run: setup  ## set up, let Airflow run the whole pipeline on real data, and show the results
	@for dag in $(DAG); do python -m include.command run $$dag || exit; done

up: setup  ## start Airflow and keep it up, with its UI
	@python -m include.command up

down: setup  ## stop Airflow, with all its children
	@python -m include.command down

repro: setup  ## the same pipeline without Airflow: plain `dvc repro`, and the results
	dvc repro
	@python -m include.summary

serve: setup  ## serve the champion, or else what was packaged last, and print a request to paste
	@dvc checkout --quiet < /dev/null 2> /dev/null || true  # what a run left in the cache; it may hold less
	@python -m include.following.serve

HERE = test -e include/assistant || { echo "include/assistant is not here: it was deleted."; exit 1; }

assistant: setup  ## the second project, by `dvc repro`: an assistant for those who run this, and its figures
	@$(HERE)
	dvc repro include/assistant/dvc.yaml
	@python -m include.summary include/assistant/dvc.yaml

assistant-serve: setup  ## serve it to this machine, and print a request to paste
	@$(HERE)
	@python -m include.assistant.service --index include/assistant/data/index

test: setup  ## everything that proves it works
	python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -q

check: setup  ## ruff, formatting, imports between rooms, types
	ruff check .
	ruff format --check .
	PYTHONPATH=. lint-imports --no-logo --no-cache
	MYPYPATH=plugins mypy --strict --num-workers 2 include plugins dags

audit: setup  ## known weaknesses of the locked packages (Error 75: their list cannot be had)
	@python -m include.audit

replay: setup  ## the year again, month by month: what watching and retraining are worth (an hour)
	python -m benchmarks.replay

wheel: setup  ## build the runner as a package, into dist/: docs/your_repository.md
	uv build --quiet --out-dir dist

clean: setup  ## remove what the pipeline made (not the cache, not the environment)
	set -o pipefail; python -m include.outs | xargs -0 rm -rf .checkpoints

# What is locked stays where it can: else another ruff would bring another botocore to each stage.
lock: setup  ## resolve pyproject.toml into environments/; with UPGRADE="NAME ..." or UPGRADE=all, newer
	cp environments/development.txt environments/development.new
	uv pip compile --group serving --group steps --group airflow --group dev \
	  $(if $(wildcard include/assistant),--group assistant --group assistant_serving) \
	  --config-file environments/uv.toml --quiet --python-version 3.11 --no-header --no-annotate \
	  $(if $(filter all,$(UPGRADE)),--upgrade,$(UPGRADE:%=--upgrade-package %)) \
	  --output-file environments/development.new
	sed -i 's/+.*//' environments/development.new
	mv environments/development.new environments/development.txt
	$(MAKE) setup
	python -m include.environments
	$(if $(wildcard include/assistant),python -m include.assistant.environments)
	$(MAKE) setup
