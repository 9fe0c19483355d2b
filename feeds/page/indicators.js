/* Hits as indicators for others to load: radome's CSV and a STIX 2.1 bundle. Only what has the form of its type goes out, so
 * nothing from the wire begins a spreadsheet's formula, ends a quoted string or means more than a value. Addresses of servers
 * are none: they are shared (a list's own address is). */

const INDICATOR_FORMS = {
    'domain-name': /^(?=.{4,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62})*\.[a-z][a-z0-9-]{0,62}$/,
    'ipv4-addr': /^(?:\d{1,3}\.){3}\d{1,3}$/,
    'ipv6-addr': /^[0-9a-f:.]{2,45}$/,
    url: /^https?:\/\/[a-z0-9_][a-z0-9._-]{2,250}(?::\d{1,5})?[\/?][!#-&(-;=?-[\]_a-z~]{0,220}$/i,
    file: /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$/,
    'file-name': /^[A-Za-z0-9_(][A-Za-z0-9 ._()-]{0,120}$/,
    'x-extension-id': /^(?:[a-p]{32}|\{[0-9a-f-]{36}\})$/,
};

/* What is said of an indicator: words of ours, or of a list, without what a spreadsheet would run. */
function said(text) {
    return String(text || '')
        .replace(UNSEEN, ' ')
        .replace(/["'\\<>]/g, '')
        .replace(/^[\s=+\-@|%]+/, '')
        .slice(0, 60);
}

function candidates(hit) {
    const family = FAMILIES.includes(hit.family) ? hit.family : '';
    const found = [];
    const add = (type, value, provider, description) => {
        if (value)
            found.push({
                type,
                value: type === 'file' || type === 'domain-name' ? value.toLowerCase() : value,
                family,
                provider: said(provider),
                description: said(description),
                us: hit.us,
            });
    };
    if (hit.kind === 'ioc') add(hit.indicator_type, hit.indicator, hit.provider, hit.description || 'listed');
    if (hit.kind === 'domain') add('domain-name', hit.name, 'radome', 'name in the form of the family');
    if (hit.kind === 'beacon' && hit.name && !isAddress(hit.name))
        add('domain-name', hit.name, 'radome', 'server of requests: ' + hit.shape);
    if (hit.kind === 'payload') {
        add('file', hit.sha256, 'radome', hit.program + ' hidden by ' + hit.cipher);
        add('url', hit.url, 'radome', 'gave a hidden ' + hit.program);
    }
    return found;
}

/* Each once; of those for the same thing a list's word goes before ours. out counts what has not the form of its type. */
function indicatorsOf(hits) {
    const rows = new Map();
    let out = 0;
    for (const hit of hits)
        for (const row of candidates(hit)) {
            const key = row.type + '\n' + row.value;
            const known = rows.get(key);
            if (!Object.hasOwn(INDICATOR_FORMS, row.type) || !INDICATOR_FORMS[row.type].test(row.value)) out++;
            else if (known === undefined || (known.provider === 'radome' && row.provider !== 'radome'))
                rows.set(key, {...row, us: known === undefined ? row.us : Math.min(row.us, known.us)});
        }
    return {rows: [...rows.values()].sort((a, b) => byText(a.type, b.type) || byText(a.value, b.value)), out};
}

function csvField(text) {
    return /[",#]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
}

function toCsv(rows) {
    return (
        [
            'type,indicator,family,provider,description',
            ...rows.map((row) => [row.type, row.value, row.family, row.provider, row.description].map(csvField).join(',')),
        ].join('\n') + '\n'
    );
}

/* SHA-1 (FIPS 180-4) of ASCII, for UUIDs of version 5 (RFC 9562): the same indicator has the same id in every report. The
 * browser's own answers later, and not on every page. */
function sha1(text) {
    const data = [...text].map((c) => c.charCodeAt(0) & 255);
    const length = data.length * 8;
    let [a, b, c, d, e] = [0, 0, 0, 0, 0];
    const hash = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
    const roll = (x, n) => (x << n) | (x >>> (32 - n));
    data.push(128);
    while (data.length % 64 !== 56) data.push(0);
    data.push(0, 0, 0, 0, (length >>> 24) & 255, (length >>> 16) & 255, (length >>> 8) & 255, length & 255);
    for (let at = 0; at < data.length; at += 64) {
        const w = [];
        for (let i = 0; i < 80; i++)
            w[i] =
                i < 16
                    ? (data[at + 4 * i] << 24) | (data[at + 4 * i + 1] << 16) | (data[at + 4 * i + 2] << 8) | data[at + 4 * i + 3]
                    : roll(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        [a, b, c, d, e] = hash;
        for (let i = 0; i < 80; i++) {
            const f = i < 20 ? (b & c) | (~b & d) : i < 40 || i >= 60 ? b ^ c ^ d : (b & c) | (b & d) | (c & d);
            const k = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6][Math.floor(i / 20)];
            [a, b, c, d, e] = [(roll(a, 5) + f + e + k + w[i]) | 0, a, roll(b, 30), c, d];
        }
        [a, b, c, d, e].forEach((value, i) => {
            hash[i] = (hash[i] + value) | 0;
        });
    }
    return hash.map((value) => (value >>> 0).toString(16).padStart(8, '0')).join('');
}

const STIX_NAMESPACE = '00abedb4aa4247a0b1a4a1a6f0c0d1f5'; /* radome's own */

function stixId(type, name) {
    const space = STIX_NAMESPACE.replace(/../g, (pair) => String.fromCharCode(parseInt(pair, 16)));
    const hex = sha1(space + type + ' ' + name);
    const variant = ((parseInt(hex[16], 16) & 3) | 8).toString(16);
    return (
        type +
        '--' +
        hex.slice(0, 8) +
        '-' +
        hex.slice(8, 12) +
        '-5' +
        hex.slice(13, 16) +
        '-' +
        variant +
        hex.slice(17, 20) +
        '-' +
        hex.slice(20, 32)
    );
}

function stixPattern(row) {
    const paths = {
        file: "file:hashes.'" + ({32: 'MD5', 40: 'SHA-1'}[row.value.length] || 'SHA-256') + "'",
        'file-name': 'file:name',
    };
    return '[' + (paths[row.type] || row.type + ':value') + " = '" + row.value.replace(/[\\']/g, '\\$&') + "']";
}

/* No clock: an object is as old as what it tells of. */
function toStix(rows) {
    const time = (us) => new Date(us / 1000).toISOString();
    const begin = rows.length > 0 ? time(Math.min(...rows.map((row) => row.us))) : time(0);
    const object = (type, name, rest, at) => ({
        type,
        spec_version: '2.1',
        id: stixId(type, name),
        created: at,
        modified: at,
        ...rest,
    });
    const providers = new Map();
    const malware = new Map();
    const objects = [];
    for (const row of rows) {
        const provider = into(providers, row.provider || 'radome', () =>
            object('identity', row.provider || 'radome', {name: row.provider || 'radome', identity_class: 'organization'}, begin),
        );
        const at = time(row.us);
        const indicator = object(
            'indicator',
            row.type + ' ' + row.value,
            {
                created_by_ref: provider.id,
                name: row.type + ' ' + row.value,
                description: row.description || 'seen by radome',
                indicator_types: ['malicious-activity'],
                pattern: stixPattern(row),
                pattern_type: 'stix',
                valid_from: at,
            },
            at,
        );
        objects.push(indicator);
        if (row.family === '') continue;
        const family = into(malware, row.family, () =>
            object('malware', row.family, {name: row.family, is_family: true, malware_types: ['adware']}, begin),
        );
        objects.push(
            object(
                'relationship',
                indicator.id + ' ' + family.id,
                {relationship_type: 'indicates', source_ref: indicator.id, target_ref: family.id},
                at,
            ),
        );
    }
    const all = [...providers.values(), ...malware.values(), ...objects];
    return (
        JSON.stringify({type: 'bundle', id: stixId('bundle', all.map((one) => one.id).join(' ')), objects: all}, null, 1) + '\n'
    );
}

function copyIndicators(hits, format) {
    const {rows, out} = indicatorsOf(hits);
    if (rows.length === 0 && out === 0) {
        toast('No indicators here');
        return;
    }
    const left =
        out > 0
            ? '; ' +
              count(out, 'value has', 'values have') +
              ' not the form of a type and ' +
              (out === 1 ? 'is' : 'are') +
              ' left out'
            : '';
    copy(
        format === 'csv' ? toCsv(rows) : toStix(rows),
        count(rows.length, 'indicator', 'indicators') + ' copied as ' + (format === 'csv' ? 'CSV' : 'STIX 2.1') + left,
    );
}

/* The two buttons; what they copy is asked for when they are pressed. */
function copyButtons(hits, of) {
    return el(
        'span',
        {class: 'pair', role: 'group', 'aria-label': 'Copy indicators of ' + visible(of)},
        'Copy ',
        button('CSV', () => copyIndicators(hits(), 'csv'), {'aria-label': 'Copy indicators of ' + visible(of) + ' as CSV'}),
        button('STIX', () => copyIndicators(hits(), 'stix'), {'aria-label': 'Copy indicators of ' + visible(of) + ' as STIX'}),
    );
}
