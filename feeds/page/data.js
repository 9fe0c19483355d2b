/* The documents as the page asks for them, read and put together once. What is looked up by text from the wire is a Map: a key
 * such as __proto__ is a key like any other. */

const KINDS = [
    ['domain', 'name'],
    ['beacon', 'beacon'],
    ['payload', 'program'],
    ['ioc', 'indicator'],
];
const KIND_WORD = new Map([...KINDS, ['incident', 'incident'], ['cluster', 'cluster']]);
const LANES = ['lookups', 'beacons', 'payloads'];
const STAGES = ['lookup', 'beacon', 'payload'];
const STAGE_WORD = new Map([
    ['lookup', 'looks up names of the family'],
    ['beacon', 'sends the family’s requests'],
    ['payload', 'has received a program or script'],
]);
const FAMILIES = ['DealPly', 'IsErIk', 'ManageX'];
const PRIOR_BITS = 10;
const VISIT_US = 300e6; /* what comes within five minutes is one visit */

const report = {
    facts: {},
    hits: [],
    incidents: [],
    clusters: [],
    names: [],
    programs: [],
    series: [],
    clients: new Map(),
    byId: new Map(),
    first: 0,
    last: 0,
    families: [],
    sensors: [],
};

function texts(list) {
    return Array.isArray(list) ? list : [];
}

/* Which of the family styles: a shape and a colour of its own; what is not known has one too. */
function familyStyle(family) {
    const at = FAMILIES.indexOf(family);
    return at < 0 ? 'other' : FAMILIES[at].toLowerCase();
}

function laneOf(hit) {
    if (hit.kind === 'beacon') return 1;
    return hit.kind === 'payload' || ['file', 'file-name', 'x-extension-id'].includes(hit.indicator_type) ? 2 : 0;
}

function urlOf(hit) {
    if (hit.url === undefined || !hit.url.startsWith('/')) return hit.url;
    const port = hit.port !== undefined && hit.port !== 80 ? ':' + hit.port : '';
    return 'http://' + (hit.name || hit.server || '') + port + hit.url;
}

function isAddress(name) {
    return /^[0-9.]+$|:/.test(name);
}

function into(map, key, make) {
    let value = map.get(key);
    if (value === undefined) map.set(key, (value = make()));
    return value;
}

function span(item, from, to) {
    item.first = item.first === undefined || from < item.first ? from : item.first;
    item.last = item.last === undefined || to > item.last ? to : item.last;
}

function addHit(hit) {
    hit.at = report.hits.length;
    hit.families = texts(hit.families);
    hit.family = hit.families[0] || '';
    hit.lane = laneOf(hit);
    hit.url = urlOf(hit);
    hit.from = hit.again_first !== undefined ? Math.min(hit.again_first, hit.us) : hit.us;
    hit.to = hit.again_last !== undefined ? Math.max(hit.again_last, hit.us) : hit.us;
    report.hits.push(hit);
    report.byId.set(hit.id, hit);
    into(report.clients, hit.client || '', () => ({client: hit.client || '', hits: [], incident: null})).hits.push(hit);
}

/* Documents of one incident or cluster: the last one has it as it stands. */
function addStory(map, key, row) {
    const story = into(map, key, () => ({id: key, documents: [], now: row}));
    story.documents.push(row);
    report.byId.set(row.id, story);
    const later = row.us - story.now.us || STAGES.indexOf(row.stage) - STAGES.indexOf(story.now.stage);
    if (later >= 0) story.now = row;
}

/* "2020-09-01 08:30:25 ioc, 14.0 bits: what (4 times)", as incident.evidence has it. */
function readEvidence(text, id) {
    const parts = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) ([a-z]+), (-?[\d.]+) bits: ([^]*?)(?: \((\d+) times\))?$/.exec(text);
    if (parts === null) return {text, id};
    return {
        us: Date.parse(parts[1] + 'T' + parts[2] + 'Z') * 1000,
        kind: parts[3],
        bits: Number(parts[4]),
        what: parts[5],
        times: Number(parts[6] || 1),
        id,
    };
}

