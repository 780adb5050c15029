"""A message in an Outlook message, written as a mail: a file of its own, for what reads mails."""

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from handrail_ai_steps.documents.readers.outlook_message import OutlookMessage


def as_mail(message: OutlookMessage, depth: int) -> bytes:
    """Return a message as a mail with all that is in it, messages inside up to ``depth`` of them."""
    mail = EmailMessage(policy=policy.default)
    for at, text in enumerate(message.texts()):
        add = mail.add_alternative if at else mail.set_content
        add(text.decoded.text, subtype="html" if text.html else "plain", charset="utf-8", cte="base64")
    for number, file in enumerate(message.files(), start=1):
        if file.message is not None and depth > 0:
            inner = BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(as_mail(file.message, depth - 1))
            mail.add_attachment(inner, filename=f"{file.name or f'message-{number}'}.eml")
        else:  # a link to a file is an empty one, which is told of as such
            mail.add_attachment(file.data, "application", "octet-stream", filename=file.name or f"part-{number}.bin")
    head = "".join(f"{name.capitalize()}: {' '.join(value.split())}\n" for name, value in message.head())
    return head.encode() + mail.as_bytes()
