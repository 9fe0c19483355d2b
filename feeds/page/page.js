/* The page put together: what the address asks for is shown, and every choice changes the address. */

const PRINTED_HITS = 500;
const PAPER = 680; /* pixels that A4 has between its margins */
const SHOWN_AT_FIRST = {incidents: 40, schedules: 6, clusters: 12, names: 24, programs: 12};
const at = (id) => document.getElementById(id);
const bodyOf = (id) => document.querySelector('#' + id + ' > .body');
const KEYS = [['/', 'search'], ['?', 'these keys'], ['1 – 8', 'go to a section'], ['j, k', 'next and previous incident; in the list of hits the next and previous hit'], ['Enter', 'unfold the incident, open the hit'],
    ['Home, End, Page up, Page down', 'in the list of hits'], ['t', 'light, dark, or as the system has it'], ['Esc', 'close what is open']];
const SECTIONS = [['overview', 'Overview'], ['incidents', 'Incidents'], ['schedules', 'Schedules'], ['clusters', 'Clusters'], ['names', 'Names'], ['programs', 'Programs'], ['hits', 'Hits'], ['about', 'About']];
const shown = {incident: '', hit: '', filter: null, more: new Map()};

/* A time as people write it, in UTC: a day, a minute or a second. null: none. */
function readTime(text) {
    const parts = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?)?Z?$/.exec(text.trim());
    const ms = parts === null ? NaN : Date.parse(parts[1] + 'T' + (parts[2] || '00:00') + (parts[3] || ':00') + 'Z');
    return Number.isFinite(ms) ? ms * 1000 : null;
}

/* The address: #incident=ID, #hit=ID, #at=section and the filter, in any combination. */
function readAddress() {
    const asked = new Map(location.hash.slice(1).split('&').map((part) => {
        const [key, ...value] = part.split('=');
        try {
            return [key, decodeURIComponent(value.join('='))];
        } catch {
            return [key, ''];
        }
    }));
    const get = (key) => asked.get(key) || '';
    filter.q = get('q');
    filter.kinds = new Set(get('kind').split(',').filter((kind) => KINDS.some(([key]) => key === kind)));
    filter.families = new Set(get('family') === '' ? [] : get('family').split(',').map((family) => (family === 'none' ? '' : family)));
    filter.client = get('client');
    filter.score = Math.max(0, Math.min(100, Number(get('score')) || 0));
    filter.from = readTime(get('from'));
    filter.to = readTime(get('to'));
    shown.incident = get('incident');
    shown.hit = get('hit');
    return get('at');
}

function addressOf(wanted) {
    const time = (us) => (us === null ? '' : new Date(us / 1000).toISOString().slice(0, 19));
    const all = {q: wanted.q, kind: [...wanted.kinds].join(','), family: [...wanted.families].map((family) => family || 'none').join(','), client: wanted.client, score: wanted.score || '', from: time(wanted.from),
        to: time(wanted.to), incident: wanted.incident, hit: wanted.hit, at: wanted.at};
    return '#' + Object.entries(all).filter(([, value]) => value).map(([key, value]) => key + '=' + encodeURIComponent(value).replace(/%2C/g, ',').replace(/%3A/g, ':')).join('&');
}

/* What the address would be with these changes; alone: with nothing else. */
function linkTo(changes, alone) {
    const none = {q: '', kinds: [], families: [], client: '', score: 0, from: null, to: null, incident: '', hit: '', at: ''};
    return addressOf(alone ? {...none, ...changes} : {...filter, incident: '', hit: '', at: '', ...changes});
}

function go(changes) {
    const hash = linkTo(changes);
    if (hash === location.hash || (hash === '#' && location.hash === ''))
        follow();
    else
        location.hash = hash;
}

/* Typing changes the address without a step in the history for each letter. */
function change() {
    history.replaceState(null, '', linkTo({}));
    refresh();
}

function clientLink(client) {
    return el('a', {href: linkTo({client, at: 'hits'})}, wire(client || 'a client'));
}

function hitsLink(hits, what, q) {
    return el('a', {href: linkTo({q, at: 'hits'}), 'aria-label': 'Show the hits of ' + visible(what)}, count(hits.length, 'hit', 'hits'));
}

/* A long list begins with some of its items. */
function showSome(id, items, draw, none) {
    const most = shown.more.get(id) || SHOWN_AT_FIRST[id];
    const body = bodyOf(id);
    refill(body, items.slice(0, most).map(draw));
    if (items.length === 0)
        body.append(el('p', {class: 'quiet'}, none));
    if (items.length > most)
        body.append(button('Show ' + Math.min(items.length - most, most) + ' more of ' + items.length.toLocaleString('en'), () => { shown.more.set(id, 2 * most); refresh(); }, {class: 'more'}));
}

