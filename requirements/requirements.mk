# --- dependencies -------------------------------------------------------------------------------

COMPILE = $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-package attrai-shared --no-emit-package attrai-local --no-emit-package attrai-estimator --custom-compile-command "make requirements"
ADVISORIES ?= osv
OSV_URL ?=

.PHONY: requirements audit
requirements: .venv/uv.stamp  ## resolve the dependencies and pin them with hashes; existing pins stay
	@$(COMPILE) requirements/uv.in -o requirements/uv.txt
	@$(COMPILE) requirements/test.in requirements/build.in $(MEMBER_PROJECTS) -o requirements/test.txt
	@$(COMPILE) -c requirements/test.txt requirements/test.in -o requirements/tools.txt
	@$(COMPILE) -c requirements/test.txt requirements/build.in $(MEMBER_PROJECTS) -o requirements/run.txt
	@for member in $(MEMBERS); do $(COMPILE) -c requirements/test.txt requirements/build.in $$member/pyproject.toml -o requirements/$$member.txt; done
	@$(COMPILE) -c requirements/test.txt requirements/models.in requirements/build.in estimator/pyproject.toml models/pyproject.toml -o requirements/models.txt
	@$(COMPILE) -c requirements/test.txt deploy/flower/requirements.in requirements/build.in shared/pyproject.toml -o deploy/flower/requirements.txt

audit: .venv/test.stamp  ## look every pinned package up for known vulnerabilities (ADVISORIES=osv, pypi or esms; OSV_URL=of a mirror)
	@./tests/audit.sh -s $(ADVISORIES) $(if $(OSV_URL),--osv-url $(OSV_URL)) -- requirements/*.txt deploy/flower/requirements.txt
