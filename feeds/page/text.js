'use strict';
/* Text into the page. All of it may come from a hostile network: it becomes text nodes and attribute values, never markup,
 * and what a reader could not see or what would reorder its surroundings is shown as its code point. */

const at = (id) => document.getElementById(id);
const bodyOf = (id) => document.querySelector('#' + id + ' > .body');
const SVG = 'http://www.w3.org/2000/svg';

/* Controls, joiners and marks without width, bidirectional controls, fillers, variation selectors, tags. */
const UNSEEN = new RegExp(
    '[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e' +
        '\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}]',
    'gu',
);

function codePoint(character) {
    return '⟨U+' + character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0') + '⟩';
}

function visible(text) {
    return String(text).replace(UNSEEN, codePoint);
}

/* The same with its line breaks and tabs. */
function visibleLines(text) {
    return String(text).replace(UNSEEN, (c) => (c === '\n' || c === '\t' ? c : codePoint(c)));
}

function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
        if (value === undefined || value === null || value === false) continue;
        if (typeof value === 'function') node.addEventListener(name, value);
        else node.setAttribute(name, value === true ? '' : value);
    }
    for (const child of children.flat(Infinity)) if (child !== undefined && child !== null && child !== false) node.append(child);
    return node;
}

/* el('p', {class: 'x', click: handler}, 'text', node): strings become text nodes. */
function el(tag, attributes, ...children) {
    return fill(document.createElement(tag), attributes, children);
}

/* The head of a table. */
function headings(texts) {
    const cells = texts.map((text) => el('th', {scope: 'col'}, text));
    return el('thead', null, el('tr', null, cells));
}

/* New children for a node. */
function refill(node, ...children) {
    node.replaceChildren();
    return fill(node, null, children);
}

function svg(tag, attributes, ...children) {
    return fill(document.createElementNS(SVG, tag), attributes, children);
}

/* Text from the wire, kept from reordering what stands around it. */
function wire(text, attributes) {
    return el('bdi', {class: 'wire', ...attributes}, visible(text));
}

/* One set of terms and their values; those without a value are left out. */
function terms(pairs) {
    return el(
        'dl',
        null,
        pairs
            .filter(([, value]) => value !== undefined && value !== '' && value !== null && value !== false)
            .map(([term, value]) => el('div', null, el('dt', null, term), el('dd', null, value))),
    );
}

function button(text, click, attributes) {
    return el('button', {type: 'button', click, ...attributes}, text);
}

function utc(us, length = 19) {
    return new Date(us / 1000).toISOString().slice(0, length).replace('T', ' ');
}

function count(number, one, many) {
    return number.toLocaleString('en') + ' ' + (number === 1 ? one : many);
}

function bytes(number) {
    if (number < 10000) return number.toLocaleString('en') + ' bytes';
    return (
        (number < 1e6 ? (number / 1e3).toFixed(1) + ' kB' : (number / 1e6).toFixed(1) + ' MB') +
        ' (' +
        number.toLocaleString('en') +
        ' bytes)'
    );
}

/* In its two largest units: "12 h", "1 d 3 h". */
function duration(seconds) {
    const units = [
        [86400, 'd'],
        [3600, 'h'],
        [60, 'min'],
        [1, 's'],
    ];
    const parts = [];
    let rest = Math.round(seconds >= 3600 ? seconds / 60 : seconds) * (seconds >= 3600 ? 60 : 1);
    for (const [size, unit] of units) {
        const n = Math.floor(rest / size);
        if (n > 0) parts.push(n + ' ' + unit);
        rest -= n * size;
    }
    return parts.slice(0, 2).join(' ') || '0 s';
}

/* How much likelier that many bits make it. */
function times(bits) {
    const factor = 2 ** Math.abs(bits);
    const text =
        factor < 100
            ? factor.toFixed(1)
            : factor < 1e9
              ? Math.round(factor).toLocaleString('en')
              : '10^' + Math.floor(Math.abs(bits) * Math.LOG10E * Math.LN2);
    return text + ' times ' + (bits < 0 ? 'less likely' : 'likelier');
}

const byText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/* Something short that was done, for eyes and for screen readers. */
function toast(text) {
    const box = at('toast');
    box.textContent = text;
    clearTimeout(toast.timer);
    toast.timer = setTimeout(() => {
        box.textContent = '';
    }, 4000);
}

/* Where the browser does not let us, the text is shown to be copied by hand. */
async function copy(text, said) {
    try {
        await navigator.clipboard.writeText(text);
        toast(said);
    } catch {
        const box = at('by-hand');
        const area = el('textarea', {readonly: true, rows: 14, 'aria-label': 'Text to copy'});
        area.value = text;
        refill(
            box,
            el('h2', {id: 'by-hand-title'}, 'Copy by hand'),
            el('p', null, said.replace('copied', 'to copy') + ': the browser does not let the page copy it.'),
            area,
            button('Close', () => box.close()),
        );
        box.showModal();
        area.select();
    }
}
