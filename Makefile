# Everything a newcomer needs: `make run` and `make test`. Python 3.11 or newer and make are all that must be there.
PYTHON ?= python3
PORT ?= 8000
EMULATOR_PORT ?= 8001
VENV := .venv
BIN := $(VENV)/bin
# Flask would read the .env of parent folders too; settings.py reads the one that counts.
export FLASK_SKIP_DOTENV := 1
# The lock files name every package, so nothing is resolved anew: a release of tomorrow cannot get in, or in the way.
PIP_FLAGS := --quiet --disable-pip-version-check --require-hashes --no-deps
LOCK := uv pip compile -q --universal --generate-hashes --no-header --no-annotate --upgrade pyproject.toml

.PHONY: run doctor emulator test bench lint lock clean

run: $(VENV)/run.stamp ## Serve the app on http://localhost:8000
	$(if $(filter-out 8000,$(PORT)),PUBLIC_URL=http://localhost:$(PORT)) $(BIN)/flask --app app run --port $(PORT)

doctor: $(VENV)/run.stamp ## Look through the set-up of Stytch and Unit, and name the next step
	$(BIN)/flask --app app doctor

emulator: $(VENV)/run.stamp ## Serve both emulated services on http://localhost:8001; CONTROLS=1 for their controls
	EMULATOR_CONTROLS=$(CONTROLS) $(BIN)/flask --app emulator run --port $(EMULATOR_PORT)

test: $(VENV)/test.stamp ## Run every test; those in a browser only where there is one
	$(BIN)/python -m pytest -n auto --dist worksteal

bench: $(VENV)/test.stamp ## Measure, and hold against goals; the last needs nginx, PostgreSQL and Redis
	$(BIN)/python -m bench.emulator
	$(BIN)/python -m bench.speed
	$(BIN)/python -m bench.crowd
	$(BIN)/python -m bench.scale_out SIGKILL
	$(BIN)/python -m bench.scale_out SIGTERM

lint: $(VENV)/test.stamp ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lock: ## Write the lock files anew from the ranges in pyproject.toml (needs uv)
	$(LOCK) -o requirements.lock
	$(LOCK) --group hosting --constraint requirements.lock -o requirements-hosting.lock
	$(LOCK) --group dev --constraint requirements-hosting.lock -o requirements-dev.lock

clean: ## Forget the environment, and what the emulator remembers
	rm -rf $(VENV) instance

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements.lock | $(BIN)/python
	$(BIN)/python -m pip install $(PIP_FLAGS) -r requirements.lock
	touch $@

$(VENV)/test.stamp: requirements-dev.lock | $(BIN)/python
	$(BIN)/python -m pip install $(PIP_FLAGS) -r requirements-dev.lock
	touch $@ $(VENV)/run.stamp
