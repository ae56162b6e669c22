"""The sentences in English."""

EN = {
    # commands
    "start": (
        "Send me a photo and I will find every face on it and give each a score from 1 to 10.\n\n"
        "Send it as a photo or as a file (JPEG, PNG, WebP or HEIC, up to {megabytes} MB). /help says more."
    ),
    "help": (
        "Send a photo with one or more faces. I answer with the same picture: a box around each face, its score "
        "from 1 to 10, and the scores in words below.\n\n"
        "Faces should look at the camera, be sharp and well lit. A photo may have up to {megabytes} MB; you may "
        "have {limit} photos under way at a time.\n\n"
        "The score comes from a network that was trained on what some people said about photos of others. It is a"
        " game and says nothing about a person's worth.\n\n"
        "/language changes the language, /privacy says what becomes of your photos."
    ),
    "privacy": (
        "Your photo is kept only until you have your answer, {minutes} minutes at most when all goes well; then "
        "the photo and the result are deleted. Nothing about a face is stored, nobody looks at your photos, and "
        "no network is trained on them.\n\n"
        "The service knows you by a keyed code, not by your name or number; where the answer goes is encrypted until it"
        " is sent. It remembers the language that you chose."
    ),
    "language": "Which language shall I speak?",
    "language_set": "I will speak English.",
    "unknown_command": "I do not know this command. Send me a photo, or /help.",
    "not_a_photo": "Send me a photo, please. /help says more.",
    # names of commands in Telegram's menu
    "menu.start": "how to begin",
    "menu.help": "what I can do",
    "menu.privacy": "what becomes of your photos",
    "menu.language": "change the language",
    # the operator's numbers
    "stats.photos": "Photos a day",
    "stats.users": "People a day",
    "stats.seconds": "Seconds of inference by step, % of the estimates",
    "stats.all": "all steps",
    "stats.today": "Today (UTC): photos: {photos}, people: about {users}.",
    "stats.took": "Half of the estimates took at most {half} s, 95% at most {most} s.",
    # waiting
    "waiting": "Your photo is number {place} in the queue; the answer should be here in about {wait}.",
    "waiting_no_replica": (
        "Your photo is number {place} in the queue. No estimator is running right now, so it will take longer."
    ),
    "waiting_of_yours": "Photos of yours under way: {mine} of {limit}.",
    "seconds": "{number} s",
    "minutes": "{number} min",
    # the reply
    "faces.one": "{count} face found",
    "faces.many": "{count} faces found, from left to right",
    "single": "Score: {score} out of 10",
    "single_gated": "No score: {reason}",
    "face": "{number}. {score}",
    "face_gated": "{number}. no score: {reason}",
    "more": "and {more} more",
    # why a face has no score
    "reason.too_small": "the face is too small, come closer or send a larger picture",
    "reason.blurred": "the face is not sharp",
    "reason.turned_away": "the face looks away from the camera",
    "reason.cut_off": "the face is cut off at the edge",
    "reason.too_dark": "the face is too dark",
    "reason.other": "the face cannot be judged well here",
    # what is wrong with a photo
    "no_face": "I found no face on this photo. Try one where the face is larger, sharp and well lit.",
    "unreadable": (
        "I cannot read this file as a picture. Send it again as a JPEG or PNG, or as a photo instead of a file."
    ),
    "wrong_kind": "I can only read photos: send a photo, or a JPEG, PNG, WebP or HEIC file.",
    "too_many_bytes": (
        "This file is larger than the {megabytes} MB that I may download. Send a smaller one, or send it as a photo."
    ),
    "too_many_pixels": "This picture has too many pixels. Send a smaller one, or send it as a photo.",
    "too_small": "This picture is too small to find a face on it. Send a larger one.",
    "too_elongated": "This picture is too long and narrow. Cut out the part with the face and send that.",
    # what became of a request
    "quota_exceeded": (
        "You have {limit} photos under way, which is as many as I take at a time. Send this one again after the "
        "next answer."
    ),
    "busy": "Very many photos are waiting right now, so I cannot take yours. Send it again in a few minutes.",
    "timed_out": "It took too long, please send the photo again.",
    "given_up": "This photo could not be processed. Send it again, or try another one.",
    # something is away
    "broker_unavailable": (
        "I cannot pass your photo on right now. Nothing of it was kept; send it again in a few minutes."
    ),
    "ledger_unavailable": "I cannot take photos right now. Send it again in a few minutes.",
    "store_unavailable": (
        "I cannot store your photo right now. Nothing of it was kept; send it again in a few minutes."
    ),
    "download_failed": "I could not get your photo from Telegram. Send it again, please.",
    "refused_message": "Something went wrong with this photo. Send it again, please.",
    "refused_name": "Something went wrong with this photo. Send it again, please.",
    "error": "Something went wrong. Send it again in a few minutes, please.",
    "quote": "(request {short_id})",
}
