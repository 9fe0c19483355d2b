/* The list of hits: of a hundred thousand only those in sight are in the page. And one hit with all that is known of it. */

const COLUMNS = [
    {key: 'us', text: 'Time (UTC)', value: (hit) => hit.us},
    {key: 'score', text: 'Risk', value: (hit) => hit.score || 0},
    {key: 'kind', text: 'Kind', value: (hit) => KIND_WORD.get(hit.kind)},
    {key: 'family', text: 'Family', value: (hit) => hit.family},
    {key: 'client', text: 'Client', value: (hit) => hit.client || ''},
    {key: 'name', text: 'Server', value: (hit) => hit.name || hit.server || ''},
    {key: 'reason', text: 'What was seen', value: (hit) => hit.reason || ''},
];

const list = {key: 'us', down: false, shown: [], at: 0, orders: new Map(), grid: null, rows: null, empty: null, height: 32};

/* Every order is made once, and the filter goes through it. */
function orderBy(key) {
    return into(list.orders, key, () => {
        const value = COLUMNS.find((column) => column.key === key).value;
        const keys = report.hits.map(value);
        const order = Uint32Array.from(report.hits.keys());
        return key === 'us' ? order : order.sort((a, b) => (keys[a] < keys[b] ? -1 : keys[a] > keys[b] ? 1 : a - b));
    });
}

function showList() {
    const order = orderBy(list.key);
    const current = list.shown[list.at];
    const shown = [];
    for (let i = 0; i < order.length; i++) {
        const at = order[list.down ? order.length - 1 - i : i];
        if (matches.hit[at] === 1) shown.push(report.hits[at]);
    }
    list.shown = shown;
    list.at = Math.max(0, shown.indexOf(current));
    drawList();
}

function cells(hit) {
    return [
        utc(hit.us),
        riskBadge(hit.score),
        [KIND_WORD.get(hit.kind), hit.again > 1 ? ' ×' + hit.again : ''],
        hit.family !== '' ? familyChip(hit.family) : '',
        wire(hit.client || ''),
        wire(hit.name || hit.server || ''),
        wire(hit.reason || ''),
    ];
}

function row(hit, i) {
    return el(
        'div',
        {
            role: 'row',
            id: 'row-' + i,
            class: 'row' + (i === list.at ? ' current' : ''),
            'aria-rowindex': i + 2,
            'aria-selected': i === list.at ? 'true' : 'false',
            click: () => {
                list.at = i;
                go({hit: hit.id});
            },
        },
        cells(hit).map((cell, column) => el('span', {role: 'gridcell', class: COLUMNS[column].key}, cell)),
    );
}

function drawList() {
    const box = list.grid;
    list.height = window.matchMedia('(max-width: 700px)').matches ? 66 : 32;
    const from = Math.max(0, Math.floor(box.scrollTop / list.height) - 8);
    const to = Math.min(list.shown.length, from + Math.ceil((box.clientHeight || 400) / list.height) + 16);
    list.rows.style.height = list.shown.length * list.height + 'px';
    refill(
        list.rows,
        list.shown.slice(from, to).map((hit, i) => {
            const line = row(hit, from + i);
            line.style.top = (from + i) * list.height + 'px';
            return line;
        }),
    );
    list.empty.hidden = list.shown.length > 0;
    box.setAttribute('aria-rowcount', list.shown.length + 1);
    box.setAttribute('aria-activedescendant', list.at >= from && list.at < to ? 'row-' + list.at : '');
}

/* The head stays where it is and hides what is under it. */
function scrollToHit(i) {
    const box = list.grid;
    const room = box.clientHeight - box.firstChild.offsetHeight;
    list.at = Math.max(0, Math.min(list.shown.length - 1, i));
    if (list.at * list.height < box.scrollTop) box.scrollTop = list.at * list.height;
    else if ((list.at + 1) * list.height > box.scrollTop + room) box.scrollTop = (list.at + 1) * list.height - room;
    drawList();
}

function listKey(event) {
    const page = Math.max(1, Math.floor(list.grid.clientHeight / list.height) - 2);
    const steps = {ArrowDown: 1, ArrowUp: -1, j: 1, k: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity};
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (Object.hasOwn(steps, event.key)) scrollToHit(list.at + steps[event.key]);
    else if (event.key === 'Enter' && list.shown.length > 0) go({hit: list.shown[list.at].id});
    else return;
    event.preventDefault();
    event.stopPropagation();
}

function sortBy(key) {
    list.down = list.key === key ? !list.down : key === 'score';
    list.key = key;
    showList();
    list.grid.scrollTop = 0;
    headRow();
}

function headRow() {
    const head = list.grid.firstChild;
    const focused =
        document.activeElement !== null && head.contains(document.activeElement) ? document.activeElement.dataset.key : '';
    refill(
        head,
        COLUMNS.map(({key, text}) =>
            el(
                'span',
                {
                    role: 'columnheader',
                    class: key,
                    'aria-sort': list.key === key ? (list.down ? 'descending' : 'ascending') : 'none',
                },
                button(text + (list.key === key ? (list.down ? ' ↓' : ' ↑') : ''), () => sortBy(key), {'data-key': key}),
            ),
        ),
    );
    if (focused) head.querySelector('[data-key=' + focused + ']').focus();
}

