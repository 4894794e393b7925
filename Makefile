# The two commands a newcomer needs: `make demo` and `make test`. Both do all the set-up that they need.

PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable

.PHONY: demo init check run test lint unit bench messages clean photo

# What the bot needs to run. Each mark is written last, so that a broken set-up is tried again.
.venv/run: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12 …" if sys.version_info < (3, 11) else 0)'
	@echo "Setting up once, for about half a minute …"
	@$(PYTHON) -m venv .venv
	@$(INSTALL) .
	@touch $@

# What its tests need besides.
.venv/dev: .venv/run
	@echo "Setting up the tools of the tests once, for about a minute …"
	@$(INSTALL) '.[dev]'
	@touch $@

demo: photo .venv/run  ## the whole bot on this machine, without accounts
	@$(BIN)/python -m bot demo $(ARGS)

photo:  ## a wrong path is told before the set-up
	@$(PYTHON) bot/demo/photo_arguments.py $(ARGS)

init: .venv/run  ## asks for the token and a service's key, tries them and writes config.local.toml
	@$(BIN)/python -m bot init $(ARGS)

check: .venv/run  ## tries all settings; costs nothing
	@$(BIN)/python -m bot check $(ARGS)

run: .venv/run  ## the real bot, with config.local.toml
	$(BIN)/python -m bot run $(ARGS)

test: .venv/dev  ## everything that CI runs, side by side: mypy keeps one core busy for half a minute the first time
	@$(MAKE) --no-print-directory --jobs=2 lint unit

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

unit: .venv/dev  ## each worker would compile all that it imports anew, where Python is told to keep nothing
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest $(ARGS)

bench: .venv/dev  ## what a person waits for, beside its baselines; a start is measured with compiled modules
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m tests.bench $(ARGS)

messages: .venv/dev  ## bring the catalogues up to date with the code
	$(BIN)/pybabel -q extract --omit-header --no-location --sort-output -k Sentence:1 -k wrong:1 -o bot/locales/messages.pot bot providers
	$(BIN)/pybabel -q update --omit-header --no-fuzzy-matching --ignore-obsolete -l zh -i bot/locales/messages.pot -d bot/locales
	rm bot/locales/messages.pot

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
