/* What tests/page asks of a page for everybody's sake; each answer is a list of what is wrong. Contrast as WCAG 2.2 computes
 * it. One expression. */
(() => {
    const shown = (node) =>
        node.checkVisibility({opacityProperty: true, visibilityProperty: true}) && node.getClientRects().length > 0;
    const all = [...document.querySelectorAll('body *')].filter(shown);
    const say = (node) => node.outerHTML.replace(/\s+/g, ' ').slice(0, 90);

    const context = Object.assign(document.createElement('canvas'), {width: 1, height: 1}).getContext('2d', {
        willReadFrequently: true,
    });
    const colour = (text) => {
        context.clearRect(0, 0, 1, 1);
        context.fillStyle = text;
        context.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat([1]);
    const ground = (node) => {
        const layers = [];
        for (let at = node; at !== null; at = at.parentElement)
            if (!(at instanceof SVGElement && at.localName !== 'svg')) layers.push(colour(getComputedStyle(at).backgroundColor));
        return layers
            .reverse()
            .reduce(
                (under, top) => over(top, under),
                colour(getComputedStyle(document.documentElement).colorScheme === 'dark' ? '#000' : '#fff'),
            );
    };
    const light = ([r, g, b]) =>
        [r, g, b]
            .map((v) => v / 255)
            .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const contrast = (one, other) => {
        const [a, b] = [light(one), light(other)].sort((x, y) => y - x);
        return (a + 0.05) / (b + 0.05);
    };

    const pale = [];
    for (const node of all) {
        if (
            ![...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim() !== '') ||
            node.closest(':disabled') ||
            node.closest('title')
        )
            continue;
        const style = getComputedStyle(node);
        const under = ground(node);
        const ratio = contrast(over(colour(node instanceof SVGElement ? style.fill : style.color), under), under);
        const large =
            parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
        if (ratio < (large ? 3 : 4.5)) pale.push(ratio.toFixed(2) + ' ' + say(node));
    }
    const faint = all
        .filter((node) => node.matches('.mark, .visits, .lane-0, .lane-1, .lane-2, .address, .between'))
        .map((node) => {
            const style = getComputedStyle(node);
            const under = ground(node);
            const paint =
                node instanceof SVGElement
                    ? node.matches('.address, .mixed')
                        ? style.stroke
                        : style.fill
                    : style.backgroundColor;
            const [r, g, b, a] = colour(paint);
            return [
                contrast(over([r, g, b, a * (node instanceof SVGElement ? Number(style.fillOpacity) : 1)], under), under),
                node,
            ];
        })
        .filter(([ratio]) => ratio < 3)
        .map(([ratio, node]) => ratio.toFixed(2) + ' ' + say(node));
    const edges = all
        .filter((node) => node.matches('button:not(:disabled), input, select'))
        .filter((node) => node.type !== 'checkbox' && !node.closest('.head'))
        .map((node) => [contrast(colour(getComputedStyle(node).borderTopColor), ground(node.parentElement)), node])
        .filter(([ratio]) => ratio < 3)
        .map(([ratio, node]) => ratio.toFixed(2) + ' ' + say(node));

    const headings = [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')]
        .filter(shown)
        .filter((node) => !node.closest('aside'));
    const levels = headings.map((node) => Number(node.localName[1]));
    const ids = [...document.querySelectorAll('[id]')].map((node) => node.id);
    const refs = [...document.querySelectorAll('[aria-labelledby], [aria-describedby], [aria-activedescendant], [for]')].flatMap(
        (node) =>
            ['aria-labelledby', 'aria-describedby', 'aria-activedescendant', 'for'].flatMap((name) =>
                (node.getAttribute(name) || '')
                    .split(/\s+/)
                    .filter((id) => id !== '' && document.getElementById(id) === null && shown(node))
                    .map((id) => name + ' ' + id),
            ),
    );
    const small = all
        .filter((node) => node.matches('button, input, select, summary'))
        .map((node) => [node.closest('label') || node, node])
        .filter(([box]) => {
            const {width, height} = box.getBoundingClientRect();
            return width < 24 || height < 24;
        })
        .map(([, node]) => say(node));
    const roles = {row: ['grid', 'rowgroup', 'presentation'], gridcell: ['row'], columnheader: ['row'], rowgroup: ['grid']};
    const orphans = all.filter(
        (node) =>
            Object.hasOwn(roles, node.getAttribute('role') || '') &&
            !roles[node.getAttribute('role')].includes(node.parentElement.getAttribute('role')),
    );

    return {
        'text can be read: contrast 4.5': pale,
        'marks can be seen: contrast 3': faint,
        'controls have an edge: contrast 3': edges,
        'the language is said': document.documentElement.lang === 'en' ? [] : ['lang'],
        'there is a title': document.title !== '' ? [] : ['title'],
        'one heading of the first level, and it is first':
            levels.filter((n) => n === 1).length === 1 && levels[0] === 1 ? [] : levels,
        'no level of headings is left out': levels.flatMap((n, i) => (i > 0 && n > levels[i - 1] + 1 ? [say(headings[i])] : [])),
        'no id twice': ids.filter((id, i) => ids.indexOf(id) !== i),
        'what is referred to is there': refs,
        'the landmarks: one main, one banner, one search': ['main', 'header', 'search'].filter(
            (name) => document.querySelectorAll('body > ' + name).length !== 1,
        ),
        'pictures are named or hidden': all
            .filter(
                (node) =>
                    node.localName === 'svg' &&
                    node.getAttribute('aria-hidden') !== 'true' &&
                    !(node.getAttribute('role') === 'img' && node.getAttribute('aria-label')),
            )
            .map(say),
        'fields have labels': all
            .filter(
                (node) =>
                    node.matches('input, select, textarea') &&
                    (node.labels === null || node.labels.length === 0) &&
                    !node.getAttribute('aria-label'),
            )
            .map(say),
        'names begin with or hold what is seen': all
            .filter(
                (node) =>
                    node.matches('a, button') &&
                    node.hasAttribute('aria-label') &&
                    !node.getAttribute('aria-label').toLowerCase().includes(node.innerText.trim().toLowerCase()),
            )
            .map(say),
        'landmarks of a kind have names of their own': ['[role=region]', 'nav', '[role=search]', 'aside'].flatMap((kind) => {
            const names = [...document.querySelectorAll(kind)]
                .filter(shown)
                .map((node) => node.getAttribute('aria-label') || node.getAttribute('aria-labelledby'));
            return names.filter((name, i) => names.indexOf(name) !== i);
        }),
        'the skip link leads somewhere': document.getElementById(document.getElementById('skip').getAttribute('href').slice(1))
            ? []
            : ['skip'],
        'targets are 24 pixels': small,
        'rows are in a grid, cells in rows': orphans.map(say),
        'what scrolls can be reached': all
            .filter(
                (node) =>
                    node.scrollWidth > node.clientWidth + 1 &&
                    ['auto', 'scroll'].includes(getComputedStyle(node).overflowX) &&
                    node.tabIndex < 0 &&
                    node.querySelector('a, button, [tabindex]') === null,
            )
            .map(say),
        'tables say what their columns are': [...document.querySelectorAll('table')]
            .filter((table) => table.querySelector('th[scope=col]') === null)
            .map(say),
    };
})();