function sectionCount(id, items, all) {
    const link = at('to-' + id).querySelector('.count');
    const text = items.length === all.length ? all.length.toLocaleString('en') : items.length.toLocaleString('en') + '/' + all.length.toLocaleString('en');
    link.textContent = text;
}

function refresh() {
    applyFilter();
    shown.filter = linkTo({});
    const found = {incidents: report.incidents.filter(storyMatches), clusters: report.clusters.filter(storyMatches)};
    for (const id of ['names', 'programs', 'series'])
        found[id] = filterIsOn() ? report[id].filter(anyHit) : report[id];
    const families = new Map(report.names.map((entry) => [entry.name, [...entry.families][0] || '']));
    showSome('incidents', found.incidents, incidentCard, filterIsOn() ? 'No incident is asked for.' : 'No incident: no client has enough evidence against it.');
    showSome('schedules', found.series, (series) => scheduleFigure(series, true), 'Nobody comes back on a schedule.');
    showSome('clusters', found.clusters, (cluster) => clusterCard(cluster, (name) => families.get(name) || ''), 'No suspicious names share an address.');
    showSome('names', found.names, nameCard, 'No names.');
    showSome('programs', found.programs, programCard, 'No programs or scripts.');
    showList();
    sectionCount('incidents', found.incidents, report.incidents);
    sectionCount('schedules', found.series, report.series);
    sectionCount('clusters', found.clusters, report.clusters);
    sectionCount('names', found.names, report.names);
    sectionCount('programs', found.programs, report.programs);
    sectionCount('hits', list.shown, report.hits);
    at('shown').textContent = filterIsOn() ? matches.count.toLocaleString('en') + ' of ' + count(report.hits.length, 'hit', 'hits') : count(report.hits.length, 'hit', 'hits');
    overview();
    showControls();
}

function clusterCard(cluster, familyOf) {
    const now = cluster.now;
    const places = texts(now.as_numbers).map((n) => 'AS' + n).concat(texts(now.countries).map(visible)).join(', ');
    return el('article', {class: 'card cluster'},
        el('h3', null, riskBadge(now.score), ' ', count(cluster.names.length, 'name', 'names') + ', ' + count(cluster.addresses.length, 'address', 'addresses'), ' ', cluster.families.map(familyChip)),
        el('p', {class: 'reason'}, wire(now.reason || '')), clusterGraph(cluster, familyOf, (q) => go({q, at: 'hits'})),
        terms([['clients', now.clients !== undefined ? String(now.clients) : ''], ['first, last', utc(cluster.first) + ' – ' + utc(cluster.last)], ['networks', places], ['cluster', el('code', {class: 'wire'}, visible(cluster.id))]]),
        el('p', {class: 'acts'}, copyButtons(() => cluster.hits, 'this cluster')));
}

function overview() {
    const body = bodyOf('overview');
    const shownHits = report.hits.filter((hit) => matches.hit[hit.at] === 1);
    const infected = report.incidents.filter((incident) => !incident.now.aggregator).length;
    const tile = (value, text) => el('div', {class: 'tile'}, el('strong', null, value), ' ', text);
    const first = filter.from !== null ? Math.max(filter.from, report.first) : report.first;
    const last = filter.to !== null ? Math.min(filter.to, report.last) : report.last;
    refill(body,
        el('div', {class: 'tiles'}, tile(String(infected), infected === 1 ? 'client with an incident' : 'clients with an incident'),
            tile(report.first === undefined ? 'none' : duration((report.last - report.first) / SECOND), report.first === undefined ? '' : utc(report.first, 16) + ' – ' + utc(report.last, 16) + ' UTC'),
            tile(String(report.programs.length), report.programs.length === 1 ? 'program or script' : 'programs or scripts'), tile(String(report.sensors.length), report.sensors.length === 1 ? ['sensor: ', wire(report.sensors[0])] : 'sensors')),
        report.hits.length > 0 && last >= first ? [histogram(first, last, () => shownHits, (from, to) => go({from: Math.floor(from / SECOND) * SECOND, to: Math.ceil(to / SECOND) * SECOND})),
            el('p', {class: 'legend'}, LANES.map((lane, i) => [svg('svg', {class: 'icon', width: 14, height: 14, viewBox: '-8 -8 16 16', 'aria-hidden': 'true'}, svg('rect', {class: 'lane-' + i, x: -6, y: -6, width: 12, height: 12})), lane + ' ']),
                el('span', {class: 'gap'}), [...FAMILIES, ''].map(familyChip), el('span', {class: 'quiet screen'}, ' Drag over the bars to ask for that time.'))] : '');
}

