# Every task of the repository; `make help` lists them. The work is done by commands under src/mergeline/.
PYTHON ?= $(firstword $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p; done) python3)
VENV ?= .venv

export PATH := $(abspath $(VENV)/bin):$(PATH)
export DVC_NO_ANALYTICS := 1
export MLFLOW_DISABLE_TELEMETRY := true
.DEFAULT_GOAL := all
.PHONY: all setup data update-data repro gate track show report test check fix verify-lock promote rollback deploy serve rehearse github bench simulate monitor alert trace ui lock clean help

all: repro gate track show  ## (default) from a fresh clone to a judged model: install, data, pipeline, verdict, MLflow

setup: $(VENV)/mergeline-lock.sha256  ## build .venv from the hash-locked requirements

$(VENV)/mergeline-lock.sha256: requirements/dev.lock requirements/uv.lock src/mergeline/bootstrap.py
	@$(PYTHON) src/mergeline/bootstrap.py --venv $(VENV)
	@touch $@

data: setup  ## make data/ hold the batches that data.dvc names (remote, cache or source)
	@python -m mergeline.stages.procure --data data

update-data: setup  ## take in the batches that params.yaml names (procure.batches): writes data.dvc
	@python -m mergeline.stages.procure --data data --update

.mergeline/params-checked: setup params.yaml src/usecase/model.py src/mergeline/params.py
	@python -m mergeline.check_params --stamp $@

repro: data .mergeline/params-checked  ## reproduce the pipeline: dvc repro
	@python -m mergeline.pipeline

gate:  ## judge the candidate against the champion: reports/verdict.md
	@python -m mergeline.gate.judge

track:  ## log this state to MLflow, once
	@python -m mergeline.tracking.log_run

report:  ## write reports/report.md, the text that a pull request gets
	@python -m mergeline.report.pull_request

show:  ## print the metrics, the verdict and where to look next
	@python -m mergeline.report.show

test: data  ## run every test (TESTS=tests/unit for some)
	@python -m pytest $(TESTS)

check: setup  ## lint, types and workflow checks; changes nothing
	@ruff check . && ruff format --check . && mypy && actionlint && zizmor --offline --quiet --persona auditor .

fix: setup  ## let ruff mend what it can
	@ruff check --fix . && ruff format .

verify-lock:  ## is the committed dvc.lock what the code produces?
	@python -m mergeline.pipeline --verify-lock

promote:  ## make this commit's model the champion: version tag, desired state, MLflow (needs the verdict `promote`)
	@python -m mergeline.release.promote

rollback:  ## restore an earlier desired state (TO=previous, TO=v0.0.3 or TO=<commit>, REASON="…")
	@python -m mergeline.release.rollback --to "$(TO)" --reason "$(REASON)"

deploy:  ## bring what should serve to this machine: bundles and state file
	@python -m mergeline.release.deploy

serve: setup  ## serve the deployed model on this machine, or the local bundle where nothing was deployed (PORT=8000)
	@python -m mergeline.serving.local --port $(or $(PORT),8000)

monitor: setup  ## judge the prediction log: drift, quality, traffic (LOG=… STORE=… LABELS=…): reports/monitoring
	@python -m mergeline.monitoring.monitor $(if $(LOG),--log "$(LOG)") $(if $(STORE),--store "$(STORE)") $(if $(LABELS),--labels "$(LABELS)")

alert:  ## what the last `make monitor` would tell on GitHub: an issue, a retrain
	@python -m mergeline.monitoring.alert --dry-run --retrain retrain.yml

trace:  ## where a prediction comes from: bundle, commit, data, verdict, who merged (ID=…, or BATCH=2013-04)
	@python -m mergeline.metadata.trace $(if $(ID),"$(ID)") $(if $(BATCH),--batch "$(BATCH)") $(if $(LOG),--log "$(LOG)") $(if $(CHECK),--check)

rehearse: setup  ## run the workflows here: pull requests, comments, a merge, on a stand-in for GitHub
	@python -m mergeline.rehearsal.rehearse --env TESTS=tests/repo

github:  ## print what to do on GitHub, once: import the branch ruleset
	@sed -n '/^## On GitHub, once/,/^## [^O]/p' docs/rehearsal.md | sed '$$d'

simulate: setup  ## the long simulations of the gate (about half an hour): coverage, operating curve
	@python -m pytest -m slow && python -m mergeline.gate.operating_curve && python -m mergeline.monitoring.simulate

bench: data  ## run the benchmarks side by side (NAME=… for one), print a table, write benchmarks/results.json
	@python benchmarks/run.py $(NAME)

ui: setup  ## open MLflow on the logged runs
	@python -m mergeline.tracking.ui

lock: setup  ## resolve pyproject.toml into requirements/*.lock (universal, hashed, no index named)
	@python -m mergeline.lock

clean:  ## remove what can be made again (not data/, not the DVC cache, not MLflow's runs)
	@rm -rf .venv .mergeline artifacts

help:  ## list the tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
