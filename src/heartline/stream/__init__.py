"""The notification stream without sockets and clocks: what arrives is text, what leaves is bytes of frames.

`connection.py` is one client's side of the conversation, `commands.py` what a client may say, `frames.py` what the server
says. `hub.py` delivers each account's log to its readers; `wheel.py` decides whose ping is due. The socket is in
`server/websocket.py`.
"""
