"use strict";

const $ = (id) => document.getElementById(id);
const PAGE = 12;

const state = {
  user: null,
  inboxes: [], // null is the account, the others are teams.
  shown: null,
  counts: new Map(),
  messages: [],
  cursor: null, // Where the next page begins; null at the end.
  turn: 0, // Counts the loads, so that a late answer doesn't overwrite a newer one.
};
const items = new Map(); // nid -> its element; kept, so that the focus stays where it is.

async function ask(path, body) {
  const options = body && {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  const response = await fetch(path, options);
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw Object.assign(new Error(answer.message || response.statusText), { status: response.status });
  return answer;
}

// Runs what a person asked for, and says so if it fails.
async function attempt(work) {
  try {
    await work();
    $("state").textContent = "";
  } catch (error) {
    if (error.status === 401) return showLogin();
    $("state").textContent = `That didn't work: ${error.message}`;
  }
}

const named = (inbox) => (inbox === null ? "Your account" : inbox);
const ofShown = (body) => (state.shown === null ? body : { ...body, team_id: state.shown });

function pageURL(size, cursor) {
  const query = new URLSearchParams({ pageSize: size, view: $("view").value });
  if (state.shown !== null) query.set("team_id", state.shown);
  if (cursor) query.set("cursor", cursor);
  return `/${state.shown === null ? "account" : "team"}_message?${query}`;
}

// Loads the list anew, as long as it is now. A cursor belongs to its listing, so "more" goes on from here.
async function refresh(size = Math.max(PAGE, state.messages.length)) {
  const turn = ++state.turn;
  const messages = [];
  let cursor = null;
  do {
    const page = await ask(pageURL(Math.min(200, size - messages.length), cursor));
    if (turn !== state.turn) return;
    messages.push(...page.data);
    cursor = page.next_cursor;
  } while (cursor && messages.length < size);
  state.messages = messages;
  state.cursor = cursor;
  render();
}

async function more() {
  const turn = ++state.turn;
  const page = await ask(pageURL(PAGE, state.cursor));
  if (turn !== state.turn) return;
  const first = state.messages.length;
  state.messages.push(...page.data);
  state.cursor = page.next_cursor;
  render();
  items.get(state.messages[first]?.nid)?.focus();
}

async function mark(kind, message) {
  await ask(`/mark/${kind}`, ofShown({ nids: [message.nid] }));
  await refresh();
}

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", () => attempt(act));
  return made;
}

