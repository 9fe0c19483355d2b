/* A cluster as a graph: names on the left, the addresses they share on the right, a line where the documents saw a name lead
 * to an address. The same documents, the same picture. */

const GRAPH_ROW = 26;

/* Which names were seen at which addresses: by an answer, or by a request. Where there is one address all share it. */
function clusterEdges(cluster) {
    const addresses = new Set(cluster.addresses);
    const edges = new Map(cluster.names.map((name) => [name, new Set(cluster.addresses.length === 1 ? cluster.addresses : [])]));
    for (const hit of cluster.hits)
        for (const address of [...texts(hit.addresses), hit.protocol === 'dns' ? '' : hit.server])
            if (addresses.has(address) && edges.has(hit.name)) edges.get(hit.name).add(address);
    return edges;
}

/* Names by their family and then as they are written; addresses where their names are on average, so that few lines cross. */
function clusterOrder(cluster, edges, familyOf) {
    const names = [...cluster.names].sort((a, b) => byText(familyOf(a), familyOf(b)) || byText(a, b));
    const place = new Map(names.map((name, i) => [name, i]));
    const mean = (address) => {
        const at = names.filter((name) => edges.get(name).has(address)).map((name) => place.get(name));
        return at.length > 0 ? at.reduce((sum, n) => sum + n, 0) / at.length : names.length / 2;
    };
    return {names, addresses: [...cluster.addresses].sort((a, b) => mean(a) - mean(b) || byText(a, b))};
}

function cut(text, characters) {
    const seen = [...visible(text)];
    return seen.length > characters ? seen.slice(0, characters - 1).join('') + '…' : seen.join('');
}

function clusterGraph(cluster, familyOf, choose) {
    const edges = clusterEdges(cluster);
    const {names, addresses} = clusterOrder(cluster, edges, familyOf);
    return drawn((width) => {
        const rows = Math.max(names.length, addresses.length);
        const y = (i, n) => (i + 0.5 + (rows - n) / 2) * GRAPH_ROW + 4;
        const wide = Math.min(width, 760);
        const left = wide * 0.42;
        const right = wide * 0.66;
        const letters = Math.floor(left / 8);
        const root = svg('svg', {
            class: 'graph',
            width: wide,
            height: rows * GRAPH_ROW + 8,
            role: 'img',
            'aria-label':
                count(names.length, 'name', 'names') +
                ' at ' +
                count(addresses.length, 'address', 'addresses') +
                ': ' +
                names
                    .map(
                        (name) =>
                            visible(name) +
                            ' (' +
                            (visible(familyOf(name)) || 'no family') +
                            ') at ' +
                            ([...edges.get(name)].join(', ') || 'one of them'),
                    )
                    .join('; '),
        });
        names.forEach((name, i) => {
            const from = y(i, names.length);
            const to = edges.get(name).size > 0 ? edges.get(name) : new Set(addresses);
            for (const address of to)
                root.append(
                    svg('path', {
                        class: 'edge ' + familyStyle(familyOf(name)) + (edges.get(name).size > 0 ? '' : ' guessed'),
                        d:
                            'M' +
                            left +
                            ',' +
                            from +
                            'C' +
                            (left + right) / 2 +
                            ',' +
                            from +
                            ' ' +
                            (left + right) / 2 +
                            ',' +
                            y(addresses.indexOf(address), addresses.length) +
                            ' ' +
                            right +
                            ',' +
                            y(addresses.indexOf(address), addresses.length),
                    }),
                );
        });
        names.forEach((name, i) =>
            root.append(
                svg(
                    'g',
                    {class: 'node', click: () => choose(name)},
                    svg('title', null, visible(name)),
                    svg('text', {x: left - 14, y: y(i, names.length) + 4, 'text-anchor': 'end'}, cut(name, letters)),
                    mark(familyOf(name), {transform: 'translate(' + left + ',' + y(i, names.length) + ')'}),
                ),
            ),
        );
        addresses.forEach((address, i) =>
            root.append(
                svg(
                    'g',
                    {class: 'node', click: () => choose(address)},
                    svg('title', null, visible(address)),
                    svg('circle', {class: 'address', cx: right, cy: y(i, addresses.length), r: 5}),
                    svg(
                        'text',
                        {x: right + 12, y: y(i, addresses.length) + 4},
                        cut(address, Math.floor((wide - right - 12) / 8)),
                    ),
                ),
            ),
        );
        return root;
    });
}

function clusterCard(cluster, familyOf) {
    const now = cluster.now;
    const places = texts(now.as_numbers)
        .map((n) => 'AS' + n)
        .concat(texts(now.countries).map(visible))
        .join(', ');
    return el(
        'article',
        {class: 'card cluster'},
        el(
            'h3',
            null,
            riskBadge(now.score),
            ' ',
            count(cluster.names.length, 'name', 'names') + ', ' + count(cluster.addresses.length, 'address', 'addresses'),
            ' ',
            cluster.families.map(familyChip),
        ),
        el('p', {class: 'reason'}, wire(now.reason || '')),
        clusterGraph(cluster, familyOf, (q) => go({q, at: 'hits'})),
        terms([
            ['clients', now.clients !== undefined ? String(now.clients) : ''],
            ['first, last', utc(cluster.first) + ' – ' + utc(cluster.last)],
            ['networks', places],
            ['cluster', el('code', {class: 'wire'}, visible(cluster.id))],
        ]),
        el(
            'p',
            {class: 'acts'},
            copyButtons(() => cluster.hits, 'this cluster'),
        ),
    );
}