function notices() {
    const facts = report.facts;
    const left = facts.left_out || {};
    const out = (left.hits || 0) + (left.clusters || 0) + (left.incidents || 0);
    const say = (text) => el('p', {class: 'notice'}, text);
    refill(at('notices'),
        facts.unreadable > 0 ? say([count(facts.unreadable, 'line', 'lines') + ' of ' + facts.lines.toLocaleString('en') + ' could not be read. The first: ', wire(facts.first_unreadable || '')]) : null,
        out > 0 ? say(count(out, 'document was', 'documents were') + ' left out for want of room, the least certain hits first (radome-report --memory): ' + (left.hits || 0) + ' hits, ' + (left.clusters || 0) + ' clusters, ' + (left.incidents || 0) + ' incidents.') : null,
        facts.lost > 0 ? say(count(facts.lost, 'hit', 'hits') + ' never got here: a sensor’s journal was full.') : null);
}

function about() {
    const facts = report.facts;
    const sources = texts(facts.sources);
    refill(bodyOf('about'), terms([['made by', 'radome-report ' + facts.version], ['read', sources.length > 0 ? wire(sources.map((one) => (one === '-' ? 'standard input' : one)).join(', ')) : 'Redis'],
        ['lines', facts.lines.toLocaleString('en')], ['repeats', facts.repeats > 0 ? facts.repeats.toLocaleString('en') + ' documents that came more than once' : ''],
        ['records', facts.records > 0 ? facts.records.toLocaleString('en') + ' protocol records and statistics, which are not shown' : ''], ['unreadable', facts.unreadable > 0 ? facts.unreadable.toLocaleString('en') : '']]),
    el('p', null, 'Evidence is counted in bits: one bit makes an infected client twice as likely. ' + PRIOR_BITS + ' bits stand against it from the start: one client in a thousand is infected. The risk is the probability that is left. All times are UTC. What could not be seen or would reorder text is shown as its code point, such as ⟨U+202E⟩.'),
    el('p', null, 'An address of a server is never offered as an indicator: these families live on shared ones.'));
}

function showControls() {
    const set = (id, value) => { if (document.activeElement !== at(id)) at(id).value = value; };
    const time = (us) => (us === null ? '' : utc(us));
    set('q', filter.q);
    set('client', report.clients.has(filter.client) ? filter.client : '');
    set('score', filter.score > 0 ? String(filter.score) : '');
    set('from', time(filter.from));
    set('to', time(filter.to));
    for (const box of document.querySelectorAll('#kinds input'))
        box.checked = filter.kinds.has(box.value);
    for (const box of document.querySelectorAll('#families input'))
        box.checked = filter.families.has(box.value);
    at('reset').disabled = !filterIsOn();
}

function toggles(id, options, set) {
    at(id).append(...options.map(([value, text]) => {
        const box = el('input', {type: 'checkbox', value, change: () => {
            if (box.checked)
                set().add(value);
            else
                set().delete(value);
            change();
        }});
        return el('label', {class: 'toggle'}, box, ' ', text);
    }));
}

function buildControls() {
    const later = (wait, act) => { let timer; return () => { clearTimeout(timer); timer = setTimeout(act, wait); }; };
    at('sections').append(...SECTIONS.map(([id, text]) => el('li', null, el('a', {href: '#at=' + id, id: 'to-' + id, click: (event) => { event.preventDefault(); go({at: id}); }}, text, ' ', el('span', {class: 'count'})))));
    at('skip').addEventListener('click', (event) => { event.preventDefault(); go({at: 'incidents'}); });
    toggles('kinds', KINDS.map(([key, word]) => [key, word]), () => filter.kinds);
    toggles('families', [...report.families.slice(0, 40).map((family) => [family, familyChip(family)]), ['', familyChip('')]], () => filter.families);
    at('client').append(el('option', {value: ''}, 'all'), ...[...report.clients.keys()].filter((client) => client !== '').sort(byText).slice(0, 5000).map((client) => el('option', {value: client}, visible(client))));
    at('q').addEventListener('input', later(report.hits.length > 20000 ? 120 : 30, () => { filter.q = at('q').value; change(); }));
    at('client').addEventListener('change', () => { filter.client = at('client').value; change(); });
    at('score').addEventListener('input', later(120, () => { filter.score = Math.max(0, Math.min(100, Number(at('score').value) || 0)); change(); }));
    for (const id of ['from', 'to'])
        at(id).addEventListener('change', () => {
            const us = readTime(at(id).value);
            const wrong = us === null && at(id).value.trim() !== '';
            at(id).setAttribute('aria-invalid', String(wrong));
            if (wrong) {
                toast('A time is written 2020-07-13, 2020-07-13 09:00 or 2020-07-13 09:00:05');
                return;
            }
            filter[id] = us;
            change();
        });
    at('reset').addEventListener('click', () => { Object.assign(filter, {q: '', kinds: new Set(), families: new Set(), client: '', score: 0, from: null, to: null}); change(); at('q').focus(); });
    at('copy-csv').addEventListener('click', () => copyIndicators(list.shown, 'csv'));
    at('copy-stix').addEventListener('click', () => copyIndicators(list.shown, 'stix'));
    at('more').open = filterIsOn() && filter.q.trim() === '';
    at('keys').addEventListener('click', help);
}

