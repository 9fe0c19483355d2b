"""Headless Chromium, driven over two pipes by its own protocol (CDP): no port, no driver, no other package.

A page notes what it should never do: dialogs, requests, errors, violations of its policy."""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

FLAGS = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-quic',
    '--disable-dev-shm-usage',
    '--hide-scrollbars',
    '--remote-debugging-pipe',
]
PATIENCE = 120  # seconds for one answer; a busy machine is slow, a hung one is not waited for


class Browser:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix='radome-chromium-')
        to_read, self.to = os.pipe()
        self.come, from_write = os.pipe()
        high = [os.dup(to_read), os.dup(from_write)]  # so that the two below do not close what they copy

        def place():  # it reads from 3 and writes to 4
            spare = [os.dup2(fd, at) for fd, at in ((high[0], 30), (high[1], 31))]
            os.dup2(spare[0], 3)
            os.dup2(spare[1], 4)

        self.process = subprocess.Popen(
            ['chromium', *FLAGS, '--user-data-dir=' + self.folder, 'about:blank'],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=place,
            pass_fds=(3, 4),
            start_new_session=True,
        )
        for fd in (to_read, from_write, *high):
            os.close(fd)
        self.number = 0
        self.rest = b''
        self.events = []

    def message(self, deadline):
        while b'\0' not in self.rest:
            if not select.select([self.come], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError('Chromium does not answer')
            more = os.read(self.come, 1 << 20)
            if not more:
                raise EOFError('Chromium has ended')
            self.rest += more
        text, self.rest = self.rest.split(b'\0', 1)
        return json.loads(text)

    def send(self, method, session, parameters):
        self.number += 1
        command = {'id': self.number, 'method': method, 'params': parameters}
        if session:
            command['sessionId'] = session
        data = json.dumps(command).encode() + b'\0'
        while data:
            data = data[os.write(self.to, data) :]
        return self.number

    def call(self, method, session=None, **parameters):
        asked = self.send(method, session, parameters)
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = self.message(deadline)
            if answer.get('id') == asked:
                if 'error' in answer:
                    raise RuntimeError(method + ': ' + answer['error']['message'])
                return answer['result']
            if 'method' in answer:
                self.events.append(answer)
                if answer['method'] == 'Page.javascriptDialogOpening':
                    self.send('Page.handleJavaScriptDialog', answer['sessionId'], {'accept': False})

    def close(self):
        try:
            self.call('Browser.close')
            self.process.wait(20)
        except (OSError, EOFError, TimeoutError, RuntimeError, subprocess.TimeoutExpired):
            pass
        try:
            os.killpg(self.process.pid, 9)  # its own children, which are a group of their own
        except ProcessLookupError:
            pass
        self.process.wait()
        os.close(self.to)
        os.close(self.come)
        shutil.rmtree(self.folder, ignore_errors=True)

    def page(self, width=1440, height=900, scheme='light', phone=False):
        return Page(self, width, height, scheme, phone)


class Page:
    drawn = 'true'  # what holds once a page has drawn itself

    def __init__(self, browser, width, height, scheme, phone):
        self.browser = browser
        context = browser.call('Target.createBrowserContext')['browserContextId']
        self.target = browser.call('Target.createTarget', url='about:blank', browserContextId=context)['targetId']
        self.session = browser.call('Target.attachToTarget', targetId=self.target, flatten=True)['sessionId']
        for domain in ('Page', 'Runtime', 'Log', 'Network', 'DOM', 'Accessibility'):
            self.call(domain + '.enable')
        browser.call(
            'Browser.grantPermissions', browserContextId=context, permissions=['clipboardReadWrite', 'clipboardSanitizedWrite']
        )
        self.size(width, height, phone)
        self.scheme(scheme)

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def size(self, width, height, phone=False):
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1, mobile=phone)

    def scheme(self, scheme, media=''):
        self.call('Emulation.setEmulatedMedia', media=media, features=[{'name': 'prefers-color-scheme', 'value': scheme}])

    def events(self, *methods):
        return [
            event['params']
            for event in self.browser.events
            if event.get('sessionId') == self.session and event['method'] in methods
        ]

    def open(self, url):
        self.call('Page.navigate', url=url)
        self.until("document.documentElement.dataset.ready === 'yes'")
        self.settle()

    def run(self, expression):
        answer = self.call('Runtime.evaluate', expression=expression, returnByValue=True, awaitPromise=True, userGesture=True)
        if 'exceptionDetails' in answer:
            raise RuntimeError(expression[:200] + ': ' + answer['exceptionDetails'].get('exception', {}).get('description', '?'))
        return answer['result'].get('value')

    def until(self, expression):
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                if self.run(expression):
                    return True
            except RuntimeError:
                pass  # between two pages
            if time.monotonic() > deadline:
                raise TimeoutError('never so: ' + expression)
            time.sleep(0.02)

    def settle(self):
        """Two frames, and whatever is drawn later than that."""
        self.run('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0))))')
        self.until(self.drawn)

    def key(self, key):
        named = {
            'Enter': ('\r', 13),
            'Tab': (None, 9),
            'Escape': (None, 27),
            'ArrowDown': (None, 40),
            'ArrowUp': (None, 38),
            'Home': (None, 36),
            'End': (None, 35),
        }
        text, number = named.get(key, (key, ord(key[0])))
        down = {'type': 'keyDown' if text else 'rawKeyDown', 'key': key, 'windowsVirtualKeyCode': number}
        if text:
            down['text'] = text
        self.call('Input.dispatchKeyEvent', **down)
        self.call('Input.dispatchKeyEvent', type='keyUp', key=key, windowsVirtualKeyCode=number)
        self.settle()

    def type(self, text):
        self.call('Input.insertText', text=text)

    def shot(self, path):
        with open(path, 'wb') as out:
            out.write(base64.b64decode(self.call('Page.captureScreenshot', format='png')['data']))

    def close(self):
        self.browser.call('Target.closeTarget', targetId=self.target)
