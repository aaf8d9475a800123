# Everything is found by wildcard: adding an operation, a test or a source file never edits this file.
# META.json is the one place for the version.

EXTENSION  = datajoint_deploy
EXTVERSION := $(shell sed -n 's/^  "version": "\(.*\)",$$/\1/p' META.json)

MODULE_big = $(EXTENSION)
OBJS       = $(patsubst %.cpp,%.o,$(sort $(wildcard src/*.cpp src/*/*.cpp)))
DATA_built = $(EXTENSION)--$(EXTVERSION).sql
# A released version can still be created: `make release` has frozen its script.
DATA       = $(filter-out %/$(DATA_built),$(wildcard sql/releases/$(EXTENSION)--*.sql)) \
             $(wildcard sql/updates/$(EXTENSION)--*.sql)

REGRESS        = $(sort $(basename $(notdir $(wildcard test/sql/*.sql))))
REGRESS_OPTS   = --inputdir=test --load-extension=$(EXTENSION)
ISOLATION      = $(sort $(basename $(notdir $(wildcard test/specs/*.spec))))
ISOLATION_OPTS = --inputdir=test --outputdir=. --load-extension=$(EXTENSION)
TAP_TESTS      = 1
PROVE_TESTS   ?= test/t/*.pl

# The command, as one file, where there is what makes it.
CLIENT        := $(shell test -e client/__main__.py && python3 -m zipapp --help >/dev/null 2>&1 && perl -MJSON::PP -e 1 2>/dev/null && echo dj-deploy)
ifneq ($(CLIENT),)
SCRIPTS_built  = $(CLIENT)
MANUAL        := $(shell argparse-manpage --help >/dev/null 2>&1 && echo dj-deploy.1)
endif

PG_CONFIG   ?= pg_config
# -isystem keeps the server's headers out of our warnings; 15's s_lock.h says "register". The same
# source gives the same module, wherever it is built.
PG_CPPFLAGS  = -Isrc -isystem $(shell $(PG_CONFIG) --includedir-server) \
               -DDJ_DEPLOY_VERSION='"$(EXTVERSION)"'
PG_CXXFLAGS  = -std=c++20 -fno-exceptions -fno-rtti -fno-threadsafe-statics -fvisibility=hidden \
               -ffile-prefix-map=$(CURDIR)=. \
               -Wall -Wextra -Wno-register $(if $(findstring clang,$(CXX)),-Wno-unknown-warning-option -Wno-deprecated-volatile) -MMD -MP $(if $(WERROR),-Werror)
EXTRA_CLEAN  = $(OBJS:.o=.d) dj-deploy dj-deploy.1 dj-deploy.tree $(EXTENSION)--*.sql results output_iso tmp_check regression.diffs regression.out

# PGXS compiles bitcode without PG_CXXFLAGS, so there is none.
override with_llvm := no

PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)
-include $(OBJS:.o=.d)

$(DATA_built): sql/head.sql $(sort $(wildcard sql/operations/*.sql)) META.json
	cat $(filter %.sql,$^) > $@

src/module.o: META.json

# The same sources give the same archive, whenever they were checked out.
dj-deploy: $(wildcard client/*.py client/*/*.py src/checks/*.cpp) script/check-sql META.json
	rm -rf $@.tree
	mkdir $@.tree
	cp -R client/__main__.py client/dj_deploy $@.tree
	script/check-sql --all > $@.tree/dj_deploy/checks.json
	printf '%s' $(EXTVERSION) > $@.tree/dj_deploy/VERSION
	find $@.tree -name __pycache__ -prune -exec rm -r {} +
	find $@.tree -exec touch --date=@315532800 {} +
	python3 -m zipapp --python /usr/bin/python3 --output $@ $@.tree
	rm -rf $@.tree

# Of the command's own arguments.
dj-deploy.1: dj-deploy
	COLUMNS=1000 PYTHONPATH=$< argparse-manpage --module dj_deploy.arguments --function make_parser --output $@
	sed -i '/^\.SH NAME/{n;s/$$/ \\- configure the schemas of a PostgreSQL database for their environment/}' $@

ifneq ($(MANUAL),)
all: $(MANUAL)
install: install-manual
uninstall: uninstall-manual
install-manual: $(MANUAL)
	$(MKDIR_P) '$(DESTDIR)$(mandir)/man1'
	$(INSTALL_DATA) $< '$(DESTDIR)$(mandir)/man1/'
uninstall-manual:
	rm -f '$(DESTDIR)$(mandir)/man1/$(MANUAL)'
endif

.PHONY: lint format dist release install-manual uninstall-manual
lint:
	script/lint

format:
	clang-format -i $(wildcard src/*.[ch]pp src/*/*.[ch]pp)

# The same commit gives the same archive: a zip has local times.
dist:
	TZ=UTC git archive --format=zip --prefix=$(EXTENSION)-$(EXTVERSION)/ -o $(EXTENSION)-$(EXTVERSION).zip HEAD

# Freezes the install script of this version; what is frozen already stays as it is, or this fails.
release: $(DATA_built)
	mkdir -p sql/releases
	test ! -e sql/releases/$< || cmp $< sql/releases/$<
	cp $< sql/releases/
