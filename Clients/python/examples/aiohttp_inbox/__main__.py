"""python3 -m aiohttp_inbox [--port 8080] [--store sqlite:inbox.db] [--name inbox.example]"""

import argparse

from aiohttp import web

from . import HOSTS, create_app

parser = argparse.ArgumentParser(prog="aiohttp_inbox", description=__doc__)
parser.add_argument("--port", type=int, default=8080)
parser.add_argument("--store", default="sqlite:inbox.db")
parser.add_argument("--name", action="append", default=list(HOSTS), help="what this server is called besides")
options = parser.parse_args()
web.run_app(create_app(store=options.store, hosts=options.name), host="127.0.0.1", port=options.port)