function buildIncidents(stories) {
    for (const incident of stories.values()) {
        const now = incident.now;
        incident.client = now.client || '';
        incident.families = texts(now.families);
        incident.names = texts(now.names);
        incident.evidence = texts(now.evidence).map((text, i) => readEvidence(text, texts(now.evidence_ids)[i]));
        const client = into(report.clients, incident.client, () => ({client: incident.client, hits: [], incident: null}));
        client.incident = client.incident || incident;
        incident.hits = client.hits;
        incident.first = now.first !== undefined ? now.first : now.us;
        incident.last = now.last !== undefined ? now.last : now.us;
        for (const hit of incident.hits) span(incident, hit.from, hit.to);
        incident.hay = [
            now.reason,
            incident.client,
            ...incident.families,
            ...incident.names,
            ...texts(now.evidence),
            ...texts(now.techniques),
            incident.id,
            now.sensor,
        ]
            .join('\n')
            .toLowerCase();
        report.incidents.push(incident);
    }
    report.incidents.sort((a, b) => b.now.score - a.now.score || b.now.bits - a.now.bits || byText(a.id, b.id));
}

function buildClusters(stories, named) {
    const absorbed = new Set();
    for (const cluster of stories.values())
        for (const row of cluster.documents) for (const id of texts(row.merged)) if (id !== cluster.id) absorbed.add(id);
    for (const cluster of stories.values()) {
        const now = cluster.now;
        if (absorbed.has(cluster.id)) continue;
        cluster.names = texts(now.names);
        cluster.addresses = texts(now.addresses);
        cluster.families = texts(now.families);
        cluster.first = now.first !== undefined ? now.first : now.us;
        cluster.last = now.last !== undefined ? now.last : now.us;
        cluster.hits = cluster.names.flatMap((name) => (named.has(name) ? named.get(name).hits : []));
        cluster.hay = [now.reason, ...cluster.names, ...cluster.addresses, ...cluster.families, cluster.id]
            .join('\n')
            .toLowerCase();
        report.clusters.push(cluster);
    }
    report.clusters.sort((a, b) => b.now.score - a.now.score || b.names.length - a.names.length || byText(a.id, b.id));
}

function buildNames() {
    const names = new Map();
    for (const hit of report.hits) {
        if (!hit.name || isAddress(hit.name)) continue;
        const entry = into(names, hit.name, () => ({name: hit.name, hits: [], families: new Set(), clients: new Set(), bits: 0}));
        entry.hits.push(hit);
        entry.clients.add(hit.client);
        hit.families.forEach((family) => entry.families.add(family));
        span(entry, hit.from, hit.to);
        if (hit.kind === 'domain') entry.domain = hit;
        if (hit.kind === 'ioc' && hit.indicator_type === 'domain-name') entry.listed = hit;
        if (hit.kind === 'domain' || hit === entry.listed) entry.bits = Math.max(entry.bits, hit.bits || 0);
    }
    report.names = [...names.values()].sort((a, b) => b.bits - a.bits || b.hits.length - a.hits.length || byText(a.name, b.name));
    return names;
}

function buildPrograms() {
    const programs = new Map();
    for (const hit of report.hits) {
        if (hit.kind !== 'payload') continue;
        const key = hit.sha256 || [hit.program, hit.cipher, hit.size, hit.url].join('\n');
        const entry = into(programs, key, () => ({key, now: hit, hits: [], ways: new Map()}));
        entry.hits.push(hit);
        span(entry, hit.from, hit.to);
        into(entry.ways, [hit.cipher, hit.key, hit.key_step, hit.offset, texts(hit.layers).join()].join('\n'), () => hit);
    }
    report.programs = [...programs.values()].sort((a, b) => b.now.bits - a.now.bits || a.first - b.first || byText(a.key, b.key));
}

/* Who comes back where: visits known to the second, and for those a summary only counts the time between its first and last. */
function buildSeries() {
    const series = new Map();
    for (const hit of report.hits) {
        const server = hit.name || hit.server;
        if (!server) continue;
        const entry = into(series, (hit.client || '') + '\n' + server, () => ({
            client: hit.client || '',
            server,
            hits: [],
            period: null,
        }));
        entry.hits.push(hit);
        span(entry, hit.from, hit.to);
        if (hit.period_s > 0 && (entry.period === null || hit.us >= entry.period.us)) entry.period = hit;
    }
    for (const entry of series.values()) {
        const seen = [];
        entry.between = [];
        for (const hit of entry.hits) {
            if (hit.again === undefined) seen.push(hit.us);
            else seen.push(hit.from, hit.to);
            if (hit.again > 2) entry.between.push({from: hit.from, to: hit.to, count: hit.again - 2});
        }
        entry.visits = seen.sort((a, b) => a - b).filter((us, i) => i === 0 || us - seen[i - 1] > VISIT_US);
        if (entry.period !== null && entry.visits.length >= entry.period.beats)
            /* a visit has several hits, and none is missing */
            entry.between = [];
    }
    report.series = [...series.values()]
        .filter((entry) => entry.period !== null || entry.visits.length >= 6)
        .sort(
            (a, b) =>
                (b.period !== null) - (a.period !== null) ||
                b.visits.length - a.visits.length ||
                byText(a.client + a.server, b.client + b.server),
        );
}