function element(name, className, text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

// The hour of today, the day of anything older.
function when(time) {
  const today = new Date().toDateString() === time.toDateString();
  if (today) return time.toLocaleTimeString([], { timeStyle: "short" });
  return time.toLocaleDateString([], { dateStyle: "medium" });
}

// A display name is whatever its sender chose. Who it was is the id, which stands beside it, and which a name
// that turns the direction of writing can't reach.
function from(message, sender) {
  const made = element("span", "from");
  if (message.username && message.username !== sender) made.append(element("bdi", "", message.username), " ");
  made.append(element("bdi", "sender", sender));
  return made;
}

function itemOf(message) {
  let item = items.get(message.nid);
  if (!item) {
    item = document.createElement("li");
    item.tabIndex = -1;
    const sender = message.user_id ?? "Announcement";
    const face = element("span", "face", [...sender][0].toUpperCase());
    face.ariaHidden = "true";
    face.style.setProperty("--hue", [...sender].reduce((sum, letter) => sum * 31 + letter.codePointAt(0), 7) % 360);
    const time = element("time", "", when(new Date(message.create_time)));
    time.dateTime = message.create_time;
    time.title = new Date(message.create_time).toLocaleString();
    item.read = button("", () => mark(item.message.read ? "unread" : "read", item.message));
    item.archive = button("", () => mark(item.message.archived ? "unarchive" : "archive", item.message));
    const deeds = element("div", "deeds");
    deeds.append(item.read, item.archive);
    const text = element("p", "text", message.content ?? message.message_type);
    text.dir = "auto";
    item.append(face, from(message, sender), time, text, deeds);
    items.set(message.nid, item);
  }
  item.message = message;
  item.classList.toggle("unread", !message.read);
  item.read.textContent = message.read ? "Mark unread" : "Mark read";
  item.archive.textContent = message.archived ? "Unarchive" : "Archive";
  const what = message.content ?? message.message_type;
  item.setAttribute("aria-label", `${message.read ? "" : "Unread: "}${what}`);
  for (const one of [item.read, item.archive]) one.setAttribute("aria-label", `${one.textContent}: ${what}`);
  return item;
}

function render() {
  const list = $("messages");
  const wanted = state.messages.map(itemOf);
  const kept = new Set(wanted);
  const focused = [...list.children].findIndex((item) => item.contains(document.activeElement));
  for (const item of [...list.children]) if (!kept.has(item)) item.remove();
  wanted.forEach((item, place) => {
    if (list.children[place] !== item) list.insertBefore(item, list.children[place] ?? null);
    item.tabIndex = -1;
  });
  for (const nid of [...items.keys()]) if (!kept.has(items.get(nid))) items.delete(nid);
  // One stop for the Tab key; the arrows move within the list.
  const current = wanted.find((item) => item.contains(document.activeElement));
  if (wanted.length) (current ?? wanted[0]).tabIndex = 0;
  if (focused >= 0 && !current && wanted.length) wanted[Math.min(focused, wanted.length - 1)].focus();
  $("empty").hidden = wanted.length > 0;
  list.hidden = wanted.length === 0;
  $("more").hidden = state.cursor === null;
  $("all").hidden = $("view").value === "archived";
}

function renderCounts() {
  const sum = [...state.counts.values()].reduce((one, other) => one + other, 0);
  $("badge").textContent = sum > 99 ? "99+" : sum;
  $("badge").hidden = sum === 0;
  $("bell").setAttribute("aria-label", sum === 0 ? "No unread messages" : `${sum} unread messages`);
  document.title = sum ? `(${sum}) Inbox` : "Inbox";
  for (const one of $("inboxes").children) {
    const count = state.counts.get(one.inbox) ?? 0;
    one.lastChild.textContent = count || "";
    one.setAttribute("aria-label", count ? `${named(one.inbox)}, ${count} unread` : named(one.inbox));
    if (one.inbox === state.shown) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  }
}

async function loadCounts() {
  const counts = await ask("/unread");
  state.counts = new Map(Object.entries(counts.teams).map(([team, { count }]) => [team, count]));
  state.counts.set(null, counts.account?.count ?? 0);
  renderCounts();
}

async function show(inbox) {
  state.shown = inbox;
  state.messages = [];
  $("name").textContent = named(inbox);
  $("send").hidden = inbox === null;
  renderCounts();
  await refresh(PAGE);
}

// Live: the browser reconnects by itself, with the id of the last event.

let events = null;
let due = null;

function follow() {
  events?.close();
  events = new EventSource("/events");
  let loaded = false;
  const happened = (event) => {
    const { team_id, count, message } = JSON.parse(event.data);
    state.counts.set(team_id, count);
    renderCounts();
    if (event.type === "created" && message.user_id !== state.user) {
      $("said").textContent = `New in ${named(team_id)}: ${message.content ?? message.message_type}`;
    }
    if (team_id === state.shown && due === null) {
      due = setTimeout(() => {
        due = null;
        attempt(() => refresh());
      }, 50);
    }
  };
  for (const kind of ["created", "marked", "removed", "lagged"]) events.addEventListener(kind, happened);
  events.addEventListener("ready", (event) => {
    // After the first time: the browser came again, and not with an id that says where it was.
    if (loaded && JSON.parse(event.data).anew) attempt(start);
    loaded = true;
  });
}

async function showLogin() {
  events?.close();
  $("inbox").hidden = $("bell").hidden = $("logout").hidden = true;
  $("login").hidden = false;
  $("user").textContent = "";
  $("users").replaceChildren(...(await ask("/users")).map((user) => button(user, async () => {
    await ask("/login", { user_id: user });
    await start();
  })));
}

async function start() {
  const me = await ask("/me");
  state.user = me.user_id;
  state.inboxes = [null, ...me.teams];
  items.clear();
  $("user").textContent = me.user_id;
  $("login").hidden = true;
  $("inbox").hidden = $("bell").hidden = $("logout").hidden = false;
  $("inboxes").replaceChildren(...state.inboxes.map((inbox) => {
    const one = button(named(inbox), () => show(inbox));
    one.inbox = inbox;
    one.append(document.createElement("span"));
    return one;
  }));
  follow(); // Before the first load, so that nothing falls between the two.
  await loadCounts();
  await show(state.inboxes.includes(state.shown) && state.shown !== null ? state.shown : me.teams[0] ?? null);
}

$("bell").addEventListener("click", () => attempt(async () => {
  $("view").value = "unread";
  const [inbox] = [state.shown, ...state.inboxes].filter((one) => state.counts.get(one));
  await show(inbox === undefined ? state.shown : inbox);
}));
$("logout").addEventListener("click", () => attempt(async () => {
  await ask("/logout", {});
  await showLogin();
}));
$("view").addEventListener("change", () => attempt(() => refresh(PAGE)));
$("all").addEventListener("click", () => attempt(async () => {
  // Up to the newest that is known here: what came meanwhile stays unread.
  const newest = state.messages[0];
  if (newest) await ask("/mark/read", ofShown({ up_to: newest.nid }));
  await refresh();
}));
$("more").addEventListener("click", () => attempt(more));
$("send").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    await ask("/team_message", { team_id: state.shown, content: $("text").value });
    $("text").value = "";
    await refresh();
  });
});
$("messages").addEventListener("keydown", (event) => {
  const item = event.target.closest("li");
  if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = {
    ArrowDown: () => item.nextElementSibling?.focus(),
    ArrowUp: () => item.previousElementSibling?.focus(),
    r: () => item.read.click(),
    e: () => item.archive.click(),
  }[event.key];
  if (act) {
    event.preventDefault();
    act();
  }
});
$("messages").addEventListener("focusin", (event) => {
  const item = event.target.closest("li");
  for (const one of $("messages").children) one.tabIndex = one === item ? 0 : -1;
});

attempt(start);
