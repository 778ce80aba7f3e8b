# SPDX-License-Identifier: GPL-2.0-only
#
# The work is done by programs under tests/, each of which says what it does with --help or in its first lines.

KERNEL	?= 6.12
# The series that there are, oldest first.
ALL_KERNELS := $(shell ls core-hooks/patches | sort -V)
# Of these the oldest and the newest with a function for BPF programs.
BTF_KERNELS := 6.12 7.3
# Of these one that distributions have and keep.
DEBUG_KERNELS := 6.12

help:
	@echo 'make demo       an agent session, start to end, on a patched kernel in QEMU'
	@echo 'make check      all tests, on Linux $(KERNEL); the last line counts them'
	@echo 'make check-all  the same on each of: $(ALL_KERNELS), and as thoroughly as on the first; what BPF'
	@echo '                programs may ask, on $(BTF_KERNELS) with BTF'
	@echo 'make check-debug  all tests on kernels that look for mistakes, of $(DEBUG_KERNELS): hours'
	@echo 'make check-static  what sparse, checkpatch and others find in the code, with Linux $(KERNEL)'
	@echo 'make check-fuzz  the parsers of user space, and the kernel'"'"'s side of sessions, given rubbish'
	@echo 'make check-models  models of sessions, kills and credit, searched by spin'
	@echo 'make check-upstream  the kernel'"'"'s own selftests give the same results with the hooks as without'
	@echo 'make bench      what sessions cost on Linux $(KERNEL) in instructions, and what others do; fails on growth'
	@echo 'make bench-parallel  the same on two processors by a real clock: ratios'
	@echo 'make userspace  agentns, agentns-unshare and libagentns, in userspace/build'
	@echo 'make kernel     the patched kernel of the tests, into the cache'
	@echo 'make module     agentns.ko for that kernel, by dkms'
	@echo 'make deb        the Debian packages of all this, in debian/build'
	@echo 'make kernel-deb the patched kernel as Debian packages, with CONFIG= or this machine'"'"'s configuration'
	@echo 'make check-debian  the packages in a Debian 12 machine: installed, updated, purged (as root)'
	@echo 'make deps       install the packages that all this needs (as root; otherwise name them)'
	@echo 'make clean      remove what was built in this checkout; the cache is $${XDG_CACHE_HOME:-~/.cache}/agentns'
	@echo
	@echo 'tests/vm/run [-- COMMAND]   a machine with that kernel: your own files read-only, and a shell or COMMAND'
	@echo
	@echo 'KERNEL=6.12 names the kernel series (make check takes several), KSRC=/path/to/linux a source tree of it to use'
	@echo 'instead of Debian'"'"'s.'

deps:
	@tests/lib/deps $(KERNEL)

kernel: deps
	@tests/kernel/build $(KERNEL)

module: deps
	@tests/vm/module $(KERNEL)

userspace: deps
	@$(MAKE) --no-print-directory -C userspace

check:
	@tests/lib/check $(KERNEL)

check-all:
	@AGENTNS_THOROUGH=1 tests/lib/check $(ALL_KERNELS) $(BTF_KERNELS:=-btf)

check-debug:
	@tests/lib/check $(foreach flavour,debug kcsan ibt,$(DEBUG_KERNELS:=-$(flavour)))

check-static: deps
	@tests/static/run --series '$(KERNEL)'

check-fuzz: deps
	@userspace/tests/fuzz/run
	@[ -z "$$AGENTNS_NIGHTLY" ] || tests/fuzz/selftest $(KERNEL)
	@tests/fuzz/run $(KERNEL)

check-models: deps
	@tests/models/run

check-upstream: deps
	@tests/upstream/run $(KERNEL)

check-debian:
	@tests/debian/run

bench: deps
	@tests/bench/run $(KERNEL)

bench-parallel: deps
	@tests/bench/run --parallel $(KERNEL)

deb:
	@debian/build-packages

kernel-deb:
	@debian/build-kernel $(if $(CONFIG),--config '$(CONFIG)') $(if $(filter-out file,$(origin KERNEL)),$(KERNEL))

demo: deps
	@tests/demo/run

clean:
	@$(MAKE) --no-print-directory -C userspace clean
	@$(MAKE) --no-print-directory -C tests/selftests clean
	@$(MAKE) --no-print-directory -C tests/bench clean
	@rm -rf tests/fuzz/build
	@rm -rf debian/build

.PHONY: help deps kernel module userspace check check-all check-debug check-static check-fuzz check-models check-upstream \
	check-debian bench bench-parallel deb kernel-deb demo clean
# What is under tests/ uses all processors by itself.
.NOTPARALLEL:
