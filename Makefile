# Dronewatch on one machine. `make help` lists what there is.

PYTHON ?= python3
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PACKAGES := $(VENV)/.packages-installed
PROJECT := $(VENV)/.project-installed

COMPILE := $(BIN)/uv pip compile pyproject.toml $(ARGS) --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
# Much of a test is waiting. Each worker has a broker, a store and a Spark of its own; a file's tests
# stay together, since they share what it starts.
WORKERS ?= 2
SIDE_BY_SIDE = --numprocesses $(WORKERS) --dist loadfile
COMPONENTS := simulator alerting archiving notifying loading analysis provisioning website

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## List the targets
	@echo 'make demo ARGS="--days 14 --drones 6 --rate 4000 --mission both --seed 1"'
	@echo
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | \
		awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

.PHONY: demo
demo: $(PROJECT) ## The main job, end to end, on real parts; KEEP=0: without staying up; its options: make demo ARGS=--help
	@$(BIN)/python -m local demo $(ARGS)

.PHONY: test
test: lint ## Every test that needs no Kubernetes and no long time
	@# Before the first test's time is measured.
	@$(BIN)/python -m local prepare
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "not faults" $(ARGS)

.PHONY: screenshots
screenshots: $(PROJECT) ## The website's pictures of docs/pictures, with the results of the last `make demo`
	@$(BIN)/python -m tests.website.pictures $(ARGS) docs/pictures

.PHONY: test-faults
test-faults: $(PROJECT) ## The long fault runs, with full counts
	@$(BIN)/python -m local prepare
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m faults $(ARGS)

.PHONY: bench
bench: $(PROJECT) ## The measurements of docs/benchmarks.md
	@$(BIN)/python -m bench $(ARGS)

.PHONY: lint
lint: $(PROJECT) ## Style, types, and which part may import which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: lock
lock: $(PROJECT) ## Lock the requirements with hashes; the newest ones: make lock ARGS=--upgrade
	$(COMPILE) --extra dev -o requirements/dev.txt
	$(foreach part,$(COMPONENTS),\
		$(COMPILE) --extra $(part) -c requirements/dev.txt -o requirements/$(part).txt &&) true

# Of the charts, which name the images.
VERSION = $(shell sed -n 's/^appVersion: *//p' charts/dronewatch/Chart.yaml)
REVISION = $(shell git rev-parse --short HEAD 2>/dev/null)
IMAGES ?= dronewatch
DOCKER_BUILD_FLAGS ?=
BUILD = docker build $(DOCKER_BUILD_FLAGS) --build-arg VERSION=$(VERSION) --build-arg REVISION=$(REVISION)

.PHONY: images
images: ## Build the images, IMAGES/part:version; DOCKER_BUILD_FLAGS are passed on
	$(foreach part,$(filter-out analysis,$(COMPONENTS)),\
		$(BUILD) --file images/services/Dockerfile --build-arg COMPONENT=$(part) \
			--tag $(IMAGES)/$(part):$(VERSION) . &&) true
	$(BUILD) --file images/spark/Dockerfile --tag $(IMAGES)/analysis:$(VERSION) .

# MONITORING=1 and KEDA=1 add their operators; OPERATORS=command installs them in its own way.
CLUSTER ?= dronewatch
OPERATORS ?=
MONITORING ?=
KEDA ?=

.PHONY: cluster
cluster: $(PROJECT) ## A kind cluster CLUSTER, unless it is there; needs kind
	@$(BIN)/python -m cluster create --name $(CLUSTER)

.PHONY: operators
operators: $(PROJECT) ## What the platform stands on, unless it is there: MONITORING=1 KEDA=1 OPERATORS=command
	@$(BIN)/python -m cluster operators --namespace $(NAMESPACE) $(if $(filter 1,$(MONITORING)),--monitoring) \
		$(if $(filter 1,$(KEDA)),--keda) --instead '$(OPERATORS)'

# On the cluster that KUBECONFIG names.
NAMESPACE ?= dronewatch
RELEASE ?= dronewatch
VALUES ?= charts/dronewatch/ci/kind-values.yaml

.PHONY: load
load: $(PROJECT) ## Hand the images to kind's nodes; other clusters pull them from a registry
	@$(BIN)/python -m cluster load $(foreach part,$(COMPONENTS),$(IMAGES)/$(part):$(VERSION))

.PHONY: deploy
deploy: load charts ## Install or upgrade the platform; Helm's further options: make deploy ARGS="--set ..."
	@$(BIN)/python -m cluster deploy --namespace $(NAMESPACE) --release $(RELEASE) --values $(VALUES) -- $(ARGS)

MODE ?= auto

.PHONY: scale-demo
scale-demo: charts $(PROJECT) ## Load rises, replicas follow, load falls, they go; MODE=manual: with kubectl scale
	@$(BIN)/python -m cluster scale-demo --namespace $(NAMESPACE) --release $(RELEASE) --mode $(MODE) $(ARGS)

.PHONY: undeploy
undeploy: $(PROJECT) ## Remove the platform; the volumes of archive and website and their Secrets stay
	@$(BIN)/python -m cluster undeploy --namespace $(NAMESPACE) --release $(RELEASE)

.PHONY: k8s-test
k8s-test: $(PROJECT) ## The tests on a cluster, in namespaces of their own
	$(BIN)/python -m pytest k8s-tests $(ARGS)

.PHONY: charts
charts: ## Put the charts' dependencies in place; needs helm
	charts/dependencies

.PHONY: charts-text
charts-text: $(PROJECT) ## Schemas and READMEs of the charts, from their values.yaml
	$(BIN)/python charts/generate.py

.PHONY: install
install: $(PROJECT) ## Make .venv with the locked requirements

.PHONY: clean
clean: ## Remove what runs and tools left; .venv and the download cache stay
	rm -rf .run .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build
	rm -rf *.egg-info metastore_db spark-warehouse derby.log
	find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +

$(PACKAGES): requirements/dev.txt
	@command -v $(PYTHON) >/dev/null || \
		{ echo "$(PYTHON) is missing: install Python 3.11 or later, or name one: make PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is $$($(PYTHON) -V), older than 3.11: name a later one: make PYTHON=..."; exit 1; }
	@echo "==> Making $(VENV) with $$($(PYTHON) -V)"
	@$(PYTHON) -m venv $(VENV) || \
		{ echo "$(PYTHON) cannot make a virtual environment: install its venv (apt-get install python3-venv)"; exit 1; }
	@echo "==> Installing the locked requirements (once, some minutes: Spark is large)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(PROJECT): $(PACKAGES) pyproject.toml
	@echo "==> Installing the project itself"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
