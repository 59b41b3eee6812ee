# Two commands matter: `make demo` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check
LOCK = uv pip compile pyproject.toml -q --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --custom-compile-command 'make lock'
PYTEST = AYNI_EVERY_TEST_RUNS=1 $(BIN)/pytest -n 2 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help demo test test-full check bench format lock clean system-packages

help: ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

demo: $(VENV)/.run ## set up what is needed and run the main job on real data
	$(BIN)/ayni demo

test: $(VENV)/.test system-packages ## set up what is needed and run every test (15 minutes at most)
	$(PYTEST) -m "not long"

test-full: $(VENV)/.test $(VENV)/.fuzz system-packages ## the long fuzzing, faults and matrices too (50 minutes at most)
	$(PYTEST)

check: $(VENV)/.test ## lint, format, types, import contracts, translations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/check_translations.py
	$(BIN)/python scripts/check_catalogues.py

bench: $(VENV)/.test $(VENV)/.peers ## measure every promise against its named peer
	$(BIN)/ayni bench

format: $(VENV)/.test ## put the code into the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: ## resolve the locks anew (needs uv); names, versions and hashes only
	$(LOCK) --extra setup --extra icu --extra demo --extra dev --extra postgres --extra token -o requirements/test.lock
	$(LOCK) --extra setup --extra icu --extra demo -c requirements/test.lock -o requirements/run.lock
	$(LOCK) --extra spark -c requirements/test.lock -o requirements/spark.lock
	$(LOCK) --extra peers --extra build -c requirements/test.lock -o requirements/peers.lock
	$(LOCK) --extra basemap -c requirements/test.lock -o requirements/basemap.lock
	$(LOCK) --extra fuzz -c requirements/test.lock -o requirements/fuzz.lock

clean: ## remove what the commands above made, not the locks
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis .demo

system-packages:
	@sh scripts/system_packages.sh

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# Each stamp says that the lock beside it is installed; nothing is fetched again until the lock changes.
$(VENV)/.run: requirements/run.lock pyproject.toml | $(BIN)/python
	$(PIP) install -qq --require-hashes --no-deps --only-binary :all: -r requirements/run.lock
	$(PIP) install -qq --no-deps --no-index --no-build-isolation -e .
	@touch $@

$(VENV)/.test: requirements/test.lock requirements/spark.lock pyproject.toml | $(BIN)/python
	$(PIP) install -qq --require-hashes --no-deps --only-binary :all: -r requirements/test.lock
	$(BIN)/python scripts/lock_without.py pyspark requirements/spark.lock > $(VENV)/spark-wheels.lock
	$(PIP) install -qq --require-hashes --no-deps --only-binary :all: -r $(VENV)/spark-wheels.lock
	$(PIP) install -qq --require-hashes --no-deps --no-build-isolation -r requirements/spark.lock
	$(PIP) install -qq --no-deps --no-index --no-build-isolation -e .
	@touch $@ $(VENV)/.run

$(VENV)/.peers: requirements/peers.lock $(VENV)/.test
	$(PIP) install -qq --require-hashes --no-deps --only-binary :all: -r requirements/peers.lock
	@touch $@

$(VENV)/.fuzz: requirements/fuzz.lock $(VENV)/.test
	$(PIP) install -qq --require-hashes --no-deps --only-binary :all: -r requirements/fuzz.lock
	@touch $@
