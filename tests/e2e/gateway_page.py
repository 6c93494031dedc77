"""Uses the page of a gateway as a person would: python3 gateway_page.py URL FOLDER. The folder has `a file`; the key
that the page shows for it goes to `key` in it, and the file that the page saves to `saved`."""
import os
import pathlib
import sys
import time

from browser import Browser

url, folder = sys.argv[1:]
work = pathlib.Path(folder)
TOKEN = "0123456789abcdef0123456789abcdef"
TEXT = "document.getElementById('%s').textContent"


def contrast(browser, selector):
    """Of the text of an element on the page's card (WCAG 2)."""
    return browser.run("""(() => {
        const light = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map((c) => c / 255)
            .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
            .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
        const of = document.querySelector('%s');
        const a = light(getComputedStyle(of).color);
        const b = light(getComputedStyle(of.closest('section') || document.body).backgroundColor);
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    })()""" % selector)


with Browser() as browser:
    browser.open(url)
    browser.wait(TEXT % "figures" + ".includes('skad-test')")
    browser.wait("document.querySelectorAll('#bins rect.bar').length > 0")
    for selector in ("h1", "#verdict", "dt", ".hint"):
        assert contrast(browser, selector) >= 4.5, (selector, contrast(browser, selector))

    # A lookup, by keyboard alone: the first stop of the tabulator is its field.
    browser.press("Tab", 9)
    assert browser.run("document.activeElement.id") == "target"
    browser.press("Enter", 13)
    browser.wait(TEXT % "lookup-says" + ".includes('paths agree')")
    assert browser.run("document.querySelectorAll('#paths circle.answered').length") >= 8
    assert browser.run("[...document.querySelectorAll('#paths text')].some((t) => t.textContent === 'path 2')")
    assert browser.run("document.querySelectorAll('#steps tr').length") >= 8
    browser.run("document.getElementById('target').value = 'xyz'; document.querySelector('#lookup button').click()")
    assert browser.run("document.querySelector('#target:invalid') !== null")

    # Putting needs the token, and says so.
    root = browser.call("DOM.getDocument")["root"]["nodeId"]
    field = browser.call("DOM.querySelector", nodeId=root, selector="#file")["nodeId"]
    browser.call("DOM.setFileInputFiles", nodeId=field, files=[str(work / "a file")])
    browser.run("document.querySelector('#put button').click()")
    browser.wait(TEXT % "put-says" + ".includes('token')")
    assert browser.run("document.activeElement.id") == "token"
    browser.type("wrong" + TOKEN)
    browser.run("document.querySelector('#put button').click()")
    browser.wait(TEXT % "put-says" + ".includes('not the token')")
    browser.run("document.getElementById('token').select()")
    browser.type(TOKEN)

    # The file is dropped.
    where = browser.run("""(() => { const r = document.getElementById('drop').getBoundingClientRect();
                                    return [r.x + r.width / 2, r.y + 10]; })()""")
    data = {"items": [], "files": [str(work / "a file")], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        browser.call("Input.dispatchDragEvent", type=kind, x=where[0], y=where[1], data=data)
    browser.wait(TEXT % "put-says" + ".includes('is stored')")
    key = browser.run("document.querySelector('#put-says code').textContent")
    (work / "key").write_text(key)
    assert browser.run("document.getElementById('key').value") == key

    # And saved.
    downloads = work / "downloads"
    downloads.mkdir()
    session, browser.session = browser.session, None
    browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))
    browser.session = session
    browser.run("document.querySelector('#get button').click()")
    browser.wait(TEXT % "get-says" + ".includes('found 50.0 kB')")
    saved = downloads / key[:12]
    end = time.monotonic() + 30
    while not saved.exists():
        assert time.monotonic() < end, os.listdir(downloads)
        time.sleep(0.05)
    saved.rename(work / "saved")
    browser.run("document.getElementById('key').value = '0'.repeat(64); document.querySelector('#get button').click()")
    browser.wait("document.getElementById('get-says').className === 'bad'")

    # Nothing from outside, nothing against the policy; a page in the gateway's name runs no other script.
    assert all(asked.startswith((url, "data:")) for asked in browser.asked()), browser.asked()
    complaints = [c for c in browser.complaints() if "status of 40" not in str(c)]
    assert complaints == [], complaints
    blocked = browser.run("""new Promise((done) => {
        document.addEventListener('securitypolicyviolation', () => done(true));
        setTimeout(() => done(false), 2000);
        const script = document.createElement('script');
        script.textContent = 'window.ran = 1';
        document.head.append(script);
    })""")
    assert blocked and browser.run("window.ran === undefined")

with Browser(dark=True) as browser:
    browser.open(url)
    browser.wait("document.querySelectorAll('#bins rect.bar').length > 0")
    for selector in ("h1", "#verdict", "dt", ".hint"):
        assert contrast(browser, selector) >= 4.5, (selector, contrast(browser, selector))
print("the page works")
