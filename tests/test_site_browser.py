"""The site in a real browser, opened as files: it must work where nothing is served.

Needs Chromium and its driver; skipped without them.
"""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import unquote

import pytest
from chromium import NEEDS, opened, resize
from commands import invoke
from finished_runs import put_method
from site_world import write_world

pytest.importorskip("selenium.webdriver")
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

pytestmark = NEEDS
PAGES = ("index.html", "ranking.html", "gallery.html", "method-alpha.html")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    root = write_world(tmp_path_factory.mktemp("world"))
    out = root / "site"
    invoke("report", root / "runs", "--data", root / "data", "--out", out)
    return out


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("profile")) as window:
        yield window


@pytest.fixture
def browser(window):
    """A window of desktop size in light colours, with empty logs and storage."""
    resize(window, 1280, 900)
    colours(window, "light")
    window.get("about:blank")
    window.get_log("browser")
    window.get_log("performance")
    return window


def colours(window, scheme, media=""):
    feature = {"name": "prefers-color-scheme", "value": scheme}
    window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": [feature]})


def visit(window, site, page):
    window.get("about:blank")  # an address that differs in its fragment alone would not load
    name, mark, fragment = page.partition("#")
    window.get((site / name).resolve().as_uri() + mark + fragment)


def document_of(window):
    return json.loads(window.find_element(By.ID, "data").get_attribute("textContent"))


def press(window, *keys):
    ActionChains(window).send_keys(*keys).perform()


def leave_dialog(window):
    """Escape closes it a moment later; only then has the page its keys back."""
    press(window, Keys.ESCAPE)
    is_open = "return document.getElementById('keys').open"
    WebDriverWait(window, 10, 0.02).until(lambda w: not w.execute_script(is_open))


def all_of(window, css):
    return window.find_elements(By.CSS_SELECTOR, css)


def requested(window):
    """Addresses of all requests since the log was read last."""
    found = []
    for entry in window.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            found.append(message["params"]["request"]["url"])
    return found


# --- every page -----------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_pages_load_without_a_complaint_or_a_request_elsewhere(browser, site, page):
    visit(browser, site, page)
    if page == "gallery.html":
        press(browser, "h", Keys.ARROW_RIGHT, "b", Keys.END)
    assert browser.get_log("browser") == []
    root = site.resolve().as_uri()
    addresses = [a for a in requested(browser) if not a.startswith(("about:", "data:"))]
    assert addresses, "the log shows requests"
    for address in addresses:
        assert address.startswith(root + "/"), address
        assert Path(unquote(address.removeprefix("file://")).partition("#")[0]).is_file()


@pytest.mark.parametrize("page", PAGES)
def test_no_page_scrolls_sideways(browser, site, page):
    visit(browser, site, page)
    for width in (1280, 360):
        resize(browser, width, 740)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        # What is wider than its box scrolls inside it, and can be reached by the keyboard.
        stuck = """return [...document.querySelectorAll(".scroll, .plotbox")].filter(
            (box) => box.scrollWidth > box.clientWidth && box.tabIndex !== 0).length"""
        assert browser.execute_script(stuck) == 0


COLOURS = """
  const light = (c) => { c /= 255; return c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4; };
  const luminance = ([r, g, b]) => .2126 * light(r) + .7152 * light(g) + .0722 * light(b);
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const contrast = (one, other) => {
    const [a, b] = [luminance(parse(one)), luminance(parse(other))];
    return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
  };
"""
POOR_TEXT = (
    COLOURS
    + """
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor;
      if (parse(c).length < 4 || parse(c)[3] === 1) return c;
    }
    return "rgb(255, 255, 255)";
  };
  const poor = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; (n = walk.nextNode());) {
    const e = n.parentElement;
    if (!n.textContent.trim() || !e.getClientRects().length) continue;
    if (["SCRIPT", "STYLE", "title"].includes(e.tagName)) continue;
    if (e.closest(".faint, .on, .sr")) continue;
    const style = getComputedStyle(e);
    const ink = e.namespaceURI.endsWith("svg") ? style.fill : style.color;
    const ratio = contrast(ink, ground(e));
    if (ratio < 4.5) poor.push([n.textContent.trim().slice(0, 40), ratio.toFixed(2)]);
  }
  return poor;
"""
)
LINES = (
    COLOURS
    + """
  const probe = document.createElement("i");
  document.body.append(probe);
  const named = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const found = Array.from({length: 8}, (_, k) => contrast(named(`s${k}`), named("page")));
  probe.remove();
  return found;
"""
)


