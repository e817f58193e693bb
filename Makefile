# `make run` and `make test` need Python 3.11 or newer and make, nothing else.
PYTHON ?= python3
PORT ?= 8000
EMULATOR_PORT ?= 8001
VENV := .venv
BIN := $(VENV)/bin
# Flask would also read the .env of parent folders; settings.py reads ours.
export FLASK_SKIP_DOTENV := 1
# The lock files name every package, so nothing is resolved: a new release can neither get in nor break this.
PIP_FLAGS := --quiet --disable-pip-version-check --require-hashes --no-deps
LOCK := uv pip compile -q --universal --generate-hashes --no-header --no-annotate --upgrade pyproject.toml

.PHONY: run doctor emulator example test bench lint pages audit sbom lock clean

run: $(VENV)/run.stamp ## Serve the app on http://localhost:8000
	$(if $(filter-out 8000,$(PORT)),PUBLIC_URL=http://localhost:$(PORT)) $(BIN)/flask --app app run --port $(PORT)

doctor: $(VENV)/run.stamp ## Check the set-up of Stytch and Unit, and name the next step
	$(BIN)/flask --app app doctor

EMULATOR := PYTHONPATH=emulator/src $(BIN)/python -m stytch_unit_emulator --port $(EMULATOR_PORT)
emulator: $(VENV)/run.stamp ## Serve both emulated services on http://localhost:8001; CONTROLS=1 adds the control API
	$(EMULATOR) $(if $(filter-out 0,$(CONTROLS)),--controls)

EXAMPLE := project-test-00000000-0000-4000-8000-000000000001
example: $(VENV)/run.stamp ## Serve examples/one_file.py on http://localhost:8000, beside the emulator
	@echo "Email and codes: http://localhost:$(EMULATOR_PORT)/inbox (user $(EXAMPLE), any password)"
	@$(EMULATOR) & trap "kill $$!" EXIT INT TERM; \
	STYTCH_PROJECT_ID=$(EXAMPLE) STYTCH_SECRET=secret-test-example STYTCH_API_URL=http://localhost:$(EMULATOR_PORT) \
	UNIT_API_TOKEN=v2.public.emulator-$(EXAMPLE) UNIT_API_URL=http://localhost:$(EMULATOR_PORT) \
	SECRET_KEY=$$($(BIN)/python -c "import secrets; print(secrets.token_hex(32))") \
	PUBLIC_URL=http://localhost:$(PORT) $(BIN)/flask --app examples/one_file.py run --port $(PORT)

test: $(VENV)/test.stamp ## Run every test; browser tests only where there is a browser
	$(BIN)/python -m pytest -n auto --dist worksteal

bench: $(VENV)/test.stamp ## Measure against goals; the last two need nginx, PostgreSQL and Redis
	$(BIN)/python -m bench.emulator
	$(BIN)/python -m bench.speed
	$(BIN)/python -m bench.crowd
	$(BIN)/python -m bench.scale_out SIGKILL
	$(BIN)/python -m bench.scale_out SIGTERM

lint: $(VENV)/test.stamp ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

pages: $(VENV)/test.stamp ## Write the emulator's pages of coverage and of unconfirmed choices
	PYTHONPATH=emulator/src $(BIN)/python -m emulator.docs

# Not in the lock files: it needs the network anyway, and must know the newest advisories. Without --strict it skips
# packages that it cannot look up, and says that all is well.
PIP_AUDIT = $(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --target $(VENV)/audit pip-audit && \
	PYTHONPATH=$(VENV)/audit $(BIN)/python -m pip_audit --disable-pip --require-hashes --strict --progress-spinner off

audit: | $(BIN)/python ## Look up known vulnerabilities of everything in the lock files (needs the network)
	$(PIP_AUDIT) -r requirements-dev.lock -r requirements-hosting.lock

# pip-audit writes the file only if it could look up every package, and also fails if it found a vulnerability.
sbom: | $(BIN)/python ## Write sbom.json, in CycloneDX, of what a server runs (needs the network)
	rm -f sbom.json
	$(PIP_AUDIT) -r requirements-hosting.lock -f cyclonedx-json -o sbom.json || test -s sbom.json

lock: ## Update the lock files from the ranges in pyproject.toml (needs uv)
	$(LOCK) -o requirements.lock
	$(LOCK) --group hosting --constraint requirements.lock -o requirements-hosting.lock
	$(LOCK) --group dev --constraint requirements-hosting.lock -o requirements-dev.lock

clean: ## Delete the environment and the emulator's data
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
