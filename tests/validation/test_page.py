"""The page of a report shows the summary's values and no others, in a browser too."""

import json
import os
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from reports import Page, check_values, tiny_network


def test_every_number_on_the_page_is_in_the_summary(made):
    output, _ = made
    summary = json.loads((output / "summary.json").read_text())
    page = Page((output / "index.html").read_text())
    check_values(page.values, summary)


def test_names_and_notes_are_never_markup(made):
    output, _ = made
    page = Page((output / "index.html").read_text())
    assert "x" not in [image["src"] for image in page.images]
    assert all(image["src"].startswith("data:image/") for image in page.images)
    assert page.tags.count("script") == 1
    assert all(len(image["alt"]) > 40 for image in page.images)


def test_nothing_is_loaded_from_elsewhere(made):
    text = (made[0] / "index.html").read_text()
    assert "http://" not in text.replace("http-equiv", "")
    assert "https://" not in text


PROBE = """
<script>
addEventListener("load", () => {
  for (const choice of document.querySelectorAll("details")) {
    choice.removeAttribute("name");
    choice.open = true;
  }
  const sizes = [...document.images].map((image) => [image.naturalWidth, image.clientHeight]);
  const sorter = document.querySelector("table[data-table=layers] th:nth-child(2) button");
  sorter.click();
  const first = document.querySelector("table[data-table=layers] tbody data").value;
  document.body.dataset.probe = JSON.stringify({sizes, first, title: document.title,
    wide: document.documentElement.scrollWidth > innerWidth});
});
</script>
"""


def browser():
    return (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )


@pytest.mark.skipif(browser() is None, reason="no Chromium to open the page with")
@pytest.mark.parametrize("width", [390, 1200])
def test_the_page_works_in_a_browser(made, tmp_path, width):
    output, _ = made
    summary = json.loads((output / "summary.json").read_text())
    probed = tmp_path / "index.html"
    text = (output / "index.html").read_text()
    probed.write_text(text.replace("</body>", PROBE + "</body>"))
    done = subprocess.run(
        [
            browser(),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--enable-logging=stderr",
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--window-size={width},900",
            "--dump-dom",
            probed.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "HOME": str(tmp_path)},
        check=False,
    )
    assert "CONSOLE" not in done.stderr, done.stderr
    found = ProbedBody(done.stdout).probe
    assert len(found["sizes"]) == text.count("<figure")
    assert all(natural > 100 and shown > 100 for natural, shown in found["sizes"])
    assert found["first"] == "second"  # sorted by the number of neurons
    assert found["title"] == f"{tiny_network().name}: Brian2 against the discrete analysis"
    assert not found["wide"]
    check_values(Page(done.stdout).values, summary)


class ProbedBody(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.probe = None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "body":
            self.probe = json.loads(dict(attributes)["data-probe"])
