# One file builds everything, out of tree: build/ (MODE=release), build/asan, build/tsan, build/fuzz, build/cov.
# A new .c in capture/, classifiers/, feeds/ or tools/, a new tests/test_*.c or fuzz_*.c is found by itself.

MODE      ?= release
BUILD     ?= build$(if $(filter-out release,$(MODE)),/$(MODE))
WITH_NDPI ?= 1
VERSION   := 0.1.0
PREFIX    ?= /usr/local
LIBDIR    ?= $(PREFIX)/lib

# -O3: a replay of DNS takes 6 % less time than with -O2, one of public captures 4 %.
CFLAGS.release := -O3 -D_FORTIFY_SOURCE=2
CFLAGS.asan    := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS.tsan    := -O1 -fsanitize=thread -fno-omit-frame-pointer
CFLAGS.fuzz    := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
CFLAGS.cov     := -O0 --coverage # what it counted the sensor writes with --confine off alone
ifeq ($(MODE),fuzz)
CC := clang
endif
# The files are small and what they call in each other is short, so the sensor is linked as one: an eighth fewer instructions
# a packet. Its objects also hold ordinary code, for everything else, which is linked in no time, and for clang, which
# would need a linker of its own.
ifeq ($(MODE)$(findstring clang,$(shell $(CC) --version 2>&1)),release)
LDFLAGS += -fno-lto
FAT := -flto=2 -ffat-lto-objects
ONE := -flto=2
# Copies and clearings of up to a few hundred bytes are what a packet is made of. gcc writes them as "rep movs", which takes
# longer to begin than the C library's to end: without it a DNS message takes a tenth less time.
CFLAGS.release += $(shell $(CC) -mstringop-strategy=libcall -E -x c /dev/null >/dev/null 2>&1 && echo -mstringop-strategy=libcall)
endif

CFLAGS   ?= -g -Wall -Wextra -Wno-missing-field-initializers -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -fstack-protector-strong
ALLFLAGS  = -std=c11 -D_GNU_SOURCE -DRADOME_VERSION='"$(VERSION)"' -DWITH_NDPI=$(WITH_NDPI) -DSANITIZED=$(if $(filter asan tsan fuzz,$(MODE)),1,0) \
            -I. -I$(BUILD) -isystem /usr/include/ndpi \
            -MMD -MP -fPIC $(CPPFLAGS) $(CFLAGS) $(CFLAGS.$(MODE))
TLS      := $(shell $(CC) -E -include hiredis/hiredis_ssl.h -x c /dev/null >/dev/null 2>&1 && echo -lhiredis_ssl -lssl)
LIBS     := $(TLS) -lpcap -lz -lzstd -lcrypto -lpsl -lidn2 -lhiredis -lmaxminddb -linih -ljansson -lbrotlidec -lcap-ng -lseccomp -lpthread -lm
ifeq ($(WITH_NDPI),1)
LIBS     += -lndpi
endif

