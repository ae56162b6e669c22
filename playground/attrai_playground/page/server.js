// The people's side of the server: requests and events.

async function ask(method, path, body) {
  const isForm = body instanceof FormData;
  const answer = await fetch(`/playground/${path}`, {
    method,
    body: isForm || body === undefined ? body : JSON.stringify(body),
    headers: isForm || body === undefined ? {} : { "Content-Type": "application/json" },
  });
  const result = await answer.json();
  if (!answer.ok) throw new Error(result.error ?? answer.statusText);
  return result;
}

export const people = () => ask("GET", "users");
export const join = (language) => ask("POST", "users", { language_code: language });
export const changePerson = (user, change) => ask("POST", `users/${user}`, change);
export const bot = async () => (await ask("GET", "info")).bot;
export const chat = (user) => ask("GET", `chats/${user}`);
export const sendText = (user, text, replyTo) => ask("POST", `chats/${user}/text`, { text, reply_to: replyTo });
export const press = (user, message, data) => ask("POST", `chats/${user}/presses`, { message_id: message, data });
export const fileAddress = (fileId) => `/playground/files/${encodeURIComponent(fileId)}`;

export function sendFiles(user, files, { asFiles, caption, replyTo }) {
  const form = new FormData();
  form.set("as", asFiles ? "document" : "photo");
  form.set("caption", caption);
  if (replyTo) form.set("reply_to", String(replyTo));
  for (const file of files) form.append("file", file, file.name || "photo.jpg");
  return ask("POST", `chats/${user}/files`, form);
}

// Events of all chats: `person` and `commands` concern the whole page.
export function listen(after, { onEvent, onOpen, onLost }) {
  const source = new EventSource(`/playground/events?after=${after}`);
  source.onmessage = (message) => onEvent(JSON.parse(message.data));
  source.onopen = onOpen;
  source.onerror = onLost;
  return source;
}