function build(data) {
    const incidents = new Map();
    const clusters = new Map();
    const families = new Set();
    const sensors = new Set();
    report.facts = data.facts;
    for (const row of data.rows) {
        texts(row.families).forEach((family) => families.add(family));
        if (row.sensor) sensors.add(row.sensor);
        if (row.kind === 'incident') addStory(incidents, row.incident || row.id, row);
        else if (row.kind === 'cluster') addStory(clusters, row.cluster || row.id, row);
        else addHit(row);
    }
    buildIncidents(incidents);
    buildClusters(clusters, buildNames());
    buildPrograms();
    buildSeries();
    report.families = [...families].sort(byText);
    report.sensors = [...sensors].sort(byText);
    const all = {};
    [...report.hits.map((hit) => ({first: hit.from, last: hit.to})), ...report.incidents, ...report.clusters].forEach((item) =>
        span(all, item.first, item.last),
    );
    report.first = all.first;
    report.last = all.last;
}

/* What is asked for. Words are all to be found; an empty set asks for nothing. */
const filter = {q: '', kinds: new Set(), families: new Set(), client: '', score: 0, from: null, to: null};

function filterIsOn() {
    return (
        filter.q.trim() !== '' ||
        filter.kinds.size > 0 ||
        filter.families.size > 0 ||
        filter.client !== '' ||
        filter.score > 0 ||
        filter.from !== null ||
        filter.to !== null
    );
}

function hayOf(hit) {
    if (hit.hay === undefined)
        hit.hay = [
            hit.reason,
            hit.client,
            hit.server,
            hit.name,
            hit.url,
            hit.user_agent,
            hit.kind,
            KIND_WORD.get(hit.kind),
            ...hit.families,
            hit.indicator,
            hit.provider,
            hit.shape,
            hit.program,
            hit.cipher,
            hit.key,
            hit.sha1,
            hit.sha256,
            hit.sensor,
            hit.country,
            hit.as_name,
            hit.community_id,
            hit.id,
            ...texts(hit.techniques),
            ...texts(hit.addresses),
            ...texts(hit.parameters),
            hit.decoded,
            hit.preview,
        ]
            .join('\n')
            .toLowerCase();
    return hit.hay;
}

const matches = {hit: new Uint8Array(0), count: 0};

/* Marks the hits that are asked for; all else is asked for through its hits. */
function applyFilter() {
    const words = filter.q
        .toLowerCase()
        .split(/\s+/)
        .filter((word) => word !== '');
    const from = filter.from === null ? -Infinity : filter.from;
    const to = filter.to === null ? Infinity : filter.to;
    filter.words = words;
    matches.count = 0;
    if (matches.hit.length !== report.hits.length) matches.hit = new Uint8Array(report.hits.length);
    for (const hit of report.hits) {
        let fits =
            hit.to >= from &&
            hit.from <= to &&
            (hit.score || 0) >= filter.score &&
            (filter.client === '' || hit.client === filter.client) &&
            (filter.kinds.size === 0 || filter.kinds.has(hit.kind)) &&
            (filter.families.size === 0 ||
                hit.families.some((family) => filter.families.has(family)) ||
                (hit.family === '' && filter.families.has('')));
        for (let i = 0; fits && i < words.length; i++) fits = hayOf(hit).includes(words[i]);
        matches.hit[hit.at] = fits ? 1 : 0;
        matches.count += fits ? 1 : 0;
    }
}

function anyHit(item) {
    return item.hits.some((hit) => matches.hit[hit.at] === 1);
}

/* An incident or cluster is asked for by its own words or by a hit of it. */
function storyMatches(item) {
    if (!filterIsOn() || anyHit(item)) return true;
    return (
        filter.kinds.size === 0 &&
        item.last >= (filter.from === null ? -Infinity : filter.from) &&
        item.first <= (filter.to === null ? Infinity : filter.to) &&
        (filter.client === '' || item.client === filter.client) &&
        (item.now.score || 0) >= filter.score &&
        (filter.families.size === 0 || item.families.some((family) => filter.families.has(family))) &&
        filter.words.every((word) => item.hay.includes(word))
    );
}
