/* Names and programs in words: what each number in a document says. */

const CONSONANTS = 'bcdfghjklmnpqrstw'; /* the letters of the families' names, and no others */
const VOWELS = 'aou';
const SEEN_IN = new Map([
    ['dns', 'a DNS message'],
    ['http', 'an HTTP request'],
    ['tls', 'a TLS ClientHello'],
    ['quic', 'a QUIC ClientHello'],
]);
const MACHINES = new Map([
    ['0x8664', '64-bit x86'],
    ['0x014c', '32-bit x86'],
    ['0x01c0', '32-bit ARM'],
    ['0x01c4', '32-bit ARM (Thumb-2)'],
    ['0xaa64', '64-bit ARM'],
    ['0x0200', 'Itanium'],
]);
const CIPHERS = new Map([
    ['none', 'in the clear'],
    ['xor', 'XOR with a repeated key'],
    ['xor-skip-zero', 'XOR with a repeated key that leaves zero bytes alone'],
    ['xor-rolling', 'XOR with a key that changes from byte to byte'],
    ['substitution', 'every byte value exchanged through a table'],
    ['atbash-base64', 'base64 with a mirrored alphabet'],
]);
const PROGRAMS = new Map([
    ['dll', 'DLL'],
    ['exe', 'Program'],
    ['script', 'Script'],
]);
const SHAPES_IN_WORDS = new Map([
    ['pcrc-query', 'a query with a numeric pcrc, as the families’ scripts send'],
    ['hex-parameters', 'parameters encoded as hex'],
    ['hex-body', 'a body encoded as hex'],
    ['body-constant', 'DealPly’s 16-byte constant in the body'],
    ['pxl', 'DealPly’s request of 2014 to /pxl/'],
    ['getblob', 'DealPly’s request for a blob'],
    ['vcsoap-png', 'DealPly’s request for a picture that is none'],
    ['data-steps', 'DealPly’s list of steps in the answer'],
    ['periodic', 'comes back on a schedule'],
]);

/* The label letter by letter: consonants, vowels and what the families never use, told apart by a line and not by colour alone. */
function letters(label) {
    const word = (c) => (CONSONANTS.includes(c) ? 'consonant' : VOWELS.includes(c) ? 'vowel' : 'stranger');
    return el(
        'span',
        {class: 'letters', role: 'img', 'aria-label': visible(label) + ': ' + [...label].slice(0, 64).map(word).join(', ')},
        [...label].slice(0, 64).map((c) => el('span', {class: word(c)}, visible(c))),
    );
}

function bitsText(bits) {
    return (bits || 0).toFixed(1) + ' bits';
}

function explainDomain(hit) {
    const label = hit.label || '';
    const share = Math.round((hit.alternation || 0) * 100);
    const likely = times(hit.ngram_bits || 0);
    return el(
        'ul',
        {class: 'why'},
        el(
            'li',
            null,
            el('strong', null, 'Letters: '),
            letters(label),
            ' ',
            share + ' % of neighbouring letters alternate between consonant and vowel.',
        ),
        el(
            'li',
            null,
            el('strong', null, 'Grammar: '),
            hit.grammar
                ? 'fits the families’ strict grammar (only their letters, in turn, 5 to 8 of them, .com), as few honest names do.'
                : 'does not fit the families’ strict grammar.',
        ),
        el(
            'li',
            null,
            el('strong', null, 'Letter pairs: '),
            bitsText(hit.ngram_bits) + ': such letters are ' + likely + ' among the families’ names than among honest ones.',
        ),
        el(
            'li',
            null,
            el('strong', null, 'Together: '),
            bitsText(hit.bits) +
                ': ' +
                times(hit.bits || 0) +
                ' from an infected client than from a clean one, against ' +
                PRIOR_BITS +
                ' bits that a client is clean: risk ' +
                (hit.score || 0) +
                ' %.',
        ),
    );
}

function explainListed(hit) {
    return el(
        'ul',
        {class: 'why'},
        el(
            'li',
            null,
            el('strong', null, 'Listed: '),
            'by ',
            wire(hit.provider || 'a list of yours'),
            hit.description ? [' as ', wire(hit.description)] : '',
            '; ',
            bitsText(hit.bits) + ': ' + times(hit.bits || 0) + ' from an infected client than from a clean one.',
        ),
    );
}

function firstLabel(name) {
    return name.split('.')[0];
}

