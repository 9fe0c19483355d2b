/* A schedule made visible: a day a column, an hour of UTC a row, a cell the darker the more visits. Who comes back every
 * twelve hours draws two stripes. */

const HEAT_ROW = 8;
const HEAT_STRETCHES = 20000; /* hours between visits that are drawn */

function periodText(series) {
    if (series.period === null) return 'no schedule established';
    const seconds = series.period.period_s;
    const [size, unit] = seconds < 5400 ? [60, 'min'] : seconds < 172800 ? [3600, 'h'] : [86400, 'd'];
    return 'every ' + Number((seconds / size).toPrecision(3)) + ' ' + unit;
}

/* The hours in which most visits fall, for those who do not see the picture. */
function hoursText(visits) {
    const hours = new Array(24).fill(0);
    for (const us of visits) hours[Math.floor(us / HOUR) % 24]++;
    const order = hours
        .map((n, hour) => [n, hour])
        .filter(([n]) => n > 0)
        .sort((a, b) => b[0] - a[0] || a[1] - b[1]);
    const few = order.slice(0, 4);
    const share = few.reduce((sum, [n]) => sum + n, 0) / Math.max(1, visits.length);
    if (share < 0.5) return 'spread over ' + order.length + ' hours of the day';
    return (
        Math.round(100 * share) +
        ' % of visits at ' +
        few.map(([, hour]) => String(hour).padStart(2, '0') + ' h').join(', ') +
        ' UTC'
    );
}

/* Cells by day and hour: visits known to the second, and visits somewhere in the hours between two of them. */
function heatCells(series, first, days) {
    const cells = new Map();
    const cell = (us) =>
        into(cells, Math.floor((Math.floor(us / DAY) - first) / days) * 24 + (Math.floor(us / HOUR) % 24), () => ({
            count: 0,
            between: false,
        }));
    let left = HEAT_STRETCHES;
    for (const stretch of series.between)
        for (let us = stretch.from; us < stretch.to && left > 0; us += HOUR, left--) cell(us).between = true;
    for (const us of series.visits) cell(us).count++;
    return cells;
}

function heatTitle(at, cell, first, days) {
    const day = utc((first + Math.floor(at / 24) * days) * DAY, 10) + (days > 1 ? ' and ' + (days - 1) + ' more days' : '');
    const what = cell.count > 0 ? count(cell.count, 'visit', 'visits') : 'visits some time in these hours';
    return day + ', ' + String(at % 24).padStart(2, '0') + ' h UTC: ' + what;
}

function heatAxis(root, first, columns, days, left, size) {
    for (let hour = 0; hour <= 24; hour += 6)
        root.append(
            svg('line', {class: 'grid', x1: left, x2: left + columns * size, y1: hour * HEAT_ROW + 4, y2: hour * HEAT_ROW + 4}),
            svg('text', {x: left - 6, y: hour * HEAT_ROW + 8, 'text-anchor': 'end'}, String(hour).padStart(2, '0') + ' h'),
        );
    const from = first * DAY;
    const to = (first + columns * days) * DAY;
    for (const tick of ticks(from, to, columns * size, 78).filter(({us}) => us % DAY === 0)) {
        const x = left + ((tick.us / DAY - first) / days) * size;
        root.append(svg('line', {class: 'grid', x1: x, x2: x, y1: 4, y2: 24 * HEAT_ROW + 8}));
        if (x < left + columns * size - 20 || columns * size < 80)
            root.append(svg('text', {x, y: 24 * HEAT_ROW + 20}, tick.text));
    }
}

function heat(series) {
    return drawn((width) => {
        const left = 40;
        const first = Math.floor(series.first / DAY);
        const total = Math.floor(series.last / DAY) - first + 1;
        const days = Math.max(1, Math.ceil(total / Math.max(1, Math.floor((width - left - 8) / 3))));
        const columns = Math.ceil(total / days);
        const size = Math.max(3, Math.min(36, Math.floor((width - left - 8) / columns)));
        const cells = heatCells(series, first, days);
        const root = svg('svg', {
            class: 'heat',
            width,
            height: 24 * HEAT_ROW + 26,
            role: 'img',
            'aria-label': 'Visits by day and hour: ' + periodText(series) + '; ' + hoursText(series.visits),
        });
        heatAxis(root, first, columns, days, left, size);
        for (const [at, cell] of cells) {
            const whole = cell.count > 0;
            const wide = whole ? Math.max(2, size - (size > 5 ? 1 : 0)) : 2;
            root.append(
                svg(
                    'rect',
                    {
                        class: whole ? 'visits level-' + Math.min(4, cell.count) : 'between',
                        x: left + Math.floor(at / 24) * size + (whole ? 0 : (size - wide) / 2),
                        y: (at % 24) * HEAT_ROW + 4,
                        width: wide,
                        height: HEAT_ROW - (whole ? 1 : 0),
                    },
                    svg('title', null, heatTitle(at, cell, first, days)),
                ),
            );
        }
        return root;
    });
}

function scheduleFigure(series, withClient) {
    const period = series.period;
    const families = [...new Set(series.hits.flatMap((hit) => hit.families))];
    return el(
        'figure',
        {class: 'schedule'},
        el(
            'figcaption',
            null,
            el('strong', null, withClient ? [wire(series.client), ' → '] : '', wire(series.server)),
            ' ',
            el('span', {class: period === null ? 'quiet' : 'tag'}, periodText(series)),
            ' ',
            families.map(familyChip),
            el(
                'p',
                {class: 'quiet'},
                period !== null
                    ? [
                          count(period.beats || 0, 'visit', 'visits') + ' when last told; ',
                          wire(period.shape === 'periodic' ? period.reason : ''),
                          ' ',
                      ]
                    : '',
                count(series.visits.length, 'visit', 'visits') + ' to the second, ' + hoursText(series.visits) + '.',
            ),
        ),
        heat(series),
        series.between.length > 0
            ? el(
                  'p',
                  {class: 'legend'},
                  el('span', {class: 'swatch visits'}),
                  'visit  ',
                  el('span', {class: 'swatch between'}),
                  'counted by a summary, some time in these hours',
              )
            : '',
    );
}
