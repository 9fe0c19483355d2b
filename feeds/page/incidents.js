/* Incidents: one a client, the most certain first. What is folded is not drawn. */

const unfolded = new Set();

function eventOf(hit) {
    return {
        us: hit.from,
        to: hit.to,
        lane: hit.lane,
        family: hit.family,
        count: hit.again || 1,
        title: hit.reason || hit.kind,
        hit,
    };
}

/* What the incident tells of and no document here does: the document was left out, or is on another sensor's list. */
function missingEvents(incident) {
    return incident.evidence
        .filter((item) => item.us !== undefined && !report.byId.has(item.id))
        .map((item) => ({
            us: item.us,
            to: item.us,
            lane: item.kind === 'beacon' ? 1 : item.kind === 'payload' ? 2 : 0,
            family: '',
            count: 1,
            title: item.what,
        }));
}

function chooseBin(bin) {
    if (bin.events.length === 1 && bin.events[0].hit) go({hit: bin.events[0].hit.id});
    else if (bin.events.length > 1)
        go({
            from: Math.floor(bin.from / SECOND) * SECOND,
            to: Math.ceil(bin.to / SECOND) * SECOND,
            client: bin.events[0].hit ? bin.events[0].hit.client : '',
            at: 'hits',
        });
}

function incidentTimeline(incident) {
    const asked = filterIsOn() && anyHit(incident);
    const events = (asked ? incident.hits.filter((hit) => matches.hit[hit.at] === 1) : incident.hits)
        .map(eventOf)
        .concat(asked ? [] : missingEvents(incident));
    const range = {};
    const stages = [...new Map(incident.documents.map((row) => [row.stage, row])).values()].map((row) => ({
        us: row.us,
        text: row.stage || '',
    }));
    const from = filter.from === null ? -Infinity : filter.from;
    const to = filter.to === null ? Infinity : filter.to;
    events.forEach((event) => span(range, event.us, event.to));
    if (!asked) span(range, incident.first, incident.last);
    const first = Math.max(range.first, Math.min(from, range.last));
    const last = Math.min(range.last, Math.max(to, range.first));
    return timeline(
        events,
        stages.filter((stage) => stage.us >= first && stage.us <= last),
        first,
        last,
        'Timeline of ' +
            visible(incident.client) +
            ' from ' +
            utc(first) +
            ' to ' +
            utc(last) +
            ' UTC: ' +
            LANES.map(
                (lane, i) => events.filter((event) => event.lane === i).reduce((sum, event) => sum + event.count, 0) + ' ' + lane,
            ).join(', ') +
            '. The evidence below says the same in words.',
        chooseBin,
    );
}

function evidenceRow(item, most) {
    const hit = report.byId.get(item.id);
    const link =
        hit && hit.lane !== undefined ? el('a', {href: linkTo({hit: item.id})}, wire(item.what)) : wire(item.what || item.text);
    const bar = svg(
        'svg',
        {class: 'bar', width: 64, height: 10, 'aria-hidden': 'true'},
        svg('rect', {width: Math.max(0, ((item.bits || 0) / most) * 64), height: 10}),
    );
    return el(
        'tr',
        null,
        el('td', {class: 'time'}, item.us !== undefined ? utc(item.us) : ''),
        el('td', {class: 'kind'}, KIND_WORD.get(item.kind) || visible(item.kind || '')),
        el('td', {class: 'bits'}, bar, item.bits !== undefined ? item.bits.toFixed(1) : ''),
        el('td', {class: 'bits'}, item.times > 1 ? '×' + item.times.toLocaleString('en') : ''),
        el('td', null, link),
    );
}

function evidenceTable(rows, label) {
    const most = Math.max(1, ...rows.map((item) => item.bits || 0));
    return el(
        'div',
        {class: 'scroll', tabindex: 0, role: 'group', 'aria-label': visible(label)},
        el(
            'table',
            {class: 'evidence'},
            headings(['Time (UTC)', 'Kind', 'Bits', 'Times', 'What was seen']),
            el(
                'tbody',
                null,
                rows.map((item) => evidenceRow(item, most)),
            ),
        ),
    );
}

/* An incident's document lists what was known when it was written. What the client did besides: each thing once. */
function besides(incident) {
    const listed = new Set(incident.evidence.map((item) => item.id));
    const known = new Set(incident.evidence.map((item) => item.kind + ' ' + item.what));
    const rows = new Map();
    for (const hit of incident.hits) {
        const what = (hit.reason || '').replace(
            /; (?:again|\d+ more times since [-\d: ]+), \d+ times in all$|; \d+ more times since [-\d: ]+, \d+ in all$/,
            '',
        );
        if (listed.has(hit.id) || known.has(hit.kind + ' ' + what)) continue;
        const row = into(rows, hit.kind + ' ' + what, () => ({
            us: hit.from,
            kind: hit.kind,
            bits: hit.bits,
            what,
            times: 0,
            id: hit.id,
        }));
        row.times += hit.again || 1;
    }
    return [...rows.values()];
}

function sumText(incident) {
    const bits = incident.now.bits || 0;
    return (
        bitsText(bits) +
        ' of evidence less ' +
        PRIOR_BITS +
        ' that a client is clean leave ' +
        (bits - PRIOR_BITS).toFixed(1) +
        ': infected is ' +
        times(bits - PRIOR_BITS) +
        ' than clean, a risk of ' +
        (incident.now.score || 0) +
        ' %.' +
        (incident.evidence.length > 1 ? ' Evidence that depends on other evidence counts less in the sum.' : '')
    );
}

