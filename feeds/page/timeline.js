/* Events on a time axis, from seconds to years, in lanes. Many at one place become one mark with their number. Always UTC. */

const SHAPES = {
    dealply: 'M-5,-5H5V5H-5Z',
    iserik: 'M0,-6.5L6.5,0L0,6.5L-6.5,0Z',
    managex: 'M0,-6.5L6.5,5H-6.5Z',
    other: 'M5.5,0A5.5,5.5 0 1,1 -5.5,0A5.5,5.5 0 1,1 5.5,0Z',
};

/* A family's mark: a shape of its own as well as a colour. */
function mark(family, attributes) {
    const style = familyStyle(family);
    return svg('path', {d: SHAPES[style], class: 'mark ' + style, ...attributes});
}

function familyIcon(family) {
    return svg('svg', {class: 'icon', viewBox: '-8 -8 16 16', width: 14, height: 14, 'aria-hidden': 'true'}, mark(family));
}

function familyChip(family) {
    return el('span', {class: 'chip'}, familyIcon(family), family === '' ? 'no family' : cut(family, 24));
}

const SECOND = 1e6;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [0.001, 0.01, 0.1, 1, 2, 5, 10, 15, 30]
    .map((n) => n * SECOND)
    .concat(
        [1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
        [1, 2, 3, 6, 12].map((n) => n * HOUR),
        [1, 2, 7, 14].map((n) => n * DAY),
    );
const MONTHS = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000, 12000, 60000];

/* Where marks on the axis stand, at least `gap` pixels apart, and how they are called: whole steps of time, then of months. */
function ticks(from, to, width, gap) {
    const least = (to - from) / Math.max(1, Math.floor(width / gap));
    const step = STEPS.find((size) => size >= least);
    const list = [];
    if (step !== undefined) {
        const weeks = step >= 7 * DAY ? 4 * DAY : 0; /* the epoch was a Thursday: weeks begin on Monday */
        for (let us = Math.ceil((from - weeks) / step) * step + weeks; us <= to; us += step)
            list.push({us, text: step >= DAY ? utc(us, 10) : utc(us, step >= MINUTE ? 16 : step >= SECOND ? 19 : 23).slice(11)});
        return list;
    }
    const months = MONTHS.find((n) => n * 30.44 * DAY >= least) || MONTHS[MONTHS.length - 1];
    const begin = new Date(from / 1000);
    for (
        let n = Math.floor((begin.getUTCFullYear() * 12 + begin.getUTCMonth()) / months) * months;
        list.length < 1000;
        n += months
    ) {
        const us = Date.UTC(Math.floor(n / 12), n % 12) * 1000;
        if (us > to) break;
        if (us >= from) list.push({us, text: utc(us, months % 12 === 0 ? 4 : 7)});
    }
    return list;
}

/* What is drawn for a span of time: a little room at both ends, a minute at least. */
function framed(first, last) {
    const room = Math.max((last - first) * 0.03, (MINUTE - (last - first)) / 2, SECOND);
    return [first - room, last + room];
}

/* Times below the axis, and below them the day where it begins or the first time stands. */
function axis(from, to, left, width, top, bottom) {
    const x = (us) => left + ((us - from) / (to - from)) * width;
    const group = svg('g', {class: 'axis'});
    const list = ticks(from, to, width, 84);
    let day = '';
    for (const tick of list) {
        const at = x(tick.us).toFixed(1);
        const anchor = at > left + width - 34 ? 'end' : at < left + 34 ? 'start' : 'middle';
        const dated = tick.text.includes(':');
        group.append(
            svg('line', {x1: at, x2: at, y1: top, y2: bottom + 4}),
            svg('text', {x: at, y: bottom + 16, 'text-anchor': anchor}, tick.text),
        );
        if (dated && utc(tick.us, 10) !== day)
            group.append(svg('text', {class: 'day', x: at, y: bottom + 30, 'text-anchor': anchor}, utc(tick.us, 10)));
        day = dated ? utc(tick.us, 10) : day;
    }
    return group;
}

