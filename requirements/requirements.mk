# --- dependencies -------------------------------------------------------------------------------

# Each file is installed by itself: every image, and every member's tests alone, get what they need and no more. All
# are subsets of test.txt or agree with it. Hashes of a constraints file do not replace them: in hash-checking mode pip
# and uv want them in the requirements themselves.
COMPILE = $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-package attrai-shared --no-emit-package attrai-local --no-emit-package attrai-estimator --custom-compile-command "make requirements"
COMPILE_SUBSET = $(COMPILE) -c requirements/test.txt
ADVISORIES ?= osv
OSV_URL ?=

.PHONY: requirements audit
requirements: .venv/uv.stamp  ## resolve the dependencies and pin them with hashes; existing pins stay
	@$(COMPILE) --group uv -o requirements/uv.txt
	@$(COMPILE) --group build --group tools $(MEMBER_PROJECTS) -o requirements/test.txt
	@$(COMPILE_SUBSET) --group tools -o requirements/tools.txt
	@for member in $(MEMBERS); do $(COMPILE_SUBSET) --group build $$member/pyproject.toml -o requirements/$$member.txt; done
	@$(COMPILE_SUBSET) --group build --group flower shared/pyproject.toml -o requirements/flower.txt
	@$(COMPILE_SUBSET) --group build --group models-tools estimator/pyproject.toml models/pyproject.toml -o requirements/models.txt

audit: .venv/test.stamp  ## look every pinned package up for known vulnerabilities (ADVISORIES=osv, pypi or esms; OSV_URL=of a mirror)
	@./tests/audit.sh -s $(ADVISORIES) $(if $(OSV_URL),--osv-url $(OSV_URL)) -- requirements/*.txt
