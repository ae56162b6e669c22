// One message as an element. Text from outside becomes text nodes, never markup.

import { fileAddress } from "./server.js";
import { word } from "./words.js";

const TAGS = {
  bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", text_link: "a", bot_command: "span", spoiler: "span",
};

export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

// Cuts the text where entities begin or end (both count UTF-16 units, as JavaScript does) and wraps each piece.
export function formatted(text, entities = []) {
  const cuts = new Set([0, text.length, ...entities.flatMap(({ offset, length }) => [offset, offset + length])]);
  const edges = [...cuts].sort((a, b) => a - b);
  const whole = document.createDocumentFragment();
  edges.slice(0, -1).forEach((start, index) => {
    const covering = entities.filter(({ offset, length }) => offset <= start && start < offset + length);
    const piece = document.createTextNode(text.slice(start, edges[index + 1]));
    whole.append(covering.reduceRight((inner, entity) => wrapped(inner, entity), piece));
  });
  return whole;
}

function wrapped(inner, entity) {
  const outer = element(TAGS[entity.type] ?? "span", `entity-${entity.type}`);
  if (entity.type === "text_link" && /^https?:/i.test(entity.url)) {
    Object.assign(outer, { href: entity.url, target: "_blank", rel: "noopener noreferrer" });
  }
  outer.append(inner);
  return outer;
}

export function summary(message) {
  return message.text ?? message.caption ?? message.document?.file_name ?? word("photo");
}

export function messageElement(message, { byBot, onPress, onReply }) {
  const item = element("li", byBot ? "message bot" : "message own");
  item.dataset.id = message.message_id;
  if (message.media_group_id) item.dataset.album = message.media_group_id;
  const bubble = element("div", "bubble");
  bubble.append(element("span", "visually-hidden", `${message.from.first_name}: `));
  if (message.reply_to_message) bubble.append(element("p", "quote", summary(message.reply_to_message)));
  if (message.photo) bubble.append(photo(message));
  if (message.document) bubble.append(file(message.document));
  bubble.append(words(message), meta(message, onReply));
  item.append(bubble);
  if (message.reply_markup) item.append(keyboard(message.reply_markup, onPress));
  return item;
}

function words(message) {
  const text = message.text ?? message.caption;
  const paragraph = element("p", "words");
  if (text) paragraph.append(formatted(text, message.entities ?? message.caption_entities));
  else paragraph.hidden = true;
  return paragraph;
}

function photo(message) {
  const size = message.photo.at(-1);
  const link = element("a", "photo");
  Object.assign(link, { href: fileAddress(size.file_id), target: "_blank", rel: "noopener" });
  const image = element("img");
  Object.assign(image, { src: link.href, width: size.width, height: size.height });
  image.alt = `${word("photoBy")} ${message.from.first_name}`;
  link.append(image);
  return link;
}

function file(document_) {
  const link = element("a", "file");
  Object.assign(link, { href: fileAddress(document_.file_id), download: document_.file_name ?? "" });
  if (document_.thumbnail) {
    const image = element("img");
    Object.assign(image, { src: fileAddress(document_.thumbnail.file_id), alt: "", width: 48, height: 48 });
    link.append(image);
  }
  const name = element("span", "file-name", document_.file_name ?? word("file"));
  name.append(element("small", "", size(document_.file_size)));
  link.append(name);
  return link;
}

function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${Math.round(bytes / 1024)} KB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}

function meta(message, onReply) {
  const line = element("p", "meta");
  const time = element("time", "", new Date(message.date * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  time.dateTime = new Date(message.date * 1000).toISOString();
  const reply = element("button", "reply", "↩");
  reply.type = "button";
  reply.setAttribute("aria-label", `${word("reply")}: ${summary(message).slice(0, 60)}`);
  reply.addEventListener("click", () => onReply(message));
  if (message.edit_date) line.append(element("span", "edited", word("edited")));
  line.append(time, reply);
  return line;
}

function keyboard(markup, onPress) {
  const rows = element("div", "keyboard");
  for (const row of markup.inline_keyboard) {
    const line = element("div", "keyboard-row");
    line.append(...row.map((button) => key(button, onPress)));
    rows.append(line);
  }
  return rows;
}

function key(button, onPress) {
  if (button.url) {
    const link = element("a", "key", button.text);
    if (/^https?:/i.test(button.url)) Object.assign(link, { href: button.url, target: "_blank", rel: "noopener noreferrer" });
    return link;
  }
  const made = element("button", "key", button.text);
  made.type = "button";
  made.addEventListener("click", () => onPress(button.callback_data));
  return made;
}