/* Draws again whenever the box has got another width. draw(width) gives a node. */
function drawn(draw, attributes) {
    const box = el('div', {class: 'drawing', ...attributes});
    let width = 0;
    const again = () => {
        const now = Math.floor(box.clientWidth);
        if (now > 0 && now !== width) {
            width = now;
            box.replaceChildren(draw(now));
        }
    };
    new ResizeObserver(() => requestAnimationFrame(again)).observe(box);
    box.redraw = (forced) => {
        width = forced;
        if (width > 0) box.replaceChildren(draw(width));
    };
    return box;
}

/* Into bins of some pixels: {x, lane, count, families, events}. */
function binned(events, x, size) {
    const bins = new Map();
    for (const event of events) {
        const at = Math.floor(x(event.us) / size);
        const bin = into(bins, event.lane * 1e6 + at, () => ({
            at,
            lane: event.lane,
            count: 0,
            events: [],
            family: event.family,
            mixed: false,
            from: event.us,
            to: event.us,
        }));
        bin.count += event.count;
        bin.mixed = bin.mixed || bin.family !== event.family;
        bin.from = Math.min(bin.from, event.us);
        bin.to = Math.max(bin.to, event.us);
        bin.events.push(event);
    }
    return [...bins.values()];
}

function binTitle(bin) {
    if (bin.events.length === 1) return utc(bin.events[0].us) + ' ' + visible(bin.events[0].title);
    return (
        utc(bin.from) +
        ' to ' +
        utc(bin.to) +
        ': ' +
        count(bin.count, 'time', 'times') +
        ', ' +
        visible(bin.events[0].title) +
        ' and others'
    );
}

function drawBin(bin, x, y, choose) {
    const middle = bin.events.length === 1 ? x(bin.events[0].us) : (x(bin.from) + x(bin.to)) / 2;
    const place = 'translate(' + middle.toFixed(1) + ',' + y + ')';
    const group = svg('g', {class: 'bin', transform: place, click: () => choose(bin)}, svg('title', null, binTitle(bin)));
    group.append(svg('rect', {class: 'grip', x: -10, y: -14, width: 20, height: 28}));
    if (bin.events.length > 1 && bin.mixed)
        group.append(svg('path', {d: SHAPES.other, class: 'mark mixed', transform: 'scale(1.15)'}));
    else group.append(mark(bin.family, {transform: bin.events.length > 1 ? 'scale(1.15)' : null}));
    if (bin.count > 1)
        group.append(
            svg(
                'text',
                {class: 'number', y: -9, 'text-anchor': 'middle'},
                bin.count > 9999 ? Math.round(bin.count / 1000) + 'k' : String(bin.count),
            ),
        );
    return group;
}

/* What goes on for a while, as a line; those that would cover each other once. */
function stretches(events, x, y) {
    const lines = new Map();
    for (const event of events) {
        const from = Math.round(x(event.us) / 4) * 4;
        const to = Math.round(x(event.to) / 4) * 4;
        if (to > from && lines.size < 2000)
            into(lines, [from, to, event.lane, event.family].join(), () =>
                svg('line', {class: 'stretch ' + familyStyle(event.family), x1: from, x2: to, y1: y(event), y2: y(event)}),
            );
    }
    return lines.values();
}

