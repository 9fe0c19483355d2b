/* Fields, buttons and keys. */

const KEYS = [
    ['/', 'search'],
    ['?', 'these keys'],
    ['1 – 8', 'go to a section'],
    ['j, k', 'next and previous incident; in the list of hits the next and previous hit'],
    ['Enter', 'unfold the incident, open the hit'],
    ['Home, End, Page up, Page down', 'in the list of hits'],
    ['t', 'light, dark, or as the system has it'],
    ['Esc', 'close what is open'],
];
const SECTIONS = [
    ['overview', 'Overview'],
    ['incidents', 'Incidents'],
    ['schedules', 'Schedules'],
    ['clusters', 'Clusters'],
    ['names', 'Names'],
    ['programs', 'Programs'],
    ['hits', 'Hits'],
    ['about', 'About'],
];

function showControls() {
    const set = (id, value) => {
        if (document.activeElement !== at(id)) at(id).value = value;
    };
    const time = (us) => (us === null ? '' : utc(us));
    set('q', filter.q);
    set('client', report.clients.has(filter.client) ? filter.client : '');
    set('score', filter.score > 0 ? String(filter.score) : '');
    set('from', time(filter.from));
    set('to', time(filter.to));
    for (const box of document.querySelectorAll('#kinds input')) box.checked = filter.kinds.has(box.value);
    for (const box of document.querySelectorAll('#families input')) box.checked = filter.families.has(box.value);
    at('reset').disabled = !filterIsOn();
}

function toggles(id, options, set) {
    at(id).append(
        ...options.map(([value, text]) => {
            const box = el('input', {
                type: 'checkbox',
                value,
                change: () => {
                    if (box.checked) set().add(value);
                    else set().delete(value);
                    change();
                },
            });
            return el('label', {class: 'toggle'}, box, ' ', text);
        }),
    );
}

function buildControls() {
    const later = (wait, act) => {
        let timer;
        return () => {
            clearTimeout(timer);
            timer = setTimeout(act, wait);
        };
    };
    at('sections').append(
        ...SECTIONS.map(([id, text]) =>
            el(
                'li',
                null,
                el(
                    'a',
                    {
                        href: '#at=' + id,
                        id: 'to-' + id,
                        click: (event) => {
                            event.preventDefault();
                            go({at: id});
                        },
                    },
                    text,
                    ' ',
                    el('span', {class: 'count'}),
                ),
            ),
        ),
    );
    at('skip').addEventListener('click', (event) => {
        event.preventDefault();
        go({at: 'incidents'});
    });
    toggles(
        'kinds',
        KINDS.map(([key, word]) => [key, word]),
        () => filter.kinds,
    );
    toggles(
        'families',
        [...report.families.slice(0, 40).map((family) => [family, familyChip(family)]), ['', familyChip('')]],
        () => filter.families,
    );
    at('client').append(
        el('option', {value: ''}, 'all'),
        ...[...report.clients.keys()]
            .filter((client) => client !== '')
            .sort(byText)
            .slice(0, 5000)
            .map((client) => el('option', {value: client}, visible(client))),
    );
    at('q').addEventListener(
        'input',
        later(report.hits.length > 20000 ? 120 : 30, () => {
            filter.q = at('q').value;
            change();
        }),
    );
    at('client').addEventListener('change', () => {
        filter.client = at('client').value;
        change();
    });
    at('score').addEventListener(
        'input',
        later(120, () => {
            filter.score = Math.max(0, Math.min(100, Number(at('score').value) || 0));
            change();
        }),
    );
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
    at('reset').addEventListener('click', () => {
        Object.assign(filter, {q: '', kinds: new Set(), families: new Set(), client: '', score: 0, from: null, to: null});
        change();
        at('q').focus();
    });
    at('copy-csv').addEventListener('click', () => copyIndicators(list.shown, 'csv'));
    at('copy-stix').addEventListener('click', () => copyIndicators(list.shown, 'stix'));
    at('more').open = filterIsOn() && filter.q.trim() === '';
    at('keys').addEventListener('click', help);
}

function help() {
    const box = at('help');
    refill(
        box,
        el('h2', {id: 'help-title'}, 'Keys'),
        terms(KEYS.map(([key, text]) => [key, text])),
        button('Close', () => box.close()),
    );
    box.showModal();
}

/* As the system has it, or as was chosen; remembered where the browser lets us. */
function theme(step) {
    const words = ['auto', 'dark', 'light'];
    let now = document.documentElement.dataset.theme || 'auto';
    try {
        now = step ? now : localStorage.getItem('radome-theme') || 'auto';
    } catch {
        /* a page from a file may have no storage */
    }
    now = words[(Math.max(0, words.indexOf(now)) + (step ? 1 : 0)) % words.length];
    document.documentElement.dataset.theme = now;
    at('theme').textContent = 'Theme: ' + now;
    try {
        localStorage.setItem('radome-theme', now);
    } catch {
        /* as above */
    }
}

function stepIncident(step) {
    const cards = [...document.querySelectorAll('.card.incident > summary')];
    const now = cards.indexOf(document.activeElement);
    const next = cards[Math.max(0, Math.min(cards.length - 1, now < 0 ? (step > 0 ? 0 : cards.length - 1) : now + step))];
    if (next) next.focus();
}

function pageKey(event) {
    const typing = event.target.closest('input, select, textarea, dialog') !== null;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape' && event.target.closest('dialog') === null) {
        if (shown.hit !== '') go({hit: ''});
        else if (typing) event.target.blur();
        return;
    }
    if (typing) return;
    const section = SECTIONS[Number(event.key) - 1];
    if (event.key === '/') (at('q').focus(), at('q').select());
    else if (event.key === '?') help();
    else if (event.key === 't') theme(1);
    else if (event.key === 'j' || event.key === 'k') stepIncident(event.key === 'j' ? 1 : -1);
    else if (section) go({at: section[0]});
    else return;
    event.preventDefault();
}
