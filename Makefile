# Foyer's commands. `make run` and `make test` need Python 3.11 or later and nothing else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PYTEST  = $(BIN)/python -m $(if $(filter postgresql,$(DATABASE)),tests.postgresql,pytest)
SBOM   ?= sbom.json
SUDO   := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: run dev test test-long test-postgresql test-large bench lint lock sbom audit chromium nginx clean

run: $(VENV)/.local-ready
	@exec $(BIN)/python infra/local/run.py

dev: $(VENV)/.local-ready
	@exec $(BIN)/python infra/local/run.py --reload

# Two processes: one runs the end-to-end tests, the other most of the rest. `make test ARGS="-k desk"` runs a part.
# `DATABASE=postgresql` runs all on PostgreSQL: the server that DATABASE_URL names, or one that the tests start.
test: $(VENV)/.dev-ready chromium
	@$(PYTEST) -n 2 $(ARGS)

# Tests that take a minute or so each: programs that die at every step, poison, and 10,000 examples of arbitrary JSON.
test-long: $(VENV)/.dev-ready chromium nginx
	@EXAMPLES=10000 $(PYTEST) -n 2 -m "long or any_json" $(ARGS)

# What has to do with SQL, again on PostgreSQL. Browsers, and what other programs send, have no part in it.
test-postgresql:
	@$(MAKE) --no-print-directory test DATABASE=postgresql ARGS='-m "not browser" $(ARGS)'
	@$(MAKE) --no-print-directory test-long DATABASE=postgresql ARGS='-m long $(or $(ARGS),tests/faults tests/chain)'

# Tests that take minutes each, one after the other: many tickets, processes killed, memory measured.
test-large: $(VENV)/.dev-ready chromium
	@$(PYTEST) -m large --timeout=3600 $(ARGS)

lint: $(VENV)/.dev-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/cfn-lint infra/stack.yaml
	$(BIN)/python docs/prose.py

# A long Zendesk ticket, and the index at its full size, on both databases, in half an hour for a million tickets. `make bench SCALE=0.1`: a tenth.
bench: $(VENV)/.dev-ready
	@SCALE=$(or $(SCALE),1) $(BIN)/python -m bench

# Pins the requirements again, with the hashes of their files, from pyproject.toml. The development set decides the
# versions, and the others follow it.
lock: $(VENV)/.dev-ready
	$(BIN)/uv pip compile -q --universal --fork-strategy fewest --python-version 3.11 --no-emit-index-url --generate-hashes --upgrade pyproject.toml --extra dev -o requirements-dev.txt
	$(BIN)/uv pip compile -q --universal --fork-strategy fewest --python-version 3.11 --no-emit-index-url --generate-hashes pyproject.toml --extra local -c requirements-dev.txt -o requirements-local.txt
	$(BIN)/uv pip compile -q --universal --fork-strategy fewest --python-version 3.11 --no-emit-index-url --generate-hashes pyproject.toml -c requirements-dev.txt -o requirements.txt

# The bill of materials of what the image installs (CycloneDX): the same bytes for the same requirements.
sbom: $(VENV)/.dev-ready
	@PYTHONWARNINGS=ignore $(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
	  --output-file $(SBOM) requirements.txt

# Asks PyPI which of the pinned versions have a known weakness. Fails if one has, and if PyPI cannot tell of one.
audit: $(VENV)/.dev-ready
	@$(BIN)/pip-audit --strict --disable-pip --require-hashes --progress-spinner off --requirement requirements-dev.txt

# uv installs a pinned set in seconds; pip takes minutes. What comes with another hash than the pinned ones is refused.
$(VENV)/bin/uv:
	@$(PYTHON) -m venv $(VENV)
	@sed -n '/^uv==/,/[^\\]$$/p' requirements-local.txt >$(VENV)/uv.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt

$(VENV)/.local-ready: requirements-local.txt | $(VENV)/bin/uv
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements-local.txt
	@touch $@

$(VENV)/.dev-ready: requirements-dev.txt | $(VENV)/bin/uv
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements-dev.txt
	@touch $@

# The browser that the tests drive. Playwright's own download is neither needed nor used.
chromium:
	@command -v chromium >/dev/null || { echo "Installing Chromium"; $(SUDO) apt-get update -qq && \
	  $(SUDO) apt-get install -y -qq --no-install-recommends chromium >/dev/null; } || \
	  { echo "The tests need Chromium in the PATH as 'chromium': install it, then run this again."; exit 1; }

# The proxy that the long tests put in front. Debian's package starts a service where there is a service manager.
nginx:
	@PATH=$$PATH:/usr/sbin command -v nginx >/dev/null || { echo "Installing nginx"; $(SUDO) apt-get update -qq && \
	  $(SUDO) apt-get install -y -qq --no-install-recommends nginx-light >/dev/null; } || \
	  { echo "The tests need nginx in the PATH: install it, then run this again."; exit 1; }

clean:
	rm -rf $(VENV) .local .test
