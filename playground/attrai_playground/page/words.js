// The page's own words, in the languages of the language switch.

const WORDS = {
  en: {
    settings: "Settings", user: "You are", newUser: "New user", language: "Language", block: "Block the bot",
    unblock: "Unblock the bot", messages: "Messages", commands: "Commands", attach: "Attach photos or files",
    write: "Message", send: "Send", asFiles: "Send as files, untouched", drop: "Drop to send", reply: "Reply",
    replyTo: "In reply to", cancelReply: "Do not reply", you: "You", edited: "edited", photo: "Photo",
    photoBy: "Photo from", file: "File", online: "bot", lost: "Connecting…", blocked: "You blocked this bot.",
    failed: "Not sent",
    actions: { typing: "is typing…", upload_photo: "is sending a photo…", upload_document: "is sending a file…" },
    action: "is busy…",
  },
  ru: {
    settings: "Настройки", user: "Вы", newUser: "Новый пользователь", language: "Язык",
    block: "Заблокировать бота", unblock: "Разблокировать бота", messages: "Сообщения", commands: "Команды",
    attach: "Приложить фото или файлы", write: "Сообщение", send: "Отправить",
    asFiles: "Отправлять файлом, без сжатия", drop: "Отпустите, чтобы отправить", reply: "Ответить",
    replyTo: "В ответ на", cancelReply: "Не отвечать", you: "Вы", edited: "изменено", photo: "Фото",
    photoBy: "Фото от", file: "Файл", online: "бот", lost: "Соединение…", blocked: "Вы заблокировали этого бота.",
    failed: "Не отправлено",
    actions: { typing: "печатает…", upload_photo: "отправляет фото…", upload_document: "отправляет файл…" },
    action: "занят…",
  },
};

let words = WORDS.en;

export function speak(language) {
  words = WORDS[language] ?? WORDS.en;
  document.documentElement.lang = WORDS[language] ? language : "en";
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = words[element.dataset.word];
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", words[element.dataset.label]);
  for (const element of document.querySelectorAll("[data-placeholder]")) element.placeholder = words[element.dataset.placeholder];
}

export const word = (name) => words[name];

export const action = (name) => words.actions[name] ?? words.action;
