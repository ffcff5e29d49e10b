# Foyer's commands. `make run` and `make test` need Python 3.11 or later and nothing else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PYTEST  = $(BIN)/python -m $(if $(filter postgresql,$(DATABASE)),tests.postgresql,pytest)
SUDO   := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: run dev test test-long test-postgresql test-large bench lint lock chromium clean

run: $(VENV)/.local-ready
	@exec $(BIN)/python infra/local/run.py

dev: $(VENV)/.local-ready
	@exec $(BIN)/python infra/local/run.py --reload

# Two processes; one of them has the end-to-end tests, the other most of the rest. `make test ARGS="-k desk"` for a part.
# `DATABASE=postgresql` for all of it on PostgreSQL: the one that DATABASE_URL names, or one that the tests start.
test: $(VENV)/.dev-ready chromium
	@$(PYTEST) -n 2 $(ARGS)

# What takes a minute or so each: programs that die at every step, poison, and 10,000 examples of any JSON there is.
test-long: $(VENV)/.dev-ready chromium
	@EXAMPLES=10000 $(PYTEST) -n 2 -m "long or any_json" $(ARGS)

test-postgresql:
	@$(MAKE) --no-print-directory test test-long DATABASE=postgresql

# What takes minutes each: many tickets, processes killed, memory measured; one after the other.
test-large: $(VENV)/.dev-ready chromium
	@$(PYTEST) -m large --timeout=3600 $(ARGS)

lint: $(VENV)/.dev-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/cfn-lint infra/stack.yaml
	$(BIN)/python docs/prose.py

# The index at its size, on both databases: a million tickets take half an hour. `make bench SCALE=0.1` for a tenth.
bench: $(VENV)/.dev-ready
	@SCALE=$(or $(SCALE),1) $(BIN)/python -m bench

# Writes the pinned sets anew from pyproject.toml; the development set decides, the others follow it.
lock: $(VENV)/.dev-ready
	$(BIN)/uv pip compile -q --universal --fork-strategy fewest --python-version 3.11 --no-emit-index-url --upgrade pyproject.toml --extra dev -o requirements-dev.txt
	$(BIN)/uv pip compile -q --universal --fork-strategy fewest --python-version 3.11 --no-emit-index-url pyproject.toml --extra local -c requirements-dev.txt -o requirements-local.txt
	$(BIN)/uv pip compile -q --universal --fork-strategy fewest --python-version 3.11 --no-emit-index-url pyproject.toml -c requirements-dev.txt -o requirements.txt

# uv installs a pinned set in seconds where pip takes minutes.
$(VENV)/bin/uv:
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check $$(grep '^uv==' requirements-local.txt)

$(VENV)/.local-ready: requirements-local.txt | $(VENV)/bin/uv
	@$(BIN)/uv pip install -q --python $(BIN)/python -r requirements-local.txt
	@touch $@

$(VENV)/.dev-ready: requirements-dev.txt | $(VENV)/bin/uv
	@$(BIN)/uv pip install -q --python $(BIN)/python -r requirements-dev.txt
	@touch $@

# The browser that the tests drive. Playwright's own download is not needed, nor used.
chromium:
	@command -v chromium >/dev/null || { echo "Installing Chromium"; $(SUDO) apt-get update -qq && \
	  $(SUDO) apt-get install -y -qq --no-install-recommends chromium >/dev/null; } || \
	  { echo "The tests need Chromium in the PATH as 'chromium': install it, then run this again."; exit 1; }

clean:
	rm -rf $(VENV) .local .test
