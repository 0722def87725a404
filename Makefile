# Short names for the commands of the README. `make BIN=path/to/bin …` uses an environment of your own.
PYTHON ?= python3
BIN ?= .venv/bin

help:
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## a virtual environment with everything that development needs
	$(PYTHON) -m venv .venv
	.venv/bin/pip install -c constraints.txt -e ".[dev]"

$(BIN)/nbdev_test:
	$(MAKE) setup

train: $(BIN)/nbdev_test ## train with the default settings and print a sample
	$(BIN)/transformer-scratch train

test: $(BIN)/nbdev_test ## run all notebooks as tests
	$(BIN)/nbdev_test --do_print

format: $(BIN)/nbdev_test ## notebooks and tools as `ruff format` writes them
	$(BIN)/ruff format nbs tools setup.py

jupyter: $(BIN)/nbdev_test ## every page in a real Jupyter kernel, as its readers run it
	$(BIN)/python tools/check_notebooks.py

export: $(BIN)/nbdev_test ## the package from the notebooks
	$(BIN)/nbdev_export

notebooks: export ## execute the notebooks in order and store their outputs (FLAGS="network slow": these cells too)
	$(BIN)/python tools/notebooks.py --flags "$(FLAGS)"

pictures: $(BIN)/nbdev_test ## train for the home page: its output, its sample, its pictures; then the README
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python tools/notebooks.py --flags "slow network" nbs/index.ipynb
	$(MAKE) readme

readme: $(BIN)/nbdev_test ## README.md from nbs/index.ipynb
	$(BIN)/python tools/readme.py

docs: $(BIN)/nbdev_test ## the site into _docs/, with Quarto or else with pandoc
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python tools/build_site.py

serve: $(BIN)/nbdev_test ## the site, then open it in the browser
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python tools/build_site.py --serve

browse: docs ## the site, then every page of it in Chromium: errors, links, formulas, search, accessibility
	$(BIN)/python tools/check_site.py
	$(BIN)/python tools/check_explore.py
	$(BIN)/python tools/check_companions.py

lab: $(BIN)/nbdev_test ## JupyterLab on the notebooks
	$(BIN)/pip install --quiet -c constraints.txt jupyterlab
	$(BIN)/jupyter lab nbs

ci: ## everything that CI checks, in fresh environments
	.ci/run

clean: ## remove what can be made again; runs/ and data/ stay
	rm -rf _docs _proc _proc_zh build dist *.egg-info nbs/nbdev.yml
	find . -name __pycache__ -prune -not -path "./.venv/*" -exec rm -rf {} +

.PHONY: help setup train test format jupyter export notebooks pictures readme docs serve browse lab ci clean
