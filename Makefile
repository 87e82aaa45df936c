# Every command of the project; `make` alone lists them.
# Each target builds what it needs first, so any of them works on a bare clone.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

# The night to run: the default lies near the end of the embedded data, with 31 days after it
# to see how the predictions turned out.
DATE ?= 2017-11-30
ARGS ?=
FROM ?= $(DATE)
TO ?= $(DATE)
FOLDS ?= 3
SOURCE ?=
FILE ?=
DATA ?=
EVENTS ?= 1000000
DAYS ?= 30
# Processes that share the tests, each with a Spark of its own.
WORKERS ?= 2
# Where the nodes of a cluster keep Python 3.11: the folder above bin/.
PYTHON_PREFIX ?=

python := .venv/bin/python
# Passed by the environment, so that SQL may hold quotes of any kind.
export SQL
# A Spark of the machine's own must not be taken for the one that is locked.
unexport SPARK_HOME PYSPARK_DRIVER_PYTHON
export PYSPARK_PYTHON := $(CURDIR)/$(python)

.PHONY: help env nightly backfill maintain validate tune query source-check simulate test cluster-test check \
	format bench-night bench-lake bench-next-item bench-sessions bench-tasks bench-simulated \
	bench-item-vectors bench-training bench-scoring bench-gate models docs package lock clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

env: ## Build .venv, Horovod and Delta's jars (does nothing when they are up to date)
	@scripts/environment.sh

nightly: env ## Run the whole night on the embedded example (DATE=2017-11-30)
	@$(python) jobs/land_example.py
	./spark-submit.sh jobs/nightly.py --date $(DATE) $(ARGS)

backfill: env ## Run a range of nights (FROM=2017-11-01 TO=2017-11-30 ARGS="--stages clean,sessionise")
	./spark-submit.sh jobs/backfill.py --from "$(FROM)" --to "$(TO)" $(ARGS)

maintain: env ## Compact the tables, check their files, remove dead ones (DATE=2017-11-30)
	./spark-submit.sh jobs/maintain.py --date $(DATE) $(ARGS)

validate: env ## Train and judge past nights again, in order of time (DATE=2017-11-30 FOLDS=3)
	./spark-submit.sh jobs/validate.py --date $(DATE) --folds $(FOLDS) $(ARGS)

tune: env ## Search better training settings on past nights (DATE=2017-11-30)
	./spark-submit.sh jobs/tune.py --date $(DATE) $(ARGS)

query: env ## Ask the lake (SQL="select * from customer_scores_latest limit 5")
	@./spark-submit.sh jobs/query.py "$$SQL"

models: env ## Show model versions and their trail (ARGS="--roll-back --reason 'refunds as sales'")
	@$(python) jobs/models.py $(ARGS)

source-check: env ## Show how a source reads a file (SOURCE=rees46 FILE=2019-Oct.csv)
	@./spark-submit.sh jobs/check_source.py --source "$(SOURCE)" --file "$(FILE)" $(ARGS)

simulate: env ## Write a simulated shop's landing files (EVENTS=1000000 DAYS=30)
	@$(python) jobs/simulate.py --events $(EVENTS) --days $(DAYS) $(ARGS)

test: env ## Run the tests, show the 25 slowest (ARGS="-k sessions -x"; WORKERS=4 where there are 8 cores)
	$(python) -m pytest --numprocesses $(WORKERS) --durations 25 $(ARGS)

cluster-test: package ## A night on a standalone cluster whose workers have no project installed
	$(python) -m pytest tests/cluster -m cluster $(ARGS)

check: env ## Lint, formatting, types and the layers between modules
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports

format: env ## Format the code and sort its imports
	.venv/bin/ruff check --select I --fix
	.venv/bin/ruff format

bench-night: env ## Measure two nights of the example: time, memory, rows read, metrics
	@$(python) jobs/land_example.py
	$(python) -m bench.night

bench-lake: env ## Measure clean, sessionise, features beside rivals (ARGS="--scale 0.01")
	$(python) -m bench.lake $(ARGS)

bench-next-item: env ## Rank next items beside rivals (DATA=Beauty.txt, lines: user item item ...)
	$(python) -m bench.next_item --data "$(DATA)" $(ARGS)

bench-sessions: env ## Rank the next click of sessions beside rivals (DATA=yoochoose1_64)
	$(python) -m bench.sessions --data "$(DATA)" $(ARGS)

bench-tasks: env ## Purchase and churn beside LightGBM and others, on two real shops
	$(python) -m bench.tasks $(ARGS)

bench-training: env ## Training's speed: reader, ranks, targets a CPU-second (DATA=Beauty.txt)
	$(python) -m bench.training --data "$(DATA)"

bench-scoring: env ## Scoring's speed and compression, after make nightly (DATE=2017-11-30)
	$(python) -m bench.scoring --date $(DATE) $(ARGS)

bench-simulated: env ## A simulated shop's predictions beside its true probabilities
	$(python) -m bench.simulated

bench-item-vectors: env ## Train with and without items' vectors, after make nightly (DATE=2017-11-30)
	$(python) -m bench.item_vectors --date $(DATE) $(ARGS)

bench-gate: env ## How often the gate replaces a champion, by the challenger's true difference
	$(python) -m bench.gate $(ARGS)

docs: env ## Write docs/tables.md and docs/features.md from the table contracts
	$(python) -m insight.tables.document

package: .dist/environment.tar.gz ## Pack the environment for a cluster (PYTHON_PREFIX=/usr)

# Only the locked packages: Insight itself is shipped at every start by spark-submit.sh, so a
# change of code packs nothing anew. The archive links to the Python that made it; where the
# nodes keep theirs elsewhere, PYTHON_PREFIX says so. Level 1: half the time for a tenth more size.
.dist/environment.tar.gz: requirements.lock requirements-horovod.lock | env
	@mkdir -p $(@D)
	.venv/bin/venv-pack --quiet --force --prefix .venv --compress-level 1 \
		$(PYTHON_PREFIX:%=--python-prefix %) --exclude '*/__editable__*' --exclude '*/insight-*.dist-info/*' \
		--output .dist/packing.tar.gz
	mv .dist/packing.tar.gz $@

lock: env ## Resolve pyproject.toml into the locks (ARGS=--upgrade for newer versions)
	.tools/bin/uv pip compile pyproject.toml --extra horovod-build --extra dev --extra cpu \
		--python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url \
		--quiet --output-file requirements.lock $(ARGS)
# Apart, because it compiles against what the first one installs.
	echo 'horovod==0.28.1' | .tools/bin/uv pip compile - --no-deps \
		--python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url \
		--quiet --output-file requirements-horovod.lock
	echo 'uv==0.13.9' | .tools/bin/uv pip compile - \
		--python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url \
		--quiet --output-file requirements-tools.lock

clean: ## Remove what was built; var/ (data, models, keys) stays
	rm -rf .venv .tools .jars .dist build *.egg-info
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find insight jobs tests -name __pycache__ -prune -exec rm -rf {} +
