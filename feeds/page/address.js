/* What the page shows is in its address, and can be passed on: #incident=ID, #hit=ID, #at=section and the filter. */

const shown = {incident: '', hit: '', filter: null, more: new Map(), before: null};

/* A time as people write it, in UTC: a day, a minute or a second. null: none. */
function readTime(text) {
    const parts = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?)?Z?$/.exec(text.trim());
    const ms = parts === null ? NaN : Date.parse(parts[1] + 'T' + (parts[2] || '00:00') + (parts[3] || ':00') + 'Z');
    return Number.isFinite(ms) ? ms * 1000 : null;
}

/* The address: #incident=ID, #hit=ID, #at=section and the filter, in any combination. */
function readAddress() {
    const asked = new Map(
        location.hash
            .slice(1)
            .split('&')
            .map((part) => {
                const [key, ...value] = part.split('=');
                try {
                    return [key, decodeURIComponent(value.join('='))];
                } catch {
                    return [key, ''];
                }
            }),
    );
    const get = (key) => asked.get(key) || '';
    filter.q = get('q');
    filter.kinds = new Set(
        get('kind')
            .split(',')
            .filter((kind) => KINDS.some(([key]) => key === kind)),
    );
    filter.families = new Set(
        get('family') === ''
            ? []
            : get('family')
                  .split(',')
                  .map((family) => (family === 'none' ? '' : family)),
    );
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
    const all = {
        q: wanted.q,
        kind: [...wanted.kinds].join(','),
        family: [...wanted.families].map((family) => family || 'none').join(','),
        client: wanted.client,
        score: wanted.score || '',
        from: time(wanted.from),
        to: time(wanted.to),
        incident: wanted.incident,
        hit: wanted.hit,
        at: wanted.at,
    };
    return (
        '#' +
        Object.entries(all)
            .filter(([, value]) => value)
            .map(([key, value]) => key + '=' + encodeURIComponent(value).replace(/%2C/g, ',').replace(/%3A/g, ':'))
            .join('&')
    );
}

/* What the address would be with these changes; alone: with nothing else. */
function linkTo(changes, alone) {
    const none = {q: '', kinds: [], families: [], client: '', score: 0, from: null, to: null, incident: '', hit: '', at: ''};
    return addressOf(alone ? {...none, ...changes} : {...filter, incident: '', hit: '', at: '', ...changes});
}

function go(changes) {
    const hash = linkTo(changes);
    if (hash === location.hash || (hash === '#' && location.hash === '')) follow();
    else location.hash = hash;
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
    return el(
        'a',
        {href: linkTo({q, at: 'hits'}), 'aria-label': count(hits.length, 'hit', 'hits') + ' of ' + visible(what)},
        count(hits.length, 'hit', 'hits'),
    );
}
