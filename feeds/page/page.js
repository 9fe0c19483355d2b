/* The page put together: what the address asks for is shown, and every choice changes the address. */

const PRINTED_HITS = 500;
const PRINTED_CARDS = 100; /* of names, programs …; all of the incidents */
const PAPER = 620; /* pixels that A4 has for a drawing within a box within a card */
const SHOWN_AT_FIRST = {incidents: 40, schedules: 6, clusters: 12, names: 24, programs: 12};

/* A long list begins with some of its items. */
function showSome(id, items, draw, none) {
    const most = shown.more.get(id) || SHOWN_AT_FIRST[id];
    const body = bodyOf(id);
    refill(body, items.slice(0, most).map(draw));
    if (items.length === 0) body.append(el('p', {class: 'quiet'}, none));
    if (items.length > most)
        body.append(
            button(
                'Show ' + Math.min(items.length - most, most) + ' more of ' + items.length.toLocaleString('en'),
                () => {
                    shown.more.set(id, 2 * most);
                    refresh();
                    body.children[most].tabIndex = -1;
                    body.children[most].focus({preventScroll: true});
                },
                {class: 'more'},
            ),
            el('p', {class: 'printed'}, 'and ' + (items.length - most).toLocaleString('en') + ' more, not printed'),
        );
}

function sectionCount(id, items, all) {
    const link = at('to-' + id).querySelector('.count');
    const text =
        items.length === all.length
            ? all.length.toLocaleString('en')
            : items.length.toLocaleString('en') + '/' + all.length.toLocaleString('en');
    link.textContent = text;
}

function refresh() {
    applyFilter();
    shown.filter = linkTo({});
    const found = {incidents: report.incidents.filter(storyMatches), clusters: report.clusters.filter(storyMatches)};
    for (const id of ['names', 'programs', 'series']) found[id] = filterIsOn() ? report[id].filter(anyHit) : report[id];
    const families = new Map(report.names.map((entry) => [entry.name, [...entry.families][0] || '']));
    showSome(
        'incidents',
        found.incidents,
        incidentCard,
        filterIsOn() ? 'No incident is asked for.' : 'No incident: no client has enough evidence against it.',
    );
    showSome('schedules', found.series, (series) => scheduleFigure(series, true), 'Nobody comes back on a schedule.');
    showSome(
        'clusters',
        found.clusters,
        (cluster) => clusterCard(cluster, (name) => families.get(name) || ''),
        'No suspicious names share an address.',
    );
    showSome('names', found.names, nameCard, 'No names.');
    showSome('programs', found.programs, programCard, 'No programs or scripts.');
    showList();
    sectionCount('incidents', found.incidents, report.incidents);
    sectionCount('schedules', found.series, report.series);
    sectionCount('clusters', found.clusters, report.clusters);
    sectionCount('names', found.names, report.names);
    sectionCount('programs', found.programs, report.programs);
    sectionCount('hits', list.shown, report.hits);
    at('shown').textContent = filterIsOn()
        ? matches.count.toLocaleString('en') + ' of ' + count(report.hits.length, 'hit', 'hits')
        : count(report.hits.length, 'hit', 'hits');
    overview();
    showControls();
}

function overview() {
    const body = bodyOf('overview');
    const shownHits = report.hits.filter((hit) => matches.hit[hit.at] === 1);
    const infected = report.incidents.filter((incident) => !incident.now.aggregator).length;
    const tile = (value, text) => el('div', {class: 'tile'}, el('strong', null, value), ' ', text);
    const first = filter.from !== null ? Math.max(filter.from, report.first) : report.first;
    const last = filter.to !== null ? Math.min(filter.to, report.last) : report.last;
    refill(
        body,
        el(
            'div',
            {class: 'tiles'},
            tile(String(infected), infected === 1 ? 'client with an incident' : 'clients with an incident'),
            tile(
                report.first === undefined ? 'none' : duration((report.last - report.first) / SECOND),
                report.first === undefined ? '' : utc(report.first, 16) + ' – ' + utc(report.last, 16) + ' UTC',
            ),
            tile(String(report.programs.length), report.programs.length === 1 ? 'program or script' : 'programs or scripts'),
            tile(String(report.sensors.length), report.sensors.length === 1 ? ['sensor: ', wire(report.sensors[0])] : 'sensors'),
        ),
        report.hits.length > 0 && last >= first
            ? [
                  histogram(
                      first,
                      last,
                      () => shownHits,
                      (from, to) => go({from: Math.floor(from / SECOND) * SECOND, to: Math.ceil(to / SECOND) * SECOND}),
                  ),
                  el(
                      'p',
                      {class: 'legend'},
                      LANES.map((lane, i) => [
                          svg(
                              'svg',
                              {class: 'icon', width: 14, height: 14, viewBox: '-8 -8 16 16', 'aria-hidden': 'true'},
                              svg('rect', {class: 'lane-' + i, x: -6, y: -6, width: 12, height: 12}),
                          ),
                          lane + ' ',
                      ]),
                      el('span', {class: 'gap'}),
                      [...FAMILIES, ''].map(familyChip),
                      el('span', {class: 'quiet screen'}, ' Drag over the bars to ask for that time.'),
                  ),
              ]
            : '',
    );
}

