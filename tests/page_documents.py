"""Documents for tests/page: every field that a network can fill, filled with what it should not be; and very many."""
import json

EVERYWHERE = ('domain', 'beacon', 'payload', 'ioc')
HUGE = '<b>' + 'A' * 20000

# What is on the wire, how it is to be seen, why it is tried.
HOSTILE = [
    (
        '</script><script>pwned=1;alert(1)</script>',
        '</script><script>pwned=1;alert(1)</script>',
        'ends the data’s script element',
    ),
    ('</SCRIPT\t><img src=x onerror=alert(1)>', '</SCRIPT⟨U+0009⟩><img src=x onerror=alert(1)>', 'an end tag in another form'),
    ('<!--<script>', '<!--<script>', 'begins a comment, after which end tags do not count (script data double escaped)'),
    (']]>--!><svg/onload=alert(1)>', ']]>--!><svg/onload=alert(1)>', 'ends a comment or CDATA, then an element that loads'),
    (
        '<img src=//evil.example/x onerror=alert(1)>',
        '<img src=//evil.example/x onerror=alert(1)>',
        'an image asks the network and fails into a script',
    ),
    ('"><script>alert(1)</script>', '"><script>alert(1)</script>', 'ends an attribute in double quotes'),
    ("' autofocus onfocus=alert(1) x='", "' autofocus onfocus=alert(1) x='", 'ends an attribute in single quotes'),
    ('` onmouseover=alert(1) `', '` onmouseover=alert(1) `', 'backquotes, which some parsers take for quotes'),
    ('javascript:alert(document.domain)//', 'javascript:alert(document.domain)//', 'a URL that is a script'),
    ('data:text/html,<script>alert(1)</script>', 'data:text/html,<script>alert(1)</script>', 'a URL that is a page'),
    ('&lt;b&gt;&amp;&#x3c;script&#x3e;', '&lt;b&gt;&amp;&#x3c;script&#x3e;', 'entities: decoded once too often they are markup'),
    ('\\u003cscript\\u003ealert(1)', '\\u003cscript\\u003ealert(1)', 'escapes of JSON: undone once too often they are markup'),
    ('a\u2028b\u2029c', 'a⟨U+2028⟩b⟨U+2029⟩c', 'line separators, which end a line of old JavaScript'),
    ('evil\u202egpj.exe', 'evil⟨U+202E⟩gpj.exe', 'an override turns exe.jpg out of gpj.exe'),
    ('a\u2066b\u2069\u200fc', 'a⟨U+2066⟩b⟨U+2069⟩⟨U+200F⟩c', 'isolates and marks reorder what stands around them'),
    ('pay\u200bpal\u00ad.com\ufeff', 'pay⟨U+200B⟩pal⟨U+00AD⟩.com⟨U+FEFF⟩', 'characters without width make two names look alike'),
    (
        'a\u0000b\u001b[31mc\u007f\u0085',
        'a⟨U+0000⟩b⟨U+001B⟩[31mc⟨U+007F⟩⟨U+0085⟩',
        'NUL, an escape sequence, DEL and a C1 control',
    ),
    ('tag\U000e0041\U000e007f', 'tag⟨U+E0041⟩⟨U+E007F⟩', 'invisible tag characters carry text nobody sees'),
    ('=cmd|\' /C calc\'!A0', '=cmd|\' /C calc\'!A0', 'a formula in a spreadsheet'),
    ('@SUM(1+1)*cmd|x', '@SUM(1+1)*cmd|x', 'the same by another first character'),
    ('a"b,c\nd\r\ne;f', 'a"b,c⟨U+000A⟩d⟨U+000D⟩⟨U+000A⟩e;f', 'quotes, commas and line ends break rows of CSV'),
    ("x' OR file:name = 'y", "x' OR file:name = 'y", 'ends a string of a STIX pattern'),
    ('__proto__', '__proto__', 'a key of every object'),
    ('constructor', 'constructor', 'another'),
    ('{{7*7}}${7*7}<%= 7*7 %>', '{{7*7}}${7*7}<%= 7*7 %>', 'templates of three languages, and the marks of our own'),
    (HUGE, '<b>' + 'A' * 2045, 'twenty thousand letters without a space, cut'),
    ('日本語 Ελληνικά 😀 العربية', '日本語 Ελληνικά 😀 العربية', 'honest text of other scripts stays as it is'),
]