/* events: {us, to, lane, family, count, title, hit}; stages: {us, text}; choose(bin) when one is clicked. */
function timeline(events, stages, first, last, label, choose) {
    return drawn((width) => {
        const left = width < 500 ? 68 : 92;
        const inner = width - left - 14;
        const [from, to] = framed(first, last);
        const x = (us) => left + ((us - from) / (to - from)) * inner;
        const top = stages.length > 0 ? 34 : 16;
        const bottom = top + LANES.length * 38;
        const root = svg(
            'svg',
            {class: 'timeline', width, height: bottom + 36, role: 'img', 'aria-label': label},
            axis(from, to, left, inner, top, bottom),
        );
        LANES.forEach((lane, i) => {
            root.append(
                svg('line', {class: 'lane', x1: left, x2: left + inner, y1: top + i * 38 + 22, y2: top + i * 38 + 22}),
                svg('text', {class: 'lane-name', x: 0, y: top + i * 38 + 26}, lane),
            );
        });
        root.append(...stretches(events, x, (event) => top + event.lane * 38 + 22));
        let used = -Infinity;
        for (const stage of stages) {
            const at = x(stage.us);
            const high = at - used < 90;
            root.append(
                svg('line', {class: 'stage', x1: at, x2: at, y1: high ? 14 : 26, y2: bottom}),
                svg(
                    'text',
                    {
                        class: 'stage-name',
                        x: Math.min(at + 4, left + inner),
                        y: high ? 12 : 24,
                        'text-anchor': at > left + inner - 80 ? 'end' : 'start',
                    },
                    stage.text,
                ),
            );
            used = high ? used : at;
        }
        for (const bin of binned(events, x, 18)) root.append(drawBin(bin, x, top + bin.lane * 38 + 22, choose));
        return root;
    });
}

/* All hits over time, a bar for each stretch, stacked by lane; dragging over it asks for that time. */
function histogram(first, last, hits, choose) {
    return drawn((width) => {
        const left = 40;
        const inner = width - left - 14;
        const height = 120;
        const [from, to] = framed(first, last);
        const bars = Math.max(10, Math.floor(inner / 7));
        const sums = Array.from({length: bars}, () => [0, 0, 0]);
        const size = (to - from) / bars;
        for (const hit of hits())
            sums[Math.min(bars - 1, Math.max(0, Math.floor((hit.us - from) / size)))][hit.lane] += hit.again || 1;
        const most = Math.max(1, ...sums.map((sum) => sum[0] + sum[1] + sum[2]));
        const root = svg(
            'svg',
            {
                class: 'histogram',
                width,
                height: height + 36,
                role: 'img',
                'aria-label': 'Hits over time, at most ' + most + ' in ' + duration(size / 1e6),
            },
            axis(from, to, left, inner, 8, height),
            svg('text', {class: 'most', x: left - 6, y: 16, 'text-anchor': 'end'}, most.toLocaleString('en')),
        );
        sums.forEach((sum, i) => {
            let y = height;
            sum.forEach((n, lane) => {
                const tall = n > 0 ? Math.max(2, (n / most) * (height - 12)) : 0;
                y -= tall;
                if (n > 0)
                    root.append(
                        svg(
                            'rect',
                            {
                                class: 'lane-' + lane,
                                x: (left + (i * inner) / bars + 0.5).toFixed(1),
                                y: y.toFixed(1),
                                width: (inner / bars - 1).toFixed(1),
                                height: tall.toFixed(1),
                            },
                            svg('title', null, utc(from + i * size) + ': ' + n + ' ' + LANES[lane]),
                        ),
                    );
            });
        });
        brush(root, left, inner, height, (a, b) => choose(from + a * (to - from), from + b * (to - from)));
        return root;
    });
}

/* done(a, b): the stretch that was dragged over, as shares of the width. */
function brush(root, left, width, height, done) {
    const veil = svg('rect', {class: 'veil', x: 0, y: 4, width: 0, height});
    let begin = null;
    const share = (event) => Math.min(1, Math.max(0, (event.clientX - root.getBoundingClientRect().left - left) / width));
    root.append(veil);
    root.addEventListener('pointerdown', (event) => {
        begin = share(event);
        root.setPointerCapture(event.pointerId);
    });
    root.addEventListener('pointermove', (event) => {
        if (begin === null) return;
        const now = share(event);
        veil.setAttribute('x', left + Math.min(begin, now) * width);
        veil.setAttribute('width', Math.abs(now - begin) * width);
    });
    root.addEventListener('pointerup', (event) => {
        const now = share(event);
        veil.setAttribute('width', 0);
        if (begin !== null && Math.abs(now - begin) * width > 6) done(Math.min(begin, now), Math.max(begin, now));
        begin = null;
    });
}
