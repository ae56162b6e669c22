// The page: one person's chat, kept up to date by the stream of events.

import { element, messageElement, summary } from "./message.js";
import * as server from "./server.js";
import { action, speak, word } from "./words.js";

const MOST_IN_ALBUM = 10;
const ACTION_MILLISECONDS = 5000;

const $ = (id) => document.getElementById(id);
const page = { user: 0, name: "", bot: null, blocked: false, reply: null, connected: true, actionTimer: 0, pressed: new Set() };

async function open(user) {
  const view = await server.chat(user);
  page.user = user;
  localStorage.setItem("user", String(user));
  $("messages").replaceChildren();
  for (const record of view.records) if (!record.deleted) show(record.message, record.by_bot);
  replyTo(null);
  update(view);
  toEnd();
  return view.last_event;
}

function update(view) {
  const { user, standing } = view.person;
  page.blocked = standing === "blocked";
  speak(user.language_code);
  $("language").value = user.language_code === "ru" ? "ru" : "en";
  $("block").textContent = word(page.blocked ? "unblock" : "block");
  $("description").textContent = view.description;
  showCommands(view.commands);
  showWelcome();
  showStatus();
}

function show(message, byBot) {
  const made = messageElement(message, {
    byBot,
    onPress: (data) => attempt(async () => page.pressed.add((await server.press(page.user, message.message_id, data)).id)),
    onReply: replyTo,
  });
  const old = $("messages").querySelector(`[data-id="${message.message_id}"]`);
  if (old) old.replaceWith(made);
  else $("messages").append(made);
  made.classList.toggle("changed", Boolean(old));
  joinAlbum(made);
}

function joinAlbum(item) {
  const before = item.previousElementSibling;
  item.classList.toggle("joined", Boolean(item.dataset.album) && before?.dataset.album === item.dataset.album);
}

function showCommands(commands) {
  $("commands").hidden = commands.length === 0;
  $("command-list").replaceChildren(...commands.map(({ command, description }) => {
    const made = element("button", "command", `/${command}`);
    made.type = "button";
    made.append(element("small", "", description));
    made.addEventListener("click", () => {
      $("commands").open = false;
      attempt(() => server.sendText(page.user, `/${command}`));
    });
    return made;
  }));
}

function showWelcome() {
  $("welcome").hidden = $("messages").children.length > 0;
}

function showStatus(text = "") {
  const idle = page.blocked ? word("blocked") : word("online");
  $("status").textContent = page.connected ? text || idle : word("lost");
}

function showAction(name) {
  clearTimeout(page.actionTimer);
  showStatus(action(name));
  page.actionTimer = setTimeout(() => showStatus(), ACTION_MILLISECONDS);
}

function notice(text) {
  $("notice").textContent = text;
  $("notice").hidden = !text;
}

async function showPeople() {
  const people = await server.people();
  $("user").replaceChildren(...people.filter(({ standing }) => standing !== "deleted").map(({ user }) => {
    const made = element("option", "", `${user.first_name} (${user.id})`);
    made.value = String(user.id);
    made.selected = user.id === page.user;
    return made;
  }));
}

function replyTo(message) {
  page.reply = message;
  $("reply").hidden = message === null;
  if (message) {
    $("reply-text").textContent = `${word("replyTo")}: ${summary(message)}`;
    $("text").focus();
  }
}

function toEnd() {
  $("scroll").scrollTop = $("scroll").scrollHeight;
}

// An error becomes a sentence, which the person's next action removes.
async function attempt(step) {
  $("problem").hidden = true;
  notice("");
  try {
    await step();
  } catch (error) {
    $("problem").textContent = `${word("failed")}: ${error.message}`;
    $("problem").hidden = false;
  }
}

async function sendText() {
  const text = $("text").value.trim();
  if (!text) return;
  await server.sendText(page.user, text, page.reply?.message_id);
  $("text").value = "";
  replyTo(null);
}

async function sendFiles(files) {
  const caption = $("text").value.trim();
  const asFiles = $("as-files").checked;
  for (let start = 0; start < files.length; start += MOST_IN_ALBUM) {
    const album = files.slice(start, start + MOST_IN_ALBUM);
    await server.sendFiles(page.user, album, { asFiles, caption: start ? "" : caption, replyTo: page.reply?.message_id });
  }
  $("text").value = "";
  replyTo(null);
}

const HEARD = {
  message: (event) => show(event.message, event.by_bot),
  edited: (event) => show(event.message, event.by_bot),
  deleted: (event) => $("messages").querySelector(`[data-id="${event.message.message_id}"]`)?.remove(),
  action: (event) => showAction(event.text),
  answer: (event) => page.pressed.delete(event.callback_query_id) && notice(event.text ?? ""),
};

async function hear(event) {
  if (event.kind === "person") await showPeople();
  const mine = event.chat_id === page.user;
  if (event.kind === "commands" || (event.kind === "person" && mine)) update(await server.chat(page.user));
  if (!mine || !(event.kind in HEARD)) return;
  const atEnd = $("scroll").scrollHeight - $("scroll").scrollTop - $("scroll").clientHeight < 160;
  HEARD[event.kind](event);
  if (event.kind === "message" && event.by_bot) showStatus();
  showWelcome();
  if (atEnd || (event.kind === "message" && !event.by_bot)) toEnd();
}

function connected(state) {
  page.connected = state;
  showStatus();
}

function handleDrops() {
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  let depth = 0;
  const count = (change) => (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = Math.max(0, depth + change);
    $("drop").hidden = depth === 0;
  };
  addEventListener("dragenter", count(1));
  addEventListener("dragleave", count(-1));
  addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    $("drop").hidden = true;
    attempt(() => sendFiles([...event.dataTransfer.files]));
  });
  addEventListener("paste", (event) => event.clipboardData.files.length && attempt(() => sendFiles([...event.clipboardData.files])));
}

function handleControls() {
  $("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(sendText);
  });
  $("attach").addEventListener("click", () => $("files").click());
  $("files").addEventListener("change", () => attempt(async () => {
    const files = [...$("files").files];
    $("files").value = "";
    await sendFiles(files);
  }));
  $("start").addEventListener("click", () => attempt(() => server.sendText(page.user, "/start")));
  $("reply-cancel").addEventListener("click", () => replyTo(null));
  $("user").addEventListener("change", () => attempt(() => open(Number($("user").value))));
  $("new-user").addEventListener("click", () => attempt(async () => open((await server.join($("language").value)).user.id)));
  $("language").addEventListener("change", () => attempt(() => server.changePerson(page.user, { language_code: $("language").value })));
  $("block").addEventListener("click", () => attempt(() => server.changePerson(page.user, { standing: page.blocked ? "active" : "blocked" })));
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details[open]")) menu.open = false;
    replyTo(null);
  });
  addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  $("messages").addEventListener("load", toEnd, { capture: true, once: true });
}

async function chosenUser() {
  const known = (await server.people()).filter(({ standing }) => standing !== "deleted").map(({ user }) => user.id);
  const last = Number(localStorage.getItem("user"));
  if (known.includes(last)) return last;
  return known[0] ?? (await server.join(navigator.language.startsWith("ru") ? "ru" : "en")).user.id;
}

speak("en");
handleControls();
handleDrops();
attempt(async () => {
  page.bot = await server.bot();
  $("bot-name").textContent = page.bot.first_name;
  const after = await open(await chosenUser());
  await showPeople();
  server.listen(after, { onEvent: hear, onOpen: () => connected(true), onLost: () => connected(false) });
});