def document(kind, name, text):
    """One of a kind in EVE, each text field the same text."""
    t = text
    own = {
        'domain': {
            'name': t,
            'registered_domain': t,
            'label': t,
            'alternation': 1,
            'ngram_bits': 6.2,
            'grammar': True,
            'seen_in': t,
            'resolved_ip': [t, t],
        },
        'beacon': {'shape': t, 'parameters': [t, 'a=' + t], 'decoded': t, 'period_s': 43200.5, 'count': 7},
        'payload': {
            'kind': t,
            'cipher': t,
            'key': t,
            'key_length': 4,
            'layers': [t],
            'offset': 0,
            'size': 12288,
            'size_declared': 99999,
            'complete': True,
            'pe': {'type': t, 'machine': t, 'timestamp': '2020-07-13T00:00:00.000000Z', 'sections': 3},
            'sha1': t,
            'sha256': t,
            'preview': t + '\n' + t,
        },
        'ioc': {
            'type': t if len(t) % 2 else 'domain-name',
            'name': t,
            'provider': t,
            'description': t,
            'seen_in': t,
            'resolved_ip': [t],
        },
        'cluster': {
            'id': name,
            'merged': [t],
            'domains': [t, t + '2'],
            'ips': [t, '192.0.2.1'],
            'families': [t],
            'as': [1],
            'countries': [t],
            'clients': 2,
            'first_seen': '2020-07-13T00:00:00.000000Z',
            'last_seen': '2020-07-14T00:00:00.000000Z',
        },
        'incident': {
            'id': name,
            'stage': t,
            'aggregator': True,
            'evidence': [t, '2020-07-13 09:14:05 ioc, 14.0 bits: ' + t + ' (3 times)'],
            'evidence_ids': [t, t],
            'names': [t],
            'servers': [t],
            'as': [1],
            'countries': [t],
            'first_seen': '2020-07-13T00:00:00.000000Z',
            'last_seen': '2020-07-14T00:00:00.000000Z',
        },
    }
    return {
        'timestamp': '2020-07-13T09:14:05.000001+0000',
        'event_type': 'alert',
        'src_ip': t,
        'src_port': 1,
        'dest_ip': t,
        'dest_port': 80,
        'proto': t,
        'community_id': t,
        'app_proto': t,
        'host': t,
        'dns': {'rrname': t},
        'tls': {'sni': t},
        'http': {
            'hostname': t,
            'http_port': 80,
            'url': t,
            'http_method': t,
            'http_user_agent': t,
            'http_content_type': t,
            'status': 200,
            'length': 5,
        },
        'radome': {
            'schema': 1,
            'kind': kind,
            'id': name,
            'risk_score': 94,
            'reason': t,
            'evidence_bits': 14,
            'families': [t],
            'techniques': [t],
            'destination': {'as': {'number': 64496, 'organization': {'name': t}}, 'geo': {'country_iso_code': t}},
            'repeat': {
                'count': 3,
                'total': 9,
                'first_seen': '2020-07-12T09:14:05.000000Z',
                'last_seen': '2020-07-13T09:14:05.000000Z',
            },
            kind: own[kind],
        },
    }


def as_ecs(eve):
    """The same in ECS: a name and a URL for their own sakes."""
    radome, text = eve['radome'], eve['radome']['reason']
    return {
        '@timestamp': '2020-07-13T09:14:05.000001Z',
        'event': {'dataset': 'radome.' + radome['kind'], 'id': radome['id'] + '-ecs'},
        'observer': {'name': text},
        'source': {'ip': text, 'port': 1},
        'destination': {'ip': text, 'port': 80},
        'network': {'transport': text, 'protocol': text, 'community_id': text},
        'dns': {'question': {'name': text}},
        'tls': {'client': {'server_name': text}},
        'url': {'original': text, 'domain': text, 'port': 80},
        'user_agent': {'original': text},
        'http': {'request': {'method': text}, 'response': {'status_code': 200, 'mime_type': text, 'body': {'bytes': 5}}},
        'radome': {**radome, 'id': radome['id'] + '-ecs'},
    }


def wrong_types():
    """Documents whose fields are of other types than radome's, or at the ends of what they can be."""
    made = []
    for i, value in enumerate(
        (None, True, [], {}, 0, -1, 1e308, '9' * 400, [[]], [{'__proto__': {'polluted': 1}}], {'__proto__': {'polluted': 1}})
    ):
        for kind in (*EVERYWHERE, 'cluster', 'incident'):
            whole = document(kind, f'wrong-{kind}-{i}', 'x')
            for part in (whole, whole['radome'], whole['radome'][kind], whole['http']):
                for key in part:
                    if key not in ('timestamp', 'radome', 'kind', 'id', kind, 'http') or part is whole['radome'][kind]:
                        part[key] = value
            made.append(whole)
    for i, when in enumerate(('9999-12-31T23:59:59.999999Z', '1970-01-01T00:00:00.000000Z')):
        whole = document('beacon', f'when-{i}', 'x')
        whole['timestamp'] = when
        made.append(whole)
    return made


