#!/usr/bin/env bash
# apig-wsgi 2.20.0: two of API Gateway's ordinary events reach the application as another request than was sent.
#
# 1. An HTTP API with a named stage (format 2.0) has the stage in `rawPath`. A good guess is that PATH_INFO is what the
#    route sees, as it is for the default stage and for REST APIs (format 1.0, whose `path` has no stage). But PATH_INFO
#    begins with the stage, and SCRIPT_NAME is empty: every route of the application is missed.
# 2. The console's test of a REST API sends `headers` with values beside `multiValueHeaders: null` (and the query
#    likewise). A good guess is that null is the same as absent. But it counts as all there is: the single values are
#    dropped without a word.
#
# Output seen:
#   2.0, $default  PATH_INFO=/tickets       SCRIPT_NAME=''
#   2.0, prod      PATH_INFO=/prod/tickets  SCRIPT_NAME=''
#   1.0, absent    HTTP_X_TRACE=t-1  QUERY_STRING=limit=5
#   1.0, null      HTTP_X_TRACE=None  QUERY_STRING=
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check apig-wsgi==2.20.0 2>/dev/null

"$folder/venv/bin/python" - <<'PYTHON' | tee "$folder/seen"
from apig_wsgi import make_lambda_handler

seen = {}


def application(environ, start_response):
    seen.clear()
    seen.update(environ)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b""]


handler = make_lambda_handler(application)


def second_format(stage, path):
    http = {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7"}
    return {"version": "2.0", "rawPath": path, "rawQueryString": "", "headers": {"host": "api.example"},
            "requestContext": {"http": http, "stage": stage}, "isBase64Encoded": False}


for stage, path in (("$default", "/tickets"), ("prod", "/prod/tickets")):
    handler(second_format(stage, path), None)
    print(f"2.0, {stage:9} PATH_INFO={seen['PATH_INFO']:14} SCRIPT_NAME={seen['SCRIPT_NAME']!r}")

first = {"version": "1.0", "httpMethod": "GET", "path": "/tickets", "headers": {"X-Trace": "t-1"},
         "queryStringParameters": {"limit": "5"}, "requestContext": {}, "isBase64Encoded": False, "body": None}
nulls = {"multiValueHeaders": None, "multiValueQueryStringParameters": None}
for name, event in (("absent", first), ("null", first | nulls)):
    handler(event, None)
    print(f"1.0, {name:9} HTTP_X_TRACE={seen.get('HTTP_X_TRACE')}  QUERY_STRING={seen['QUERY_STRING']}")
PYTHON

diff "$folder/seen" - <<'SEEN'
2.0, $default  PATH_INFO=/tickets       SCRIPT_NAME=''
2.0, prod      PATH_INFO=/prod/tickets  SCRIPT_NAME=''
1.0, absent    HTTP_X_TRACE=t-1  QUERY_STRING=limit=5
1.0, null      HTTP_X_TRACE=None  QUERY_STRING=
SEEN