function buildList(body) {
    list.rows = el('div', {class: 'rows', role: 'rowgroup'});
    list.empty = el('p', {class: 'quiet'}, 'No hit is asked for.');
    list.grid = el(
        'div',
        {
            class: 'grid',
            role: 'grid',
            tabindex: 0,
            'aria-label': 'Hits',
            keydown: listKey,
            scroll: () => requestAnimationFrame(drawList),
        },
        el('div', {class: 'row head', role: 'row', 'aria-rowindex': 1}),
        list.rows,
    );
    refill(body, list.grid, list.empty, el('div', {class: 'printed', id: 'printed'}));
    headRow();
    new ResizeObserver(() => requestAnimationFrame(drawList)).observe(list.grid);
}

/* Paper does not scroll: the first rows as a table. */
function printList(most) {
    const table = el(
        'table',
        {class: 'evidence'},
        headings(COLUMNS.map(({text}) => text)),
        el(
            'tbody',
            null,
            list.shown.slice(0, most).map((hit) =>
                el(
                    'tr',
                    null,
                    cells(hit).map((cell) => el('td', null, cell)),
                ),
            ),
        ),
    );
    refill(
        at('printed'),
        table,
        list.shown.length > most
            ? el('p', null, 'and ' + (list.shown.length - most).toLocaleString('en') + ' more hits, not printed')
            : '',
    );
}

function requestTerms(hit) {
    return terms([
        ['request', hit.method ? [wire(hit.method), ' ', taken(hit.url, 'URL')] : ''],
        ['user agent', hit.user_agent !== undefined ? wire(hit.user_agent) : ''],
        [
            'answer',
            hit.status !== undefined
                ? [
                      String(hit.status),
                      hit.mime !== undefined ? [' ', wire(hit.mime)] : '',
                      hit.answer_bytes !== undefined ? ', ' + bytes(hit.answer_bytes) : '',
                  ]
                : '',
        ],
    ]);
}

function ownTerms(hit) {
    if (hit.kind === 'domain') return explainDomain(hit);
    if (hit.kind === 'payload') return payloadTerms(hit);
    if (hit.kind === 'ioc')
        return [
            explainListed(hit),
            terms([['indicator', [visible(hit.indicator_type || '') + ' ', taken(hit.indicator, 'indicator')]]]),
        ];
    return terms([
        ['shape', SHAPES_IN_WORDS.get(hit.shape) || visible(hit.shape || '')],
        [
            'parameters',
            texts(hit.parameters).length > 0
                ? el(
                      'ul',
                      {class: 'plain'},
                      hit.parameters.map((text) => el('li', null, wire(text))),
                  )
                : '',
        ],
        ['hex undone', hit.decoded !== undefined ? wire(hit.decoded) : ''],
        [
            'schedule',
            hit.period_s > 0
                ? 'every ' + duration(hit.period_s) + ', ' + count(hit.beats || 0, 'visit', 'visits') + ' so far'
                : '',
        ],
    ]);
}

function endText(address, port) {
    return address === undefined ? '' : [wire(address), port !== undefined ? ' port ' + port : ''];
}

function hitPanel(hit) {
    const place = hit.as_number !== undefined ? ['AS' + hit.as_number + ' ', wire(hit.as_name || '')] : '';
    const repeat =
        hit.again !== undefined
            ? count(hit.again, 'time', 'times') +
              ' from ' +
              utc(hit.from) +
              ' to ' +
              utc(hit.to) +
              (hit.total !== undefined ? ', ' + hit.total.toLocaleString('en') + ' in all' : '')
            : '';
    const client = report.clients.get(hit.client || '');
    return [
        el(
            'div',
            {class: 'panel-head'},
            el(
                'h2',
                {id: 'panel-title', tabindex: -1},
                riskBadge(hit.score),
                ' ',
                (KIND_WORD.get(hit.kind) || 'hit').replace(/^./, (c) => c.toUpperCase()),
                ' ',
                hit.families.map(familyChip),
            ),
            button('Close', () => go({hit: ''}), {'aria-label': 'Close the hit'}),
        ),
        el('p', {class: 'reason'}, wire(hit.reason || '')),
        el('h3', null, 'What it says'),
        ownTerms(hit),
        hit.kind !== 'domain'
            ? el(
                  'p',
                  {class: 'quiet'},
                  bitsText(hit.bits) + ': ' + times(hit.bits || 0) + ' from an infected client than from a clean one.',
              )
            : '',
        requestTerms(hit),
        el('h3', null, 'Where and when'),
        terms([
            ['time', utc(hit.us, 23) + ' UTC'],
            ['seen', repeat],
            ['client', endText(hit.client, hit.client_port)],
            ['server', endText(hit.server, hit.server_port)],
            ['name', hit.name !== undefined ? wire(hit.name) : ''],
            ['protocol', wire([hit.protocol, (hit.transport || '').toLowerCase()].filter((word) => word).join(' over '))],
            ['network', place],
            ['country', hit.country !== undefined ? wire(hit.country) : ''],
            ['addresses', texts(hit.addresses).length > 0 ? wire(texts(hit.addresses).join(', ')) : ''],
            ['techniques', texts(hit.techniques).length > 0 ? wire(texts(hit.techniques).join(', ')) : ''],
            ['Community ID', taken(hit.community_id, 'Community ID')],
            ['sensor', hit.sensor !== undefined ? wire(hit.sensor) : ''],
            ['document', taken(hit.id, 'document id')],
            [
                'incident',
                client && client.incident
                    ? el('a', {href: linkTo({incident: client.incident.id})}, 'that of ', wire(hit.client))
                    : '',
            ],
        ]),
        el(
            'p',
            {class: 'acts'},
            copyButtons(() => [hit], 'this hit'),
            ' ',
            button('Copy link', () => copy(location.href.split('#')[0] + linkTo({hit: hit.id}, true), 'Link to the hit copied')),
        ),
    ];
}