FLOORS   := capture classifiers feeds
SOURCES  := $(foreach floor,$(FLOORS),$(wildcard $(floor)/*.c))
OBJECTS  := $(SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/registry.o $(BUILD)/listed.o
TOOLS    := $(patsubst tools/%.c,$(BUILD)/%,$(wildcard tools/*.c))
PROGRAMS := $(BUILD)/radome $(patsubst $(BUILD)/%,$(BUILD)/radome-%,$(filter-out $(BUILD)/radome,$(TOOLS)))
TESTS    := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/test_*.c))
FUZZERS  := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/fuzz_*.c))
ORACLES  := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/oracle/*.c))

COMMA := ,

# One line a file; V=1 shows the commands.
Q := $(if $(V),,@)
say = $(if $(V),,@echo "  $(1) $@")

.SECONDARY:
.PHONY: all always library manuals install deb valgrind demo check tests oracles fuzz layers help clean names-report payload-report model bench benchers live-bench faults redis-bench months

all: $(PROGRAMS) library $(if $(filter release,$(MODE)),manuals) ## build the sensor, its companions, the library and the manuals

$(BUILD)/radome: $(BUILD)/tools/radome.o $(OBJECTS) classifiers/plugin.list
	$(call say,LINK)
	$(Q)$(CC) $(ALLFLAGS) $(ONE) $(filter-out -fno-lto,$(LDFLAGS)) -Wl,--dynamic-list=classifiers/plugin.list -o $@ $(filter %.o,$^) $(LIBS)
$(BUILD)/radome-%: $(BUILD)/tools/%.o $(BUILD)/libhouse.a
	$(call say,LINK)
	$(Q)$(CC) $(ALLFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
$(BUILD)/radome-top: LIBS += -lncursesw -ltinfo
$(BUILD)/libhouse.a: $(OBJECTS)
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# What objects were made with, so that they are made anew when that changes: of all, whatever some of them add to it.
MADE_WITH := $(CC) $(ALLFLAGS) $(FAT)
$(BUILD)/flags: always
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(MADE_WITH))' | cmp -s - $@ || echo '$(subst ','\'',$(MADE_WITH))' > $@
always:

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALLFLAGS) $(FAT) -c -o $@ $<

# What feeds/builtin.c and feeds/page.c take in as it is.
$(BUILD)/feeds/builtin.o: feeds/indicators.csv feeds/lookalikes.txt
$(BUILD)/feeds/page.o: $(wildcard feeds/page/*)

# The registry of classifiers: every constant that a file in classifiers/ ends in.
$(BUILD)/registry.c: $(wildcard classifiers/*.c)
	@mkdir -p $(@D)
	@names=$$(sed -n 's/^const struct classifier \([a-z0-9_]*_classifier\) .*/\1/p' $(sort $^)); \
	{ echo '#include "classifiers/engine.h"'; \
	  for n in $$names; do echo "extern const struct classifier $$n;"; done; \
	  echo 'const struct classifier *const engine_classifiers[] = {'; \
	  for n in $$names; do echo "    &$$n,"; done; echo '    NULL};'; } > $@
$(BUILD)/registry.o: $(BUILD)/registry.c $(BUILD)/flags
	$(call say,CC)
	$(Q)$(CC) $(ALLFLAGS) $(FAT) -c -o $@ $<

# The published indicators as rows, for those who load no lists.
$(BUILD)/listed.c: feeds/indicators.csv classifiers/listed.awk
	@mkdir -p $(@D)
	$(Q)awk -f classifiers/listed.awk $< > $@.new && mv $@.new $@
$(BUILD)/listed.o: $(BUILD)/listed.c $(BUILD)/flags
	$(call say,CC)
	$(Q)$(CC) $(ALLFLAGS) -c -o $@ $<

# The library: floors 1 and 2 without files and learning, without nDPI, without assertions. Only radome_* is seen outside.
ABI         := 1
LIB_SOURCES := $(filter-out capture/inputs.c capture/reader.c capture/live.c capture/savefile.c capture/source.c classifiers/learn.c,$(wildcard capture/*.c classifiers/*.c))
LIB_OBJECTS := $(LIB_SOURCES:%.c=$(BUILD)/lib/%.o) $(BUILD)/lib/registry.o $(BUILD)/lib/listed.o
LIB_LIBS    := -lz -lbrotlidec -lcrypto -lpsl -lidn2 -lm
library: $(BUILD)/libradome.so $(BUILD)/libradome.a ## the engine for other programs
$(LIB_OBJECTS): WITH_NDPI := 0
$(LIB_OBJECTS): ALLFLAGS += -DNDEBUG -fvisibility=hidden
$(BUILD)/lib/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALLFLAGS) -c -o $@ $<
$(BUILD)/lib/%.o: $(BUILD)/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALLFLAGS) -c -o $@ $<
$(BUILD)/libradome.so.$(ABI): $(LIB_OBJECTS) classifiers/radome.map
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(CFLAGS.$(MODE)) $(LDFLAGS) -shared -Wl,-soname,libradome.so.$(ABI) -Wl,--version-script=classifiers/radome.map \
	    -Wl,--as-needed $(if $(filter release,$(MODE)),-Wl$(COMMA)-z$(COMMA)defs) -o $@ $(LIB_OBJECTS) $(LIB_LIBS)
$(BUILD)/libradome.so: $(BUILD)/libradome.so.$(ABI)
	@ln -sf libradome.so.$(ABI) $@
$(BUILD)/libradome.a: $(LIB_OBJECTS)
	$(call say,AR)
	$(Q)$(LD) -r -o $(BUILD)/lib/radome.o $^ && objcopy --localize-hidden $(BUILD)/lib/radome.o && rm -f $@ && $(AR) rcs $@ $(BUILD)/lib/radome.o

# Man pages and completions, of every program there is: from its --help, which is its table of settings, and of prose where
# tools/manual/ has some. The date is the release's.
MANUAL   := $(BUILD)/manual
RELEASED  = $(shell LC_ALL=C date -u -d "$$(sed -n 's/^ -- .*>  //p' debian/changelog | head -n 1)" '+%B %-d, %Y')
NAMES    := $(PROGRAMS:$(BUILD)/%=%)
PAGES    := $(MANUAL)/radome.8 $(patsubst %,$(MANUAL)/%.1,$(filter-out radome,$(NAMES))) $(MANUAL)/radome.conf.5 $(MANUAL)/radome-hits.7
SHELLS   := $(foreach shell,bash zsh fish,$(NAMES:%=$(MANUAL)/%.$(shell)))
LISTS    := $(addprefix $(MANUAL)/,keys radome eve ecs)
manuals: $(PAGES) $(SHELLS) $(MANUAL)/radome.conf ## man pages, completions, an example of the configuration
manual = $(Q)awk -v what=$(1) -v name=$(basename $(@F)) -v section=$(subst .,,$(suffix $@)) -v date="$(RELEASED)" -v lists=$(MANUAL) \
         -v prose=$(wildcard tools/manual/$(@F)) -f tools/manual/manual.awk $(or $(filter-out %.awk,$<),/dev/null) > $@.new && mv $@.new $@
$(MANUAL)/%.help: $(BUILD)/%
	@mkdir -p $(@D)
	$(Q)$< --help > $@.new && mv $@.new $@
$(PAGES): tools/manual/manual.awk debian/changelog $(wildcard tools/manual/*.[1578])
$(MANUAL)/%.8: $(MANUAL)/%.help
	$(call manual,man)
$(MANUAL)/%.1: $(MANUAL)/%.help
	$(call manual,man)
$(MANUAL)/%.5: tools/manual/manual.awk $(LISTS)
	$(call manual,page)
$(MANUAL)/%.7: tools/manual/manual.awk $(LISTS)
	$(call manual,page)
$(SHELLS): tools/manual/manual.awk
$(MANUAL)/%.bash: $(MANUAL)/%.help
	$(call manual,bash)
$(MANUAL)/%.zsh: $(MANUAL)/%.help
	$(call manual,zsh)
$(MANUAL)/%.fish: $(MANUAL)/%.help
	$(call manual,fish)
$(MANUAL)/radome.conf: $(MANUAL)/keys.rows tools/manual/manual.awk
	$(call manual,example)
$(LISTS): $(MANUAL)/%: $(MANUAL)/%.rows tools/manual/manual.awk
	$(call manual,list)
$(MANUAL)/keys.rows: $(MANUAL)/rows
	$(Q)$< > $@.new && mv $@.new $@
$(MANUAL)/%.rows: $(MANUAL)/fields feeds/schema/%.json $(wildcard feeds/schema/*.json)
	$(Q)$< feeds/schema/$*.json > $@.new && mv $@.new $@
$(MANUAL)/rows $(MANUAL)/fields: $(MANUAL)/%: $(BUILD)/tools/manual/%.o $(BUILD)/libhouse.a
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(ALLFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# What pkg-config says of the library.
define PC
prefix=$(PREFIX)
libdir=$(patsubst $(PREFIX)/%,$${prefix}/%,$(LIBDIR))
Name: radome
Description: finds the adware families DealPly, IsErIk and ManageX
Version: $(VERSION)
Cflags: -I$${prefix}/include
Libs: -L$${libdir} -lradome
Libs.private: $(LIB_LIBS)
endef
export PC

# What a classifier of its own is compiled with.
PLUGIN_HEADERS := $(addprefix capture/,addr.h cursor.h dns.h error.h event.h http.h packet.h pool.h slice.h source.h stream.h tls.h) \
                  $(addprefix classifiers/,classifier.h hit.h plugin.h)
# Where a system looks for its own; a distribution's packages say otherwise.
SYSCONFDIR ?= /etc
UNITDIR    ?= $(PREFIX)/lib/systemd/system
ZSHDIR     ?= $(PREFIX)/share/zsh/site-functions
EXAMPLES   := $(filter-out %.sysusers %.logrotate %@.service,$(wildcard feeds/examples/*))
to = $(DESTDIR)$(PREFIX)
install: all manuals ## install all of it: PREFIX (/usr/local), DESTDIR, LIBDIR, SYSCONFDIR (/etc)
	install -d $(to)/bin $(to)/include $(DESTDIR)$(LIBDIR)/pkgconfig
	install -m 755 $(PROGRAMS) $(to)/bin
	install -m 644 $(BUILD)/libradome.so.$(ABI) $(DESTDIR)$(LIBDIR)
	ln -sf libradome.so.$(ABI) $(DESTDIR)$(LIBDIR)/libradome.so
	install -m 644 $(BUILD)/libradome.a $(DESTDIR)$(LIBDIR)
	printf '%s\n' "$$PC" > $(DESTDIR)$(LIBDIR)/pkgconfig/radome.pc
	install -m 644 classifiers/radome.h $(to)/include
	for header in $(PLUGIN_HEADERS); do install -D -m 644 $$header $(to)/include/radome/$$header || exit 1; done
	for page in $(PAGES); do install -D -m 644 -t $(to)/share/man/man$${page##*.} $$page || exit 1; done
	for name in $(NAMES); do \
	    install -D -m 644 $(MANUAL)/$$name.bash $(to)/share/bash-completion/completions/$$name && \
	    install -D -m 644 $(MANUAL)/$$name.zsh $(DESTDIR)$(ZSHDIR)/_$$name && \
	    install -D -m 644 $(MANUAL)/$$name.fish $(to)/share/fish/vendor_completions.d/$$name.fish || exit 1; done
	install -D -m 644 -t $(to)/share/radome/schema feeds/schema/*.json
	install -D -m 644 -t $(to)/share/doc/radome/examples $(EXAMPLES)
	for text in README.md feeds/README.md classifiers/README.md; do install -D -m 644 $$text $(to)/share/doc/radome/$$text || exit 1; done
	ln -sfn ../examples $(to)/share/doc/radome/feeds/examples
	install -D -m 644 -t $(DESTDIR)$(UNITDIR) feeds/examples/radome@.service
	sed -i 's|/usr/local/bin/|$(PREFIX)/bin/|' $(DESTDIR)$(UNITDIR)/radome@.service $(to)/share/doc/radome/examples/*.service
	install -D -m 644 -t $(DESTDIR)$(UNITDIR) feeds/examples/radome@.service
	sed -i 's|/usr/local/bin/|$(PREFIX)/bin/|' $(DESTDIR)$(UNITDIR)/radome@.service
	install -D -m 644 feeds/examples/radome.sysusers $(to)/lib/sysusers.d/radome.conf
	[ -e $(DESTDIR)$(SYSCONFDIR)/logrotate.d/radome ] || install -D -m 644 feeds/examples/radome.logrotate $(DESTDIR)$(SYSCONFDIR)/logrotate.d/radome
	[ -e $(DESTDIR)$(SYSCONFDIR)/radome/radome.conf ] || install -D -m 644 $(MANUAL)/radome.conf $(DESTDIR)$(SYSCONFDIR)/radome/radome.conf

# Debian packages of the tree as it is, in build/deb; the tree stays clean, since they are made of a copy.
deb: ## Debian packages into build/deb
	@tools/setup deb
	@rm -rf build/deb && mkdir -p build/deb/radome-$(VERSION)
	@tar -c --exclude=./build --exclude=./.git . | tar -xm -C build/deb/radome-$(VERSION)
	@cd build/deb/radome-$(VERSION) && env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS dpkg-buildpackage -us -uc -b -jauto >../build.log 2>&1 || { tail -n 40 ../build.log; exit 1; }
	@rm -rf build/deb/radome-$(VERSION) && ls build/deb/*.deb

# Tests and fuzzers: one program a file. A fuzzer built outside MODE=fuzz replays the files it is given.
$(BUILD)/tests/test_%: $(BUILD)/tests/test_%.o $(BUILD)/tests/check.o $(BUILD)/libhouse.a
	$(call say,LINK)
	$(Q)$(CC) $(ALLFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) -lbrotlienc
$(BUILD)/tests/fuzz_%: $(BUILD)/tests/fuzz_%.o $(if $(filter fuzz,$(MODE)),,$(BUILD)/tests/replay.o) $(BUILD)/tests/check.o $(BUILD)/libhouse.a
	$(call say,LINK)
	$(Q)$(CC) $(ALLFLAGS) $(LDFLAGS) $(if $(filter fuzz,$(MODE)),-fsanitize=fuzzer) -o $@ $^ $(LIBS)

# Deals a capture over several sensors.
$(BUILD)/tests/slice: $(BUILD)/tests/slice.o $(BUILD)/libhouse.a
	$(call say,LINK)
	$(Q)$(CC) $(ALLFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# Other people's parsers, to compare with: each oracle is linked with the library that it is named after.
$(BUILD)/tests/oracle/%: $(BUILD)/tests/oracle/%.o $(BUILD)/libhouse.a
	$(call say,LINK)
	$(Q)$(CC) $(ALLFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) -l$*

# What a newcomer calls. Both install what is missing first, and only then look for a compiler.
demo: ## install what is missing, build, replay a capture and show its hits
	@tools/setup build
	@$(MAKE) --no-print-directory all
	@tests/demo $(BUILD)

# DATA names a folder of your own: captures in or below it for the oracles, lists in names/ for the reports.
DATA ?=
check: ## the same, then every test, also under sanitizers and against a real Redis
	@tools/setup test
	@$(MAKE) --no-print-directory -j2 all tests oracles $(BUILD)/tests/payload_report benchers
	@$(MAKE) --no-print-directory -j2 MODE=asan all tests $(BUILD)/asan/tests/bench/generate
	@$(MAKE) --no-print-directory -j2 MODE=tsan build/tsan/radome build/tsan/tests/test_workers build/tsan/tests/bench/generate
	@[ ! -d "$(DATA)/names" ] || $(MAKE) --no-print-directory $(BUILD)/tests/names_report
	@tests/demo $(BUILD)
	@DATA="$(DATA)" tests/run

tests: $(TESTS) $(FUZZERS) $(BUILD)/tests/slice $(BUILD)/tests/bench/push ## build the test programs
	@:

oracles: $(ORACLES) ## build the programs that compare with libldns and libhtp
	@:

layers: ## the order of the house: includes, headers, foreign libraries
	@tests/layers

# Each fuzzer runs on for SECONDS; what it finds new is kept beside the corpus in build/.
SECONDS ?= 60
fuzz: ## run every fuzzer on from its corpus (clang)
	@$(MAKE) --no-print-directory MODE=fuzz tests
	@for f in $(notdir $(FUZZERS)); do name=$${f#fuzz_}; log=build/corpus/$$name.log; mkdir -p build/corpus/$$name tests/corpus/$$name; \
	  build/fuzz/tests/$$f -max_total_time=$(SECONDS) -rss_limit_mb=2048 build/corpus/$$name tests/corpus/$$name >$$log 2>&1 \
	  || { tail -n 40 $$log; exit 1; }; \
	  sed -nE "s/^#([0-9]+)\\s+DONE\\s+cov: ([0-9]+) ft: ([0-9]+) corp: ([0-9]+).*/$$name: \\1 executions, \\2 edges, \\3 features, \\4 inputs/p" $$log; \
	done

$(BUILD)/tests/test_score: | $(BUILD)/radome-score $(BUILD)/radome-train
$(BUILD)/tests/test_decode: | $(BUILD)/radome-decode

# What is measured and learnt from lists that are not part of the project: names/ and indicators/ below DATA.
$(BUILD)/tests/names_report: $(BUILD)/tests/names_report.o $(BUILD)/tests/names_clients.o $(BUILD)/tests/check.o $(BUILD)/libhouse.a
	$(call say,LINK)
	$(Q)$(CC) $(ALLFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
names-report: $(BUILD)/tests/names_report ## what the name model is worth: DATA=folder of lists
	$< $(DATA) feeds/lookalikes.txt
$(BUILD)/tests/payload_report: $(BUILD)/tests/payload_report.o $(BUILD)/tests/check.o $(BUILD)/libhouse.a
	$(call say,LINK)
	$(Q)$(CC) $(ALLFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
PROGRAMS_IN ?= /usr
payload-report: $(BUILD)/tests/payload_report ## what payloads are found, and in how many honest files: PROGRAMS_IN=folder of PE files, DATA=folder
	$< -r 1024 -p $(PROGRAMS_IN) $(or $(DATA),/)
model: ABOUT ?= a union of public popularity lists; the popular ones from WebsiteLaunches, November 2025
model: $(BUILD)/radome-train ## learn classifiers/model.h anew: DATA=folder of lists
	$< --honest $(DATA)/names/honest_dev.tsv.gz --popular $(DATA)/names/popular_100k.txt.gz \
	   --listed feeds/indicators.csv --lookalikes feeds/lookalikes.txt --about '$(ABOUT)' > $(BUILD)/model.h
	mv $(BUILD)/model.h classifiers/model.h

# Every row of tests/faults at every place: the sensor killed KILLS times a mode, a connection cut at each byte.
KILLS ?= 200
CUTS  ?= 100000
REDIS_SERVER ?= redis-server
faults: $(BUILD)/radome ## the table of faults, at length: KILLS points, REDIS_SERVER=valkey-server
	@KILLS=$(KILLS) CUTS=$(CUTS) REDIS_SERVER=$(REDIS_SERVER) tests/faults $(BUILD)

MONTHS ?= 20
months: $(BUILD)/tests/test_month ## many generated months: how often a clean client is named
	-@$< $(MONTHS) > $(BUILD)/months.txt; grep -c '0 clean named' $(BUILD)/months.txt | sed 's/$$/ of $(MONTHS) months without a clean client named/'
	@grep 'named and is clean' $(BUILD)/months.txt || true

# Speed. MEGABYTES of each capture that is made (500), RUNS of each program (5), CAPTURES to measure on instead;
# FLAT megabytes of an hour's traffic (4000).
BENCH := $(addprefix $(BUILD)/tests/bench/,bare curve generate stages push)
$(BENCH): $(BUILD)/tests/bench/%: $(BUILD)/tests/bench/%.o $(BUILD)/libhouse.a
	$(call say,LINK)
	$(Q)$(CC) $(ALLFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
$(BUILD)/tests/bench/generate: $(BUILD)/tests/bench/traffic.o
benchers: $(BENCH)
	@:
CAPTURES ?=
bench: $(BUILD)/radome $(BENCH) ## what a packet costs, beside a bare libpcap loop and other sensors
	@tests/bench/run $(BUILD) $(CAPTURES)
live-bench: $(BUILD)/radome $(BUILD)/tests/bench/generate ## what a live capture loses at the highest rate, beside tcpdump
	@tests/bench/live $(BUILD) $(MEGABYTES)

redis-bench: $(BUILD)/tests/bench/push ## documents a second into a local Redis, beside redis-benchmark
	@tests/bench/redis $(BUILD)

PACKETS ?= 1000000
valgrind: library ## so many PACKETS (a million) through the library under valgrind
	@tests/valgrind $(BUILD) $(PACKETS)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

clean: ## remove build/
	rm -rf build

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
