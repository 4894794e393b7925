# The two commands a newcomer needs: `make demo` and `make test`. Both do all the set-up.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo run test lint unit bench messages clean

# Written last, so that a broken set-up is tried again.
.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12 …" if sys.version_info < (3, 11) else 0)'
	@echo "Setting up once, for about a minute …"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: .venv/ready  ## the whole bot on this machine, without accounts
	@$(BIN)/python -m bot demo $(ARGS)

run: .venv/ready  ## the real bot, with config.toml
	$(BIN)/python -m bot run $(ARGS)

test: .venv/ready  ## everything that CI runs, side by side: mypy keeps one core busy for half a minute the first time
	@$(MAKE) --no-print-directory --jobs=2 lint unit

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

unit: .venv/ready  ## each worker would compile all that it imports anew, where Python is told to keep nothing
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest $(ARGS)

bench: .venv/ready  ## what a person waits for, beside its baselines; a start is measured with compiled modules
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m tests.bench $(ARGS)

messages: .venv/ready  ## bring the catalogues up to date with the code
	$(BIN)/pybabel -q extract --omit-header --no-location --sort-output -k Sentence:1 -k wrong:1 -o bot/locales/messages.pot bot providers
	$(BIN)/pybabel -q update --omit-header --no-fuzzy-matching --ignore-obsolete -l zh -i bot/locales/messages.pot -d bot/locales
	rm bot/locales/messages.pot

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
