# Leakfirst. Every target is a thin name for an idempotent script in deploy/; `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PY := .venv/bin/python

# Options of demo and replay; an empty one is left to the program's default.
# Paths may be relative to the folder of this file.
FILE ?=
PRESET ?=
DAY ?=
CREWS ?=
CHECK ?=
REPORT ?=
SPEED ?=
SEED ?=
PORT ?=
OUT ?= out/screenshots

chosen = $(if $(filter-out 0,$(2)),--$(1) '$(2)')
flag = $(if $(filter-out 0 no false,$(2)),--$(1))
RUN_OPTIONS = $(call flag,check,$(CHECK)) $(call chosen,report,$(REPORT)) $(call chosen,speed,$(SPEED)) \
	$(if $(SEED),--seed '$(SEED)') $(call chosen,port,$(PORT))
REPLAY_OPTIONS = --file '$(FILE)' --preset '$(PRESET)' $(call chosen,day,$(DAY)) $(call chosen,crews,$(CREWS))

.PHONY: help setup demo replay phone screenshots test check format bench soak lock clean

help: ## Show this list
	@printf 'Leakfirst: the leak is reached first, and the proof is kept.\n\n'
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

setup: ## Set everything up in this folder (no root needed; a second run does nothing)
	@bash deploy/setup.sh

demo: setup ## Play a gas company's day on a live map (SPEED=60|max SEED= PORT= REPORT=out.json; CHECK=1 checks and stops)
	@$(PY) -m deploy.demo $(RUN_OPTIONS)

replay: setup ## Play imported real orders (FILE=orders.csv PRESET=nyc-gas DAY=2018-09-26 CREWS=14 and demo's options)
	@test -n '$(FILE)' -a -n '$(PRESET)' || { echo 'make replay needs FILE=orders.csv and PRESET=name' >&2; exit 2; }
	@$(PY) -m deploy.demo replay $(REPLAY_OPTIONS) $(RUN_OPTIONS)

phone: setup ## Open one phone window joined to the running demo as technician Wang (PORT=)
	@$(PY) -m deploy.demo phone $(call chosen,port,$(PORT))

screenshots: setup ## Make the pictures of every page, state and screen (OUT=folder)
	@$(PY) -m deploy.screenshots --out '$(OUT)'

test: ## Run everything that gates a change; lists what it skipped and why (FULL=1 runs the long samples whole)
	@bash deploy/test.sh all

check: setup ## Lint, types, contracts and fast tests, within two minutes
	@bash deploy/test.sh fast

format: setup ## Format the Python code and sort its imports
	@$(PY) -m ruff check --fix --select I . && $(PY) -m ruff format .

bench: setup ## Measure speeds on this machine (ARGS=)
	@bash deploy/measure.sh bench $(ARGS)

soak: setup ## Run the long endurance measurements, resumable (ARGS=)
	@bash deploy/measure.sh soak $(ARGS)

lock: setup ## Write the hash-pinned lock files anew (UPGRADE=1 takes newer versions)
	@UPGRADE=$(UPGRADE) bash deploy/lock.sh

clean: ## Remove what set-up and checks have made; the data of runs in var/ stays
	@rm -rf .venv .build node_modules out server/static/vendor mobile/assets/fonts
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