function help() {
    const box = at('help');
    refill(box, el('h2', {id: 'help-title'}, 'Keys'), terms(KEYS.map(([key, text]) => [key, text])), button('Close', () => box.close()));
    box.showModal();
}

/* As the system has it, or as was chosen; remembered where the browser lets us. */
function theme(step) {
    const words = ['auto', 'dark', 'light'];
    let now = document.documentElement.dataset.theme || 'auto';
    try {
        now = step ? now : localStorage.getItem('radome-theme') || 'auto';
    } catch { /* a page from a file may have no storage */ }
    now = words[(Math.max(0, words.indexOf(now)) + (step ? 1 : 0)) % words.length];
    document.documentElement.dataset.theme = now;
    at('theme').textContent = 'Theme: ' + now;
    try {
        localStorage.setItem('radome-theme', now);
    } catch { /* as above */ }
}

function stepIncident(step) {
    const cards = [...document.querySelectorAll('.card.incident > summary')];
    const now = cards.indexOf(document.activeElement);
    const next = cards[Math.max(0, Math.min(cards.length - 1, now < 0 ? (step > 0 ? 0 : cards.length - 1) : now + step))];
    if (next)
        next.focus();
}

function pageKey(event) {
    const typing = event.target.closest('input, select, textarea, dialog') !== null;
    if (event.ctrlKey || event.metaKey || event.altKey)
        return;
    if (event.key === 'Escape' && event.target.closest('dialog') === null) {
        if (shown.hit !== '')
            go({hit: ''});
        else if (typing)
            event.target.blur();
        return;
    }
    if (typing)
        return;
    const section = SECTIONS[Number(event.key) - 1];
    if (event.key === '/')
        at('q').focus(), at('q').select();
    else if (event.key === '?')
        help();
    else if (event.key === 't')
        theme(1);
    else if (event.key === 'j' || event.key === 'k')
        stepIncident(event.key === 'j' ? 1 : -1);
    else if (section)
        go({at: section[0]});
    else
        return;
    event.preventDefault();
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
    if (shown.hit !== '' && !known)
        toast('This report has no hit ' + visible(shown.hit).slice(0, 40));
    if (known) {
        const place = list.shown.indexOf(hit);
        if (place >= 0)
            scrollToHit(place);
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
    if (incident === undefined)
        return;
    unfolded.add(incident.id);
    if (!storyMatches(incident))
        Object.assign(filter, {q: '', kinds: new Set(), families: new Set(), client: '', score: 0, from: null, to: null});
    shown.more.set('incidents', Math.max(shown.more.get('incidents') || SHOWN_AT_FIRST.incidents, report.incidents.indexOf(incident) + 1));
    refresh();
    const card = at('incident-' + report.incidents.indexOf(incident));
    if (card)
        focusOn(card.querySelector('summary'), 'start');
}

/* Goes where the address says. What is asked for is drawn again only where that has changed. */
function follow() {
    const place = readAddress();
    if (linkTo({}) !== shown.filter)
        refresh();
    showPanel();
    showIncident();
    if (SECTIONS.some(([id]) => id === place))
        focusOn(at(place), 'start');
    if (place === 'hits')
        list.grid.focus({preventScroll: true});
}

/* On paper everything is unfolded and as wide as the paper. */
function printing() {
    for (const incident of report.incidents)
        unfolded.add(incident.id);
    refresh();
    for (const box of document.querySelectorAll('.drawing'))
        box.redraw(PAPER);
    printList(PRINTED_HITS);
}

function start() {
    build(JSON.parse(at('data').textContent));
    at('data').remove();
    if (report.incidents.length > 0)
        unfolded.add(report.incidents[0].id);
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
    window.addEventListener('afterprint', () => document.querySelectorAll('.drawing').forEach((box) => box.redraw(box.clientWidth)));
    follow();
    document.documentElement.dataset.ready = 'yes';
}

start();