function nameCard(entry) {
    const seen = [
        ...new Set(entry.hits.map((hit) => SEEN_IN.get(hit.seen_in || hit.protocol) || '').filter((word) => word !== '')),
    ];
    const addresses = [...new Set(entry.hits.flatMap((hit) => texts(hit.addresses)))];
    return el(
        'article',
        {class: 'card name'},
        el(
            'h3',
            null,
            wire(entry.name),
            ' ',
            [...entry.families].map(familyChip),
            entry.bits > 0 ? el('span', {class: 'tag'}, bitsText(entry.bits)) : '',
        ),
        entry.domain ? explainDomain(entry.domain) : '',
        entry.listed ? explainListed(entry.listed) : '',
        !entry.domain && !entry.listed
            ? el('p', null, 'On no list and not judged by its letters: named by the requests to it.')
            : '',
        !entry.domain && entry.listed && /^[a-z]{3,12}$/.test(firstLabel(entry.name))
            ? el('p', null, letters(firstLabel(entry.name)), ' ', el('span', {class: 'quiet'}, 'the letters of its first label'))
            : '',
        terms([
            ['seen in', seen.join(', ')],
            ['clients', [...entry.clients].slice(0, 12).map((client) => [clientLink(client), ' '])],
            ['first, last', utc(entry.first) + ' – ' + utc(entry.last)],
            ['addresses', addresses.length > 0 ? wire(addresses.slice(0, 16).join(', ')) : ''],
            ['hits', hitsLink(entry.hits, 'name ' + entry.name, entry.name)],
        ]),
        el(
            'p',
            {class: 'acts'},
            copyButtons(() => entry.hits, entry.name),
        ),
    );
}

/* A value that people take elsewhere, with a button that takes it. */
function taken(value, what) {
    return value === undefined || value === ''
        ? ''
        : [
              el('code', {class: 'wire'}, visible(value)),
              ' ',
              button('Copy', () => copy(value, what + ' copied'), {
                  class: 'small',
                  'aria-label': 'Copy ' + what + ' ' + visible(value).slice(0, 24),
              }),
          ];
}

function keyText(hit) {
    if (hit.key === undefined) return hit.cipher === 'substitution' ? 'a table; not told in the document' : '';
    const step = hit.key_step !== undefined ? ', ' + (hit.key_step >= 0 ? '+' : '') + hit.key_step + ' at every byte' : '';
    return [
        taken(hit.key, 'key'),
        el(
            'span',
            {class: 'quiet'},
            ' ' +
                count(hit.key_length || hit.key.length / 2, 'byte', 'bytes') +
                step +
                ', from offset ' +
                (hit.offset || 0).toLocaleString('en'),
        ),
    ];
}

function payloadTerms(hit) {
    const declared =
        hit.size_declared !== undefined && hit.size_declared !== hit.size
            ? ' of ' + bytes(hit.size_declared) + ' that its headers promise'
            : '';
    return terms([
        ['hidden by', CIPHERS.get(hit.cipher) || visible(hit.cipher || '')],
        ['coded as', texts(hit.layers).length > 0 ? wire(texts(hit.layers).join(' in ')) : ''],
        ['key', keyText(hit)],
        ['size', bytes(hit.size || 0) + declared + (hit.complete ? ', complete' : ', not all of it seen')],
        ['parts', hit.parts > 1 ? 'in ' + hit.parts + ' files' : ''],
        [
            'PE header',
            hit.machine === undefined
                ? ''
                : (MACHINES.get(hit.machine) || 'machine ' + visible(hit.machine)) +
                  ', ' +
                  count(hit.sections || 0, 'section', 'sections') +
                  (hit.linked !== undefined ? ', linked ' + utc(hit.linked) : ', no link time to read'),
        ],
        ['SHA-256', taken(hit.sha256, 'SHA-256')],
        ['SHA-1', taken(hit.sha1, 'SHA-1')],
        [
            'begins',
            hit.preview !== undefined
                ? el(
                      'pre',
                      {class: 'wire', tabindex: 0, role: 'group', 'aria-label': 'Beginning of the script'},
                      visibleLines(hit.preview),
                  )
                : '',
        ],
    ]);
}

function programCard(entry) {
    const hit = entry.now;
    const families = [...new Set(entry.hits.flatMap((one) => one.families))];
    const places = [...new Set(entry.hits.map((one) => one.url).filter((url) => url !== undefined))];
    const clients = [...new Set(entry.hits.map((one) => one.client))];
    const others = [...entry.ways.values()].filter((one) => one !== hit && (one.cipher !== hit.cipher || one.key !== hit.key));
    return el(
        'article',
        {class: 'card program'},
        el(
            'h3',
            null,
            (PROGRAMS.get(hit.program) || 'Program') + ', ' + bytes(hit.size || 0),
            ' ',
            families.map(familyChip),
            el('span', {class: 'tag'}, bitsText(hit.bits)),
        ),
        payloadTerms(hit),
        others.map((other) =>
            el('p', null, 'Also ', CIPHERS.get(other.cipher) || visible(other.cipher || ''), ' ', keyText(other)),
        ),
        terms([
            [
                'came from',
                el(
                    'ul',
                    {class: 'plain'},
                    places.slice(0, 8).map((url) => el('li', null, wire(url))),
                    places.length > 8 ? el('li', null, 'and ' + (places.length - 8) + ' more') : '',
                ),
            ],
            ['clients', clients.slice(0, 12).map((client) => [clientLink(client), ' '])],
            ['first, last', utc(entry.first) + ' – ' + utc(entry.last)],
            ['hits', hitsLink(entry.hits, 'this program', hit.sha256 || hit.id)],
        ]),
        el(
            'p',
            {class: 'acts'},
            copyButtons(() => entry.hits, 'this program'),
        ),
    );
}
