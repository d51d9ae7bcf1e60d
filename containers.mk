# Images and the platform by compose. Included by the Makefile.
DOCKER ?= docker
COMPOSE ?= $(DOCKER) compose
# What Airflow's processes read at their start, and keep.
RUNNER = $(shell git rev-parse HEAD:include/pipeline HEAD:include/errors.py HEAD:include/airflow_site HEAD:plugins | sha256sum | cut -c1-12)
BUILD = DOCKER_BUILDKIT=1 $(DOCKER) build
# Whether .env asks for a profile.
asked = $(shell grep -E '^COMPOSE_PROFILES=(.*,)?$(1)(,|$$)' .env 2> /dev/null)
# What the images of stages and workers hold.
STEP = step
STEP_GPU = step-gpu
# the second project
STEP = $(if $(call asked,assistant),step-assistant,step)
STEP_GPU = $(if $(call asked,assistant),step-assistant --build-arg BELOW=step-gpu,step-gpu)
# end of the second project

.PHONY: .env images images-gpu compose-up compose-down test-containers

.env:  # made, or completed
	@python3 containers/make_env.py

images:  ## build the images leeway/serve, step and airflow from environments/
	$(BUILD) --target serve --tag leeway/serve .
	$(BUILD) --target $(STEP) --tag leeway/step .
	$(BUILD) --target airflow --build-arg STEP=$(STEP) --tag leeway/airflow .
# the second project
	$(if $(call asked,assistant),$(BUILD) --target assistant --tag leeway/assistant .)
# end of the second project

images-gpu:  ## build leeway/step-gpu and leeway/airflow-gpu, with CUDA
	$(BUILD) --target $(STEP_GPU) --tag leeway/step-gpu .
	$(BUILD) --target airflow --build-arg STEP=$(STEP_GPU) --tag leeway/airflow-gpu .

compose-up: .env images  ## start the whole platform in containers, at the commit that is checked out
	@$(if $(call asked,gpu),$(MAKE) images-gpu)
	@python3 containers/make_env.py LEEWAY_RUNNER=$(RUNNER)
	@$(COMPOSE) up --detach --wait --remove-orphans \
	  || { $(COMPOSE) logs --tail 3 $$($(COMPOSE) ps --all --services --status exited); exit 1; }
	@$(COMPOSE) logs --no-log-prefix --tail 2 repository
	@sed -n 's/^LEEWAY_AIRFLOW_URL=/Airflow: /p' .env
	@echo "The passwords of viewer, operator and admin are in .env"

compose-down:  ## stop it; volumes keep all data
	$(COMPOSE) --profile '*' down --remove-orphans

test-containers: setup  ## build the images and run the platform in them: needs root, and half an hour
	python -m pytest -m containers -n 0 -v tests/containers
