"""What the servers in Python say."""

import json
import time

SLOTS = 30
SLOT_S = 0.1
WELCOME = '{"type":"welcome"}'
IDENTIFIER = json.dumps('{"channel":"NotificationsChannel"}')
CONFIRM = '{"identifier":%s,"type":"confirm_subscription"}' % IDENTIFIER  # noqa: UP031


def ping() -> str:
    return '{"type":"ping","message":%d}' % round(time.time())  # noqa: UP031


def event(text: str) -> str:
    return f'{{"identifier":{IDENTIFIER},"message":{text}}}'
