# Two commands do everything on a fresh machine: `make validate` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

export KERAS_BACKEND ?= jax

.PHONY: validate benchmark paper test lint clean help

help:            ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

validate: $(READY)   ## simulate the shipped LeNet in Brian2, compare it with the analysis: reports/lenet
	$(BIN)/python -m validation validate $(ARGS)

benchmark: $(READY)   ## time and memory of LeNet, AlexNet and VGG-16: reports/benchmark
	$(BIN)/python -m validation benchmark $(ARGS)

paper: $(READY)   ## the paper's tables and figures beside what is measured: reports/paper
	$(BIN)/python -m validation paper $(ARGS)

test: $(READY)   ## the test suite
	$(BIN)/python -m pytest $(ARGS)

lint: $(READY)   ## ruff, as CI runs it
	$(BIN)/ruff check .

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "tdsnn-brian needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..."'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[brian,keras,validation,dev]'
	@touch $@

clean:           ## remove the virtual environment and the reports
	rm -rf $(VENV) reports