function incidentBody(incident) {
    const series = report.series.filter((one) => one.client === incident.client);
    const programs = report.programs.filter((one) => one.hits.some((hit) => hit.client === incident.client));
    const techniques = texts(incident.now.techniques);
    const others = besides(incident);
    const sensors = [...new Set(incident.documents.map((row) => row.sensor))];
    return el(
        'div',
        {class: 'inside'},
        incidentTimeline(incident),
        el('h4', null, 'Evidence when last told'),
        el('p', null, sumText(incident)),
        evidenceTable(incident.evidence, 'Evidence against ' + incident.client),
        others.length > 0
            ? el(
                  'details',
                  {class: 'besides'},
                  el('summary', null, count(others.length, 'thing', 'things') + ' seen besides, and not in the sum'),
                  evidenceTable(others.slice(0, 100), 'What else ' + incident.client + ' did'),
                  others.length > 100 ? el('p', {class: 'quiet'}, 'and ' + (others.length - 100) + ' more among its hits') : '',
              )
            : '',
        incident.now.aggregator
            ? el(
                  'p',
                  {class: 'notice'},
                  'This client asks for so many names that it is a resolver, proxy or gateway: the infected machine is behind it.',
              )
            : '',
        series.length > 0
            ? [
                  el('h4', null, 'Schedule'),
                  series.slice(0, 6).map((one) => scheduleFigure(one, false)),
                  series.length > 6 ? el('p', {class: 'quiet'}, 'and ' + (series.length - 6) + ' more under Schedules') : '',
              ]
            : '',
        programs.length > 0
            ? [
                  el('h4', null, 'Programs'),
                  el(
                      'ul',
                      null,
                      programs
                          .slice(0, 20)
                          .map((one) =>
                              el(
                                  'li',
                                  null,
                                  el(
                                      'a',
                                      {href: linkTo({hit: one.now.id})},
                                      (PROGRAMS.get(one.now.program) || 'Program') +
                                          ', ' +
                                          bytes(one.now.size || 0) +
                                          ', ' +
                                          (CIPHERS.get(one.now.cipher) || visible(one.now.cipher || '')),
                                  ),
                                  one.now.sha256 ? [' ', el('code', {class: 'wire'}, one.now.sha256.slice(0, 16) + '…')] : '',
                              ),
                          ),
                  ),
              ]
            : '',
        terms([
            ['names', incident.names.length > 0 ? wire(incident.names.join(', ')) : ''],
            ['servers', texts(incident.now.addresses).length > 0 ? wire(texts(incident.now.addresses).join(', ')) : ''],
            [
                'networks',
                texts(incident.now.as_numbers)
                    .map((n) => 'AS' + n)
                    .join(', '),
            ],
            ['countries', texts(incident.now.countries).map(visible).join(', ')],
            ['techniques', techniques.map(visible).join(', ')],
            ['sensor', wire(sensors.join(', '))],
            ['incident', el('code', {class: 'wire'}, visible(incident.id))],
        ]),
        el(
            'p',
            {class: 'acts'},
            copyButtons(() => incident.hits, 'incident ' + incident.client),
            ' ',
            button(
                'Copy link',
                () => copy(location.href.split('#')[0] + linkTo({incident: incident.id}, true), 'Link to the incident copied'),
                {'aria-label': 'Copy link to incident ' + visible(incident.client)},
            ),
            ' ',
            el('a', {href: linkTo({client: incident.client, at: 'hits'})}, 'Hits of ', wire(incident.client)),
        ),
    );
}

function riskBadge(score) {
    return el('span', {class: 'risk ' + (score >= 90 ? 'high' : score >= 50 ? 'middle' : 'low')}, (score || 0) + ' %');
}

function incidentCard(incident) {
    const now = incident.now;
    const box = el(
        'details',
        {class: 'card incident', id: 'incident-' + report.incidents.indexOf(incident)},
        el(
            'summary',
            null,
            el(
                'h3',
                null,
                riskBadge(now.score),
                ' ',
                wire(incident.client || 'a client'),
                ' ',
                incident.families.map(familyChip),
            ),
            el(
                'span',
                {class: 'tag stage-' + (STAGES.includes(now.stage) ? now.stage : 'none')},
                STAGE_WORD.get(now.stage) || visible(now.stage || ''),
            ),
            now.aggregator ? el('span', {class: 'tag'}, 'many machines behind one address') : '',
            el(
                'span',
                {class: 'when'},
                utc(incident.first, 16) +
                    ' – ' +
                    utc(incident.last, 16) +
                    ' UTC, ' +
                    duration((incident.last - incident.first) / SECOND),
            ),
            el('span', {class: 'reason'}, wire(now.reason || '')),
        ),
    );
    box.addEventListener('toggle', () => {
        if (box.open) unfolded.add(incident.id);
        else unfolded.delete(incident.id);
        unfold(box, incident);
    });
    box.open = unfolded.has(incident.id);
    unfold(box, incident);
    return box;
}

function unfold(box, incident) {
    if (box.open && box.childElementCount === 1) box.append(incidentBody(incident));
}