function notices() {
    const facts = report.facts;
    const left = facts.left_out || {};
    const out = (left.hits || 0) + (left.clusters || 0) + (left.incidents || 0);
    const say = (text) => el('p', {class: 'notice'}, text);
    refill(
        at('notices'),
        facts.unreadable > 0
            ? say([
                  count(facts.unreadable, 'line', 'lines') +
                      ' of ' +
                      facts.lines.toLocaleString('en') +
                      ' could not be read. The first: ',
                  wire(facts.first_unreadable || ''),
              ])
            : null,
        out > 0
            ? say(
                  count(out, 'document was', 'documents were') +
                      ' left out for want of room, the least certain hits first (radome-report --memory): ' +
                      (left.hits || 0) +
                      ' hits, ' +
                      (left.clusters || 0) +
                      ' clusters, ' +
                      (left.incidents || 0) +
                      ' incidents.',
              )
            : null,
        facts.lost > 0 ? say(count(facts.lost, 'hit', 'hits') + ' never got here: a sensor’s journal was full.') : null,
    );
}

function about() {
    const facts = report.facts;
    const sources = texts(facts.sources);
    refill(
        bodyOf('about'),
        terms([
            ['made by', 'radome-report ' + facts.version],
            [
                'read',
                sources.length > 0 ? wire(sources.map((one) => (one === '-' ? 'standard input' : one)).join(', ')) : 'Redis',
            ],
            ['sensors', wire(report.sensors.join(', '))],
            ['lines', facts.lines.toLocaleString('en')],
            ['repeats', facts.repeats > 0 ? facts.repeats.toLocaleString('en') + ' documents that came more than once' : ''],
            [
                'records',
                facts.records > 0
                    ? facts.records.toLocaleString('en') + ' protocol records and statistics, which are not shown'
                    : '',
            ],
            ['unreadable', facts.unreadable > 0 ? facts.unreadable.toLocaleString('en') : ''],
        ]),
        el(
            'p',
            null,
            'Evidence is counted in bits: one bit makes an infected client twice as likely. ' +
                PRIOR_BITS +
                ' bits stand against it from the start: one client in a thousand is infected. The risk is the probability that is left. ' +
                'All times are UTC. What could not be seen or would reorder text is shown as its code point, such as ⟨U+202E⟩.',
        ),
        el('p', null, 'An address of a server is never offered as an indicator: these families live on shared ones.'),
    );
}

function focusOn(node, block) {
    node.scrollIntoView({block});
    node.focus({preventScroll: true});
}

function showPanel() {
    const hit = report.byId.get(shown.hit);
    const panel = at('panel');
    const known = hit !== undefined && hit.lane !== undefined;
    const was = !panel.hidden;
    panel.hidden = !known;
    document.body.classList.toggle('with-panel', known);
    refill(panel, known ? hitPanel(hit) : []);
    if (shown.hit !== '' && !known) toast('This report has no hit ' + visible(shown.hit).slice(0, 40));
    if (known) {
        const place = list.shown.indexOf(hit);
        if (place >= 0) scrollToHit(place);
        panel.scrollTop = 0;
        panel.querySelector('h2').focus({preventScroll: true});
    } else if (was) {
        list.grid.focus({preventScroll: true});
    }
}

function showIncident() {
    const incident = report.incidents.find((one) => one.id === shown.incident);
    if (shown.incident !== '' && incident === undefined)
        toast('This report has no incident ' + visible(shown.incident).slice(0, 40));
    if (incident === undefined) return;
    unfolded.add(incident.id);
    if (!storyMatches(incident))
        Object.assign(filter, {q: '', kinds: new Set(), families: new Set(), client: '', score: 0, from: null, to: null});
    shown.more.set(
        'incidents',
        Math.max(shown.more.get('incidents') || SHOWN_AT_FIRST.incidents, report.incidents.indexOf(incident) + 1),
    );
    refresh();
    const card = at('incident-' + report.incidents.indexOf(incident));
    if (card) focusOn(card.querySelector('summary'), 'start');
}

/* Goes where the address says. What is asked for is drawn again only where that has changed. */
function follow() {
    const place = readAddress();
    if (linkTo({}) !== shown.filter) refresh();
    showPanel();
    showIncident();
    if (SECTIONS.some(([id]) => id === place)) focusOn(at(place), 'start');
    if (place === 'hits') list.grid.focus({preventScroll: true});
}

/* On paper everything is unfolded and as wide as the paper; afterwards all is as it was. */
function printing() {
    shown.before = shown.before || {unfolded: [...unfolded], more: shown.more};
    report.incidents.forEach((incident) => unfolded.add(incident.id));
    shown.more = new Map(Object.keys(SHOWN_AT_FIRST).map((id) => [id, id === 'incidents' ? Infinity : PRINTED_CARDS]));
    refresh();
    document.querySelectorAll('.drawing').forEach((box) => box.redraw(PAPER));
    printList(PRINTED_HITS);
}

function printed() {
    unfolded.clear();
    shown.before.unfolded.forEach((id) => unfolded.add(id));
    shown.more = shown.before.more;
    shown.before = null;
    at('printed').replaceChildren();
    refresh();
}

function start() {
    build(JSON.parse(at('data').textContent));
    at('data').remove();
    if (report.incidents.length > 0) unfolded.add(report.incidents[0].id);
    readAddress();
    buildControls();
    buildList(bodyOf('hits'));
    notices();
    about();
    theme(0);
    at('theme').addEventListener('click', () => theme(1));
    document.addEventListener('keydown', pageKey);
    window.addEventListener('hashchange', follow);
    window.addEventListener('beforeprint', printing);
    window.addEventListener('afterprint', printed);
    follow();
    document.documentElement.dataset.ready = 'yes';
}

start();
