# Every target sets itself up. `make help` lists them.
PYTHON ?= python3
PORT ?= 8888
BIN = .venv/bin
PYTEST = $(BIN)/python -m pytest -n 2
# trained over several seeds and stored for the lessons; the others measure speed
RUNS = db_vae few_labels kl_weight lighter_share
NBVAL = $(PYTEST) --dist loadfile -p no:cacheprovider --nbval-cell-timeout 120

.DEFAULT_GOAL := help
.PHONY: help lab test lint format labs lessons bench runs progress data-check sdk-check
.PHONY: lock clean
.PHONY: student dev

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 14

lab: student  ## work: JupyterLab on the welcome lesson (PORT=8888)
	@$(BIN)/python tools/lab.py --port $(PORT)

test: dev lint  ## verify everything: lint, tests, every notebook
	$(PYTEST)
	$(NBVAL) --nbval --nbval-sanitize-with tests/notebooks/sanitize.cfg solutions
	$(NBVAL) --nbval-lax course

progress: student  ## your own labs: checks passed, what is next
	@$(BIN)/python tools/progress.py

labs: dev  ## build labs/ from solutions/ (FORCE=1 even over labs that have been worked on)
	$(BIN)/python tools/notebooks.py labs $(if $(FORCE),--force)

lessons: dev  ## run lessons and solutions and keep their outputs, navigation, table of lessons, labs
	$(BIN)/python tools/notebooks.py links
	$(BIN)/python tools/notebooks.py execute
	$(BIN)/python tools/notebooks.py labs $(if $(FORCE),--force)

lint: dev  ## style of code and notebooks
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: dev  ## put the style right
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: dev  ## measure each speed claim beside its peer
	@for script in $(filter-out $(RUNS:%=benchmarks/%.py),$(wildcard benchmarks/*.py)); do \
		$(BIN)/python $$script || exit 1; done

runs: dev  ## train anew what the vision lessons show over three seeds (an hour)
	@for name in $(RUNS); do \
		$(BIN)/python benchmarks/$$name.py --seeds 3 --store || exit 1; done

data-check: dev  ## fetch the sources of the data and compare (needs the network)
	$(BIN)/python -m pytest -m data tests

sdk-check: dev  ## run the SageMaker Python SDK 3 against the embedded cloud (800 MB, network)
	$(BIN)/python tools/sdk_check.py

lock:  ## resolve the requirements anew into constraints.txt
	@$(PYTHON) tools/setup.py --lock

clean:  ## remove the environment and everything made beside it
	rm -rf .venv .venv-sdk build *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

student:
	@$(PYTHON) tools/setup.py

dev:
	@$(PYTHON) tools/setup.py --dev
