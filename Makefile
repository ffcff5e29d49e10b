# Foyer's commands. `make run` and `make test` need Python 3.11 or later and nothing else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: run dev test lint bench lock clean

run: $(VENV)/.local-ready
	@exec $(BIN)/python infra/local/run.py

dev: $(VENV)/.local-ready
	@exec $(BIN)/python infra/local/run.py --reload

test: $(VENV)/.dev-ready
	@$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.dev-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/cfn-lint infra/stack.yaml

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

clean:
	rm -rf $(VENV) .local .test
