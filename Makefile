# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PEERS := .bench/.installed
SITE := .docs/.installed

.PHONY: demo test soak test-cluster test-faults test-edits test-envs test-kinds test-storage test-install test-mutations test-web lint format
.PHONY: generated docs lock setup bench bench-full bench-storage clean

setup: $(INSTALLED)

$(INSTALLED): requirements.txt requirements-nodeps.txt requirements-dev.txt constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "objectsounds needs Python 3.11 or later; set PYTHON=<path of one>."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt -r requirements.txt -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-deps -r requirements-nodeps.txt
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@

demo: $(INSTALLED)
	$(BIN)/python -m objectsounds run --cores all

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check --compact-diff Snakefile workflow
	$(BIN)/mypy
	$(BIN)/codespell
	$(BIN)/snakemake --lint --quiet

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

# What people read of the settings' schema: config/default.yaml and the tables of config/README.md.
generated: $(INSTALLED)
	PYTHONPATH=$(CURDIR)/workflow $(BIN)/python -m objectsounds.config.generate

# Long files first, so that both processes end at the same time.
test: lint
	$(BIN)/python -m pytest tests/workflow tests/unit --numprocesses 2 --dist loadfile --durations 15

test-cluster: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt -r requirements-cluster.txt
	$(BIN)/python -m pytest tests/cluster -m cluster

soak: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt -r requirements-cluster.txt
	$(BIN)/python -m tests.cluster.soak

test-faults: $(INSTALLED)
	$(BIN)/python -m pytest tests/workflow -m faults

test-edits: $(INSTALLED)
	$(BIN)/python -m pytest tests/workflow -m edits

test-envs: $(INSTALLED)
	$(BIN)/python -m pytest tests/workflow -m envs

test-kinds: $(INSTALLED)
	$(BIN)/python -m pytest tests/workflow -m kinds

# S3's client takes python-dateutil below 3: its version is not the tested one, all others are.
$(VENV)/.storage: $(INSTALLED) requirements-storage.txt requirements-kubernetes.txt
	grep -v '^python-dateutil==' constraints.txt > $(VENV)/constraints-storage.txt
	$(BIN)/python -m pip install --quiet --constraint $(VENV)/constraints-storage.txt -r requirements-storage.txt
	@touch $@

test-storage: $(VENV)/.storage
	$(BIN)/python -m pytest tests/workflow -m storage

# The local page's library takes about 200 MB, so it is not in make setup.
test-web: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt -r requirements-web.txt
	$(BIN)/python -m pytest tests/unit/web

test-install: $(INSTALLED)
	$(BIN)/python -m pytest tests/workflow -m install

test-mutations: $(INSTALLED)
	PYTHONPATH=$(CURDIR)/workflow $(BIN)/python -m tests.mutations

# The peers' own environment sees all of ours behind its own packages.
$(PEERS): $(INSTALLED) requirements-bench.txt
	$(BIN)/python -m venv .bench
	$(BIN)/python -c 'import site; print(*site.getsitepackages(), sep="\n")' \
	  > "$$(.bench/bin/python -c 'import site; print(site.getsitepackages()[0])')/project.pth"
	.bench/bin/python -m pip install --quiet --no-deps -r requirements-bench.txt
	@touch $@

bench: $(PEERS)
	PYTHONPATH=$(CURDIR)/workflow .bench/bin/python -m objectsounds.bench --page docs/speed.md

bench-full: $(INSTALLED)
	$(BIN)/python -m objectsounds.bench.full

bench-storage: $(VENV)/.storage
	$(BIN)/python -m objectsounds.bench.storage

# The site is built of a copy of the pages in the same places, so that links hold here and there. Quiet would not be strict.
$(SITE): requirements-docs.txt
	$(PYTHON) -m venv .docs
	.docs/bin/python -m pip install --quiet -r requirements-docs.txt
	@touch $@

docs: $(SITE)
	rm -rf .docs/pages && mkdir .docs/pages
	tar cf - *.md LICENSE CITATION.cff docs config/README.md profiles/README.md resources workflow/schemas | tar xf - -C .docs/pages
	NO_MKDOCS_2_WARNING=1 .docs/bin/mkdocs build --strict
	@echo "site/index.html"

# The versions of constraints.txt with the hashes of their files, for all platforms; see CONTRIBUTING.md.
lock: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-annotate --no-header --constraint constraints.txt requirements.txt --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-annotate --no-header --constraint constraints.txt --no-deps requirements-nodeps.txt >> requirements.lock

clean:
	rm -rf $(VENV) .bench .docs site .snakemake .pytest_cache .ruff_cache .mypy_cache
