"""Serves the files of a folder over HTTP, and misbehaves as it is told.

    misbehaving_server.py FOLDER      prints its port

A request is answered with the file whose path in FOLDER ends its address. FOLDER/NAME.answers holds a word for each request of
NAME to come; when it is used up, requests are answered as they should be, ranges included.

    403, 500, ...   this status
    cut             half of what was asked for, then the connection is closed
    norange         the whole file, whatever range was asked for
    wrong           other bytes, as many

FOLDER/authorization, if there, is the Authorization header without which the answer is 401. FOLDER/log gets a line for
each request: name, range or -, status.
"""

import http.server
import os
import sys
import urllib.parse

folder = sys.argv[1]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = urllib.parse.unquote(self.path).split("/models/")[-1].split("-amazon-from-space/")[-1]
        word = self.next_word(name)
        path = os.path.join(folder, name)
        if word.isdigit():
            return self.refuse(name, int(word))
        if not self.authorized():
            return self.refuse(name, 401)
        if not os.path.isfile(path):
            return self.refuse(name, 404)
        with open(path, "rb") as file:
            body = file.read()
        start, status = 0, 200
        asked = self.headers.get("Range")
        if asked and word != "norange":
            start, status = int(asked.removeprefix("bytes=").split("-")[0]), 206
            if start >= len(body):
                return self.refuse(name, 416)
        if word == "wrong":
            body = bytes(255 - byte for byte in body)
        rest = body[start:]
        self.note(name, status)
        self.send_response(status)
        self.send_header("Content-Length", str(len(rest)))
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.end_headers()
        self.wfile.write(rest[: len(rest) // 2] if word == "cut" else rest)

    def next_word(self, name):
        path = os.path.join(folder, name + ".answers")
        if not os.path.exists(path):
            return ""
        with open(path) as file:
            words = file.read().split()
        with open(path, "w") as file:
            file.write(" ".join(words[1:]))
        return words[0] if words else ""

    def authorized(self):
        path = os.path.join(folder, "authorization")
        if not os.path.exists(path):
            return True
        with open(path) as file:
            return self.headers.get("Authorization") == file.read()

    def refuse(self, name, status):
        self.note(name, status)
        self.send_error(status)

    def note(self, name, status):
        with open(os.path.join(folder, "log"), "a") as log:
            log.write(f"{name} {self.headers.get('Range', '-')} {status}\n")

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