@pytest.mark.parametrize("page", PAGES)
def test_text_stands_out_in_light_and_dark(browser, site, page):
    visit(browser, site, page)
    for scheme in ("light", "dark"):
        colours(browser, scheme)
        assert browser.execute_script(POOR_TEXT) == [], scheme
        # Lines of plots; the third fills squares with text in the colour of the page on them.
        lines = browser.execute_script(LINES)
        assert min(lines) >= 3 and lines[2] >= 4.5, scheme


@pytest.mark.parametrize("page", PAGES)
def test_what_can_be_used_has_a_name_and_headings_have_an_order(browser, site, page):
    visit(browser, site, page)
    for element in filter(
        lambda e: e.is_displayed(), all_of(browser, "button, a[href], select, input")
    ):
        assert element.accessible_name.strip(), element.get_attribute("outerHTML")
        assert not set(element.accessible_name) & set("↑↓↕")
    for picture in all_of(browser, "svg[role=img]"):
        assert picture.get_attribute("aria-label").strip()
    levels = [int(h.tag_name[1]) for h in all_of(browser, "h1, h2, h3, h4")]
    assert levels[0] == 1 and levels.count(1) == 1
    ids = browser.execute_script("return [...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    assert browser.execute_script("return document.documentElement.lang") == "en"


def test_the_first_tab_leads_to_the_content(browser, site):
    visit(browser, site, "index.html")
    press(browser, Keys.TAB)
    skip = browser.switch_to.active_element
    assert skip.text == "Skip to the content" and skip.is_displayed()
    outline = browser.execute_script("return getComputedStyle(arguments[0]).outlineStyle", skip)
    assert outline == "solid"


def test_colours_follow_the_system_and_the_choice_is_kept(browser, site):
    def ground():
        return browser.execute_script("return getComputedStyle(document.body).backgroundColor")

    def opened_in(page, colour):
        # Chromium hands on what a page stores in its own time: a few of a thousand pages that are
        # opened within milliseconds of it do not find it yet, and read it no second time.
        WebDriverWait(browser, 10, 0.1).until(
            lambda window: visit(window, site, page) or ground() == colour,
            f"{page} is not shown in {colour}",
        )

    visit(browser, site, "index.html")
    light = ground()
    browser.find_element(By.ID, "theme").click()
    dark = ground()
    assert dark != light
    opened_in("ranking.html", dark)
    browser.find_element(By.ID, "theme").click()
    assert ground() == light
    opened_in("ranking.html", light)
    browser.execute_script("localStorage.clear()")
    colours(browser, "dark")
    opened_in("index.html", dark)


def test_without_scripts_the_boards_can_be_read(browser, site):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        visit(browser, site, "index.html")
        assert "alpha" in browser.find_element(By.CSS_SELECTOR, "table").text
        assert not browser.find_element(By.ID, "theme").is_displayed()
        visit(browser, site, "gallery.html")
        assert "needs JavaScript" in browser.find_element(By.TAG_NAME, "main").text
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_paper_shows_tables_whole_on_white_without_controls(browser, site):
    resize(browser, 760, 1000)  # about A4 between its margins
    colours(browser, "dark", media="print")
    visit(browser, site, "index.html")
    style = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
    assert browser.execute_script(style, "body", "backgroundColor") == "rgb(255, 255, 255)"
    assert browser.execute_script(style, "header.top nav", "display") == "none"
    for box in all_of(browser, "section .scroll"):
        inside = browser.execute_script("return arguments[0].firstElementChild.scrollWidth", box)
        assert inside <= 760
    colours(browser, "light", media="")


def test_what_is_folded_is_on_paper(browser, site):
    visit(browser, site, "index.html")
    folded = browser.find_element(By.CSS_SELECTOR, "details.prints")
    assert folded.get_attribute("open") is None
    browser.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    assert folded.find_element(By.CSS_SELECTOR, "li").is_displayed()
    browser.execute_script("window.dispatchEvent(new Event('afterprint'))")
    assert folded.get_attribute("open") is None


def test_counts_of_surgeries_stand_beside_their_names_on_a_phone(browser, site):
    resize(browser, 360, 740)
    visit(browser, site, "method-alpha.html")
    table = browser.find_element(By.CSS_SELECTOR, "table.sortable")
    row = table.find_elements(By.CSS_SELECTOR, "tbody tr")[0]
    place = "return arguments[0].getBoundingClientRect().right"
    shown = [
        browser.execute_script(place, cell) <= 344 for cell in row.find_elements(By.XPATH, "*")
    ]
    assert sum(shown) >= 4  # surgery, F1, frames, TP


def test_a_caption_makes_no_table_wider(browser, site):
    resize(browser, 390, 800)
    visit(browser, site, "method-alpha.html")
    browser.execute_script(
        "document.querySelectorAll('caption span').forEach(s => s.textContent = 'a '.repeat(99));"
        "document.querySelectorAll('tr > :nth-child(n+3)').forEach(cell => cell.remove())"
    )
    widths = "return [...document.querySelectorAll('.scroll table')].map(t => t.offsetWidth)"
    found = browser.execute_script(widths)
    assert len(found) > 2 and max(found) <= 390


def test_the_metric_that_ranks_is_seen_first_on_a_phone(browser, site):
    resize(browser, 390, 800)
    visit(browser, site, "index.html")
    table = browser.find_element(By.CSS_SELECTOR, "table.sortable")
    heads = [h.text.split()[0] for h in table.find_elements(By.CSS_SELECTOR, "thead th")]
    assert heads.index("F1") == heads.index("Method") + 1
    ends = """return [...arguments[0].rows].map(
        (row) => row.cells[arguments[1]].getBoundingClientRect().right)"""
    assert max(browser.execute_script(ends, table, heads.index("F1"))) <= 374


def test_captions_can_be_read_on_a_phone(browser, site):
    resize(browser, 360, 740)
    visit(browser, site, "index.html")
    captions = all_of(browser, "caption > span")
    assert len(captions) == len(all_of(browser, "table.sortable"))
    for caption in captions:
        right = "return arguments[0].getBoundingClientRect().right"
        assert browser.execute_script(right, caption) <= 360


# --- boards ---------------------------------------------------------------------------------------


def column(window, title):
    """The numbers below a heading of the first board, None for a dash."""
    table = window.find_element(By.CSS_SELECTOR, "table.sortable")
    heads = [
        h.text.split("\n")[0].strip() for h in table.find_elements(By.CSS_SELECTOR, "thead th")
    ]
    place = next(i for i, text in enumerate(heads) if text.startswith(title))
    cells = [row.find_elements(By.CSS_SELECTOR, "td, th")[place]
             for row in table.find_elements(By.CSS_SELECTOR, "tbody tr")]  # fmt: skip
    return [None if c.text == "\u2013" else float(c.text.split()[0]) for c in cells]


def head(window, title):
    return next(
        b for b in all_of(window, "table.sortable thead button") if b.text.split("\n")[0] == title
    )


def test_boards_sort_by_any_column_and_dashes_stay_last(browser, site):
    visit(browser, site, "index.html")
    assert column(browser, "Rank") == [1, 2, None]
    for title in ("Precision", "Sensitivity", "F1 f2"):
        head(browser, title).click()
        values = column(browser, title)
        present = [v for v in values if v is not None]
        assert present == sorted(present, reverse=True)  # better first
        assert values[len(present):] == [None] * (len(values) - len(present))  # fmt: skip
        assert head(browser, title).find_element(By.XPATH, "..").get_attribute("aria-sort") == (
            "descending"
        )
        head(browser, title).send_keys(Keys.ENTER)
        values = column(browser, title)
        present = [v for v in values if v is not None]
        assert present == sorted(present)
        assert values[len(present):] == [None] * (len(values) - len(present))  # fmt: skip
    sorted_by = all_of(browser, "table.sortable thead th[aria-sort]")
    assert [h.text.startswith("F1 f2") for h in sorted_by if "F1 f2" in h.text] == [True]
    assert len(sorted_by) == len(all_of(browser, "table.sortable"))  # one column each
    head(browser, "Method").click()
    names = [c.text for c in all_of(browser, "table.sortable tbody th")[:3]]
    assert names == sorted(names)


def test_surgeries_sort_by_their_numbers(browser, site):
    visit(browser, site, "method-alpha.html")
    table = browser.find_element(By.CSS_SELECTOR, "table.sortable")
    cell = table.find_elements(By.CSS_SELECTOR, "tbody th")[0]
    browser.execute_script("arguments[0].textContent = 'aicm2'", cell)
    head(browser, "Surgery").click()
    names = [c.text for c in table.find_elements(By.CSS_SELECTOR, "tbody th")]
    assert names[0] == "aicm2" and len(names) == 4


def test_a_board_leads_to_its_methods_and_its_ranking_card(browser, site):
    visit(browser, site, "index.html")
    browser.find_element(By.LINK_TEXT, "alpha").click()
    assert browser.find_element(By.TAG_NAME, "h1").text == "alpha"
    visit(browser, site, "index.html")
    browser.find_element(By.LINK_TEXT, "Ranking card").click()
    target = browser.execute_script("return document.querySelector(':target').textContent")
    assert "intraop" in target


# --- gallery --------------------------------------------------------------------------------------


@pytest.fixture
def gallery(browser, site):
    visit(browser, site, "gallery.html")
    return browser


def shown(window):
    """The frame on the stage, as the document describes it."""
    name = window.find_element(By.ID, "name").text.replace(" / ", "/")
    return next(f for f in document_of(window)["frames"] if f["id"].endswith(name))


def listed(window):
    frames = {f["id"]: f for f in document_of(window)["frames"]}
    return [frames[b.get_attribute("data-id")] for b in all_of(window, "#list button")]


def test_one_method_is_laid_over_the_frames_at_first(gallery):
    ticked = [b.is_selected() for b in all_of(gallery, "#methods tbody input")]
    assert ticked == [True, False, False]
    shown_now = [g.get_attribute("data-method") for g in all_of(gallery, "#panels g.method")]
    assert shown_now == ["0"]


def test_marks_are_the_counts_of_the_score(gallery):
    press(gallery, "2", "3")
    for _ in range(5):
        frame = shown(gallery)
        for method in frame["methods"]:
            group = f"#panels g.method[data-method='{method['method']}']"
            assert len(all_of(gallery, f"{group} circle.full")) == method["tp"]
            assert len(all_of(gallery, f"{group} path.mark")) == method["fp"]
            assert len(all_of(gallery, f"{group} circle.mark.fn")) == method["fn"]
        rings = all_of(gallery, "#panels > figure > svg > circle.mark.ink-label:not(.full)")
        assert len(rings) == frame["count"]
        assert {r.get_attribute("r") for r in rings} <= {"6"}
        row = gallery.find_elements(By.CSS_SELECTOR, "#methods tbody tr")[0]
        numbers = [c.text for c in row.find_elements(By.TAG_NAME, "td")]
        assert numbers == [str(frame["methods"][0][k]) for k in ("tp", "fp", "fn")]
        press(gallery, Keys.ARROW_RIGHT)


def test_the_keyboard_goes_through_the_frames(gallery):
    frames = listed(gallery)
    assert shown(gallery) == frames[0]
    press(gallery, Keys.ARROW_RIGHT)
    assert shown(gallery) == frames[1]
    press(gallery, Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert shown(gallery) == frames[-1]
    press(gallery, Keys.HOME)
    assert shown(gallery) == frames[0]
    press(gallery, Keys.END)
    assert shown(gallery) == frames[-1]
    assert gallery.find_element(By.ID, "place").text == f"{len(frames)} of {len(frames)}"
    current = all_of(gallery, "#list button[aria-current]")
    assert [b.get_attribute("data-id") for b in current] == [frames[-1]["id"]]
    assert frames[-1]["id"] in gallery.find_element(By.ID, "said").get_attribute("textContent")


def test_frames_sort_by_disagreement_and_error_and_surgery(gallery):
    before = listed(gallery)
    assert [f["surgery"] for f in before] == sorted(f["surgery"] for f in before)
    for way, key in (("disagreement", "disagreement"), ("error", "error")):
        Select(gallery.find_element(By.ID, "sort")).select_by_value(way)
        values = [f[key] for f in listed(gallery)]
        assert values == sorted(values, reverse=True)
        assert shown(gallery)[key] == values[0]
    Select(gallery.find_element(By.ID, "sort")).select_by_value("order")
    assert listed(gallery) == before
    gallery.find_element(By.TAG_NAME, "body").click()
    press(gallery, "s")
    assert gallery.find_element(By.ID, "sort").get_attribute("value") == "disagreement"


def test_frames_can_be_narrowed_to_a_surgery(gallery):
    Select(gallery.find_element(By.ID, "surgery")).select_by_value("aicm12")
    assert {f["surgery"] for f in listed(gallery)} == {"aicm12"}
    assert shown(gallery)["surgery"] == "aicm12"


def test_methods_can_be_hidden_and_set_side_by_side(gallery):
    count = len(shown(gallery)["methods"])
    press(gallery, "2", "3")
    assert count == 2  # gamma was not run on this fold
    assert len(all_of(gallery, "#panels g.method")) == count
    press(gallery, "1")
    left = [g.get_attribute("data-method") for g in all_of(gallery, "#panels g.method")]
    assert left == ["1"]
    # A single method is drawn in the colours of outcomes, not in its own.
    assert not all_of(gallery, "#panels g.method .ink1")
    press(gallery, "1")
    press(gallery, "b")
    assert len(all_of(gallery, "#panels figure")) == count
    captions = [c.text for c in all_of(gallery, "#panels figcaption")]
    assert captions == ["alpha", "beta"]
    press(gallery, "b")
    assert len(all_of(gallery, "#panels figure")) == 1
    assert "Not scored on this frame: gamma" in gallery.find_element(By.ID, "facts").text


def test_layers_can_be_switched(gallery):
    def pictures():
        return [i.get_attribute("href") for i in all_of(gallery, "#panels svg.frame image")]

    press(gallery, Keys.ARROW_RIGHT)
    frame = shown(gallery)
    assert pictures() == [frame["image"]]
    press(gallery, "h")
    assert pictures() == [frame["image"], frame["methods"][0]["heat"]]
    loaded = """const image = new Image(); const done = arguments[1];
      image.onload = () => done(image.naturalWidth); image.onerror = () => done(0);
      image.src = arguments[0];"""
    assert gallery.execute_async_script(loaded, frame["methods"][0]["heat"]) == 128
    assert gallery.execute_async_script(loaded, frame["image"]) == 512
    press(gallery, "h")
    press(gallery, "p")
    assert pictures() == []
    press(gallery, "r")
    assert not all_of(gallery, "#panels > figure > svg > circle.mark.ink-label:not(.full)")
    assert len(all_of(gallery, "#panels > figure > svg > circle.full")) == frame["count"]
    press(gallery, "l")
    assert not all_of(gallery, "#panels > figure > svg > circle.full")


def test_keys_are_explained_and_the_dialog_closes(gallery):
    press(gallery, "?")
    dialog = gallery.find_element(By.ID, "keys")
    assert dialog.is_displayed() and "next, previous frame" in dialog.text
    before = shown(gallery)
    press(gallery, Keys.ARROW_RIGHT)
    assert shown(gallery) == before  # keys are for the dialog while it is open
    leave_dialog(gallery)
    assert not dialog.is_displayed()


def test_keys_do_not_take_over_what_is_typed_into_a_list(gallery):
    gallery.find_element(By.ID, "sort").send_keys("p", Keys.END)
    assert gallery.find_element(By.ID, "image").is_selected()
    assert gallery.find_element(By.ID, "sort").get_attribute("value") == "error"
    assert shown(gallery) == listed(gallery)[0]


def test_the_address_names_the_frame(browser, site):
    visit(browser, site, "gallery.html")
    press(browser, *[Keys.ARROW_RIGHT] * 6)
    wanted = shown(browser)
    address = settled(browser)
    assert unquote(address) == wanted["id"]
    visit(browser, site, f"gallery.html#{address}")
    assert shown(browser) == wanted
    for bad in ("nothing/like/it", "%E0%A4%A", "%3Cscript%3E"):
        visit(browser, site, f"gallery.html#{bad}")
        assert shown(browser) == listed(browser)[0]
        assert unquote(settled(browser)) == listed(browser)[0]["id"]
        assert browser.get_log("browser") == []


def settled(window):
    """The fragment of the address, once it names the frame that is shown."""
    WebDriverWait(window, 5).until(
        lambda w: unquote(w.current_url.partition("#")[2]) == shown(w)["id"]
    )
    return window.current_url.partition("#")[2]


def test_an_address_leads_to_the_frame_not_to_its_place_in_the_list(browser, site):
    resize(browser, 390, 700)
    visit(browser, site, "gallery.html")
    last = listed(browser)[-1]["id"]
    visit(browser, site, f"gallery.html#{last}")
    assert shown(browser)["id"] == last
    assert browser.execute_script("return scrollY") == 0


def test_a_key_held_down_leaves_the_right_address(gallery):
    """Chromium ignores, with a warning, what changes the address more than 200 times in a row."""
    hold = """const key = {key: "ArrowRight", bubbles: true};
      for (let i = 0; i < 405; i++)
        document.body.dispatchEvent(new KeyboardEvent("keydown", key));"""
    gallery.execute_script(hold)
    assert shown(gallery) == listed(gallery)[405 % 16]
    settled(gallery)
    assert gallery.get_log("browser") == []


def test_back_leads_to_the_frame_before_and_from_the_gallery(browser, site):
    visit(browser, site, "index.html")
    browser.get((site / "gallery.html").resolve().as_uri())
    first, other = listed(browser)[0]["id"], listed(browser)[9]["id"]
    browser.execute_script("location.hash = arguments[0]", other)
    WebDriverWait(browser, 5).until(lambda w: shown(w)["id"] == other)
    browser.back()
    WebDriverWait(browser, 5).until(lambda w: shown(w)["id"] == first)
    press(browser, Keys.ARROW_RIGHT)
    settled(browser)
    browser.back()
    assert browser.current_url.endswith("index.html")


def test_an_address_outside_the_choice_widens_it(gallery):
    Select(gallery.find_element(By.ID, "surgery")).select_by_value("aicm12")
    other = next(f["id"] for f in document_of(gallery)["frames"] if f["surgery"] == "aicm14")
    gallery.execute_script("location.hash = arguments[0]", other)
    WebDriverWait(gallery, 5).until(lambda w: shown(w)["id"] == other)
    assert gallery.find_element(By.ID, "surgery").get_attribute("value") == ""
    assert len(listed(gallery)) == 16


def test_side_by_side_a_method_never_stands_on_the_heatmap_of_another(gallery):
    press(gallery, Keys.ARROW_RIGHT, "h", "b", "2", "1")  # alpha, whose map is chosen, is hidden
    assert [c.text for c in all_of(gallery, "#panels figcaption")] == ["beta"]
    drawn = [i.get_attribute("href") for i in all_of(gallery, "#panels svg.frame image")]
    assert drawn == [shown(gallery)["image"]]
    assert "No heatmap is kept" not in gallery.find_element(By.ID, "facts").text


def test_letters_can_be_switched_off_as_keys(gallery):
    press(gallery, "?")
    gallery.find_element(By.ID, "letters").send_keys(Keys.SPACE)
    leave_dialog(gallery)
    press(gallery, "p", "1")
    assert gallery.find_element(By.ID, "image").is_selected()
    assert len(all_of(gallery, "#panels g.method")) == 1
    press(gallery, Keys.ARROW_RIGHT)
    assert shown(gallery) == listed(gallery)[1]


def test_sorting_keeps_the_place_of_the_keyboard(gallery):
    button = all_of(gallery, "#list button")[7]
    gallery.execute_script("arguments[0].focus()", button)
    wanted = button.get_attribute("data-id")
    press(gallery, "s")
    assert gallery.switch_to.active_element.get_attribute("data-id") == wanted


@pytest.mark.parametrize("width", [1280, 360])
def test_controls_stay_in_their_boxes(gallery, width):
    resize(gallery, width, 800)
    long = (
        "const o = new Option('the name of a method '.repeat(9)); arguments[0].replaceChildren(o)"
    )
    gallery.execute_script(long, gallery.find_element(By.ID, "heat"))
    right = "return arguments[0].getBoundingClientRect().right"
    for box in all_of(gallery, ".controls fieldset"):
        for part in box.find_elements(By.CSS_SELECTOR, "label, select, input"):
            assert gallery.execute_script(right, part) <= gallery.execute_script(right, box)


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    """Ten methods with long names, no dataset."""
    root = tmp_path_factory.mktemp("crowd")
    for k in range(10):
        name = f"a_team_with_a_long_name/landmark_transformer_and_whatever_it_is_called_{k}"
        put_method(root / "runs", name, 0.3 + 0.06 * k, rng=k)
    invoke("report", root / "runs", "--out", root / "site")
    return root / "site"


def test_one_method_is_drawn_until_more_are_asked_for(browser, crowded):
    def drawn():
        return len(all_of(browser, "#panels g.method"))

    visit(browser, crowded, "gallery.html")
    assert drawn() == 1
    browser.execute_script("document.documentElement.style.scrollBehavior = 'auto'")
    browser.find_element(By.ID, "none").click()
    assert drawn() == 0
    browser.find_element(By.ID, "all").click()
    assert drawn() == 10
    assert not browser.find_element(By.ID, "layers").is_displayed()  # there are none


def test_long_names_leave_room_for_the_numbers(browser, crowded):
    visit(browser, crowded, "index.html")
    box = browser.find_element(By.CSS_SELECTOR, "section .scroll")
    wider = "return arguments[0].scrollWidth - arguments[0].clientWidth"
    assert browser.execute_script(wider, box) == 0
    names = [
        t.text for t in all_of(browser, "svg.plot text") if "landmark" in t.text or "…" in t.text
    ]
    assert len(names) == 10 == len(set(names))  # shortened, and still told apart


def test_a_click_in_the_list_shows_the_frame(gallery):
    button = all_of(gallery, "#list button")[7]
    gallery.execute_script("arguments[0].scrollIntoView({behavior: 'instant'})", button)
    button.click()
    assert shown(gallery)["id"] == button.get_attribute("data-id")