def hostile_documents():
    made = []
    for i, (text, _, _) in enumerate(HOSTILE):
        for kind in (*EVERYWHERE, 'cluster', 'incident'):
            eve = document(kind, f'{kind}-{i}', text)
            made += [eve, as_ecs(eve)]
    made += wrong_types()
    polluted = b'{"timestamp":"2020-07-13T00:00:00Z","__proto__":{"polluted":1},"radome":{"kind":"ioc","id":"p","__proto__":{"polluted":1},"ioc":{"__proto__":{"polluted":1},"type":"__proto__","name":"x"}}}'
    return made + [
        polluted,
        b'{"radome":{"kind":"</script><script>alert(1)</script>"}}',
        b'</script><script>alert(1)</script>',
        b'{"timestamp":"2020-07-13T00:00:01Z","src_ip":"a\xff\xfe<b>","radome":{"kind":"ioc","id":"u","reason":"\xc0\xaf\xed\xa0\x80"}}',
    ]


def many(count):
    """So many hits of a thousand clients over half a year, as text."""
    kinds = EVERYWHERE
    families = ('DealPly', 'IsErIk', 'ManageX', '')
    names = ('wagng.com', 'tuwoqol.com', 'qamopo.com', 'gutoqaj.com', 'daqah.com')
    for n in range(count):
        kind, name = kinds[n % 4], names[n // 7 % 5]
        second = n * 15552000 // count
        day, rest = divmod(second, 86400)
        month, day = divmod(day, 30)
        own = {
            'domain': {'name': name, 'label': name[:-4], 'alternation': 1, 'ngram_bits': 6.2, 'grammar': True, 'seen_in': 'dns'},
            'beacon': {'shape': 'pcrc-query', 'parameters': ['v=2.2', f'pcrc={n}'], 'decoded': f'?v=2.2&pcrc={n}'},
            'payload': {
                'kind': 'dll',
                'cipher': 'xor',
                'key': '050b020e',
                'key_length': 4,
                'offset': 0,
                'size': 12288,
                'complete': True,
                'sha256': f'{n % 50:064x}',
            },
            'ioc': {
                'type': 'domain-name',
                'name': name,
                'provider': 'Trend Micro 2020',
                'description': 'server',
                'seen_in': 'dns',
            },
        }[kind]
        yield json.dumps(
            {
                'timestamp': f'2020-{month + 1:02}-{day + 1:02}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}.000000+0000'
                if not (month == 1 and day > 27)
                else f'2020-02-28T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}.000000+0000',
                'event_type': 'alert',
                'src_ip': f'client-{n % 1000}',
                'src_port': 1024 + n % 60000,
                'dest_ip': f'203.0.113.{n % 250}',
                'dest_port': 80,
                'proto': 'TCP',
                'app_proto': 'http',
                'host': 'sensor',
                'community_id': '1:LQU9qZlK+B5F3KDmev6m5PMibrg=',
                'http': {
                    'hostname': name,
                    'url': f'/?v=2.2&pcrc={n}&rv=4.0&r=1',
                    'http_method': 'POST',
                    'http_user_agent': 'Mozilla/4.0 (compatible; Win32; WinHttp.WinHttpRequest.5)',
                    'status': 200,
                    'length': 2220,
                },
                'radome': {
                    'schema': 1,
                    'kind': kind,
                    'id': f'{n:032x}',
                    'risk_score': 50 + n % 51,
                    'evidence_bits': 18,
                    'reason': f'POST to {name}: exactly the request of IsErIk\'s script, number {n}',
                    'families': [families[n % 3]],
                    'techniques': ['T1071.001', 'T1041'],
                    kind: own,
                },
            }
        ).encode()
    for n in range(1000):
        yield json.dumps(
            {
                'timestamp': '2020-06-30T00:00:00.000000+0000',
                'src_ip': f'client-{n}',
                'host': 'sensor',
                'radome': {
                    'schema': 1,
                    'kind': 'incident',
                    'id': f'i{n}',
                    'risk_score': 99,
                    'evidence_bits': 40 + n % 50,
                    'reason': f'client-{n} shows the marks of IsErIk',
                    'families': ['IsErIk'],
                    'incident': {
                        'id': f'incident-{n}',
                        'stage': 'beacon',
                        'evidence': ['2020-01-02 00:00:00 beacon, 18.0 bits: POST to wagng.com'],
                        'evidence_ids': [f'{n:032x}'],
                        'names': ['wagng.com'],
                        'first_seen': '2020-01-01T00:00:00.000000Z',
                        'last_seen': '2020-06-30T00:00:00.000000Z',
                    },
                },
            }
        ).encode()
