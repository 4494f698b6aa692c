#!/usr/bin/env python3
"""A service centre in one file: takes offers, sends a technician, inspects, repairs.

It shows a brand's engineer the whole way over REST with nothing but Python's standard library. What
changed is learnt by polling with a cursor, or from signed webhooks with --listen; both bring the same
documents, so the rest of the file does not care.

Three things make it safe, and any integration should copy them:
  * A request id follows from what is done (the case, its version, the step), so a step that is sent again
    after a crash or a lost answer is answered with the first answer and takes effect once.
  * The cursor is stored only after its page was worked off; a page that comes again does no harm.
  * A step is chosen from the work order as it is now, never from the order in which messages came.

  partner.py --url http://127.0.0.1:8080 --token "$TOKEN" --repairs 1
"""

import argparse
import base64
import datetime
import hashlib
import hmac
import http.client
import http.server
import json
import pathlib
import queue
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

REQUESTS = uuid.UUID("6f2c1f0e-3d7b-5b7e-9a54-2f6d0c1be9a4")
PHOTO = hashlib.sha256(b"a photo").hexdigest()
# Tried again with the same request id: whether it took effect is not known, or it was not its turn.
PASSING = {429, 500, 502, 503, 504}
BODY_MAX = 1 << 20  # bytes of a webhook
FRESH_MAX = 300  # seconds a webhook's timestamp may be off


class Refused(Exception):
    """The platform said no; `reason` is one of the documented reasons."""

    def __init__(self, problem):
        fields = [f"{one['field']}: {one['expected']}" for one in problem.get("violations", [])]
        said = [problem.get("detail"), *fields, problem.get("next")]
        super().__init__(f"{problem.get('reason')}: " + "; ".join(filter(None, said)))
        self.reason = problem.get("reason", "")
        self.status = problem.get("status", 0)


def problem_of(error):
    """What an error answer says; one that is not of the platform says only its status."""
    try:
        return json.load(error)
    except ValueError:
        return {"status": error.code, "detail": str(error)}


class Platform:
    """The REST side of the platform."""

    def __init__(self, url, token):
        self.url, self.token = url.rstrip("/"), token

    def call(self, verb, path, body=None, tries=6):
        """One call; what may pass is tried again with the same body, with a growing wait."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=verb)
        request.add_header("authorization", "Bearer " + self.token)
        request.add_header("accept-language", "en")
        for attempt in range(tries):
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                if error.code not in PASSING or attempt + 1 == tries:
                    raise Refused(problem_of(error)) from None
            except (OSError, http.client.HTTPException):  # no answer, or half of one
                if attempt + 1 == tries:
                    raise
            time.sleep(min(0.2 * 2**attempt, 10))
        raise AssertionError("the last try returns or raises")

    def get(self, path, **query):
        text = urllib.parse.urlencode({k: v for k, v in query.items() if v})
        return self.call("GET", path + ("?" + text if text else ""))

    def step(self, path, case, step, **body):
        """Something that changes a case."""
        name = f"{case['caseId']}/{case.get('etag', '')}/{step}"
        return self.call("POST", path, {"requestId": str(uuid.uuid5(REQUESTS, name)), **body})


class Centre:
    """What a centre does with a change, whichever way it came."""

    def __init__(self, platform, log):
        self.platform, self.log, self.repaired = platform, log, set()

    def change(self, change):
        try:
            if "offer" in change:
                self.offer(change["offer"])
            elif "workOrder" in change:
                self.work_order(change["workOrder"]["workOrderId"])
        except Refused as refused:
            # Somebody was faster, the case has moved on or is over: the next change says where it stands.
            if refused.status not in (404, 409):
                raise
            self.log(f"passed over: {refused}")

    def offer(self, offer):
        if offer.get("state") != "OFFER_STATE_OFFERED":
            return
        case, name = offer["caseId"], offer["offerId"]
        answer = self.platform.step(
            f"/v1/partner/cases/{case}/offers/{name}:accept",
            {"caseId": case, "etag": offer.get("etag", "")}, "accept",
            partnerOrderNo="P-" + name[-8:],
        )
        self.log(f"{case}: accepted ({answer.get('effect', 'applied')})")
        if "workOrder" in answer:
            self.work_order(answer["workOrder"]["workOrderId"])

    def work_order(self, name):
        """Goes as far as the case lets us go; each step is chosen from the order as it is now."""
        for _ in range(8):
            order = self.platform.get(f"/v1/partner/work-orders/{name}")
            step = self.next_step(order)
            if step is None:
                return
            step(order, order["case"])

    def next_step(self, order):
        return {
            "STAGE_CENTRE_ASSIGNED": self.assign,
            "STAGE_TECHNICIAN_ASSIGNED": self.book,
            "STAGE_APPOINTED": self.check_in,
            "STAGE_ON_SITE": self.inspect,
            "STAGE_REPAIRING": self.repair,
        }.get(order["case"].get("stage"))

    def assign(self, order, case):
        people = self.platform.get("/v1/technicians", centre=order["centre"], pageSize=50)
        for person in people.get("technicians", []):
            try:
                self.on_case(case, "partner", "assignTechnician", technician=person["technician"])
                return self.log(f"{case['caseId']}: {person['technician']} goes")
            except Refused as refused:
                if refused.reason != "TECHNICIAN_NOT_CERTIFIED":
                    raise
        raise SystemExit("nobody of the centre is certified for this work")

    def book(self, _, case):
        slots = self.platform.get(f"/v1/cases/{case['caseId']}/slots", days=7).get("slots", [])
        for slot in slots:
            try:
                self.on_case(case, None, "bookAppointment", slotId=slot["slotId"])
                return self.log(f"{case['caseId']}: {slot['window']['from']}")
            except Refused as refused:
                if refused.reason not in ("SLOT_TAKEN", "WINDOW_IN_PAST"):
                    raise
        raise SystemExit("no window of the next seven days is free")

    def check_in(self, _, case):
        self.on_case(case, "technician", "checkIn")

    def inspect(self, order, case):
        now = datetime.datetime.now(datetime.timezone.utc).isoformat()
        photo = lambda kind: {"kind": kind, "sha256": PHOTO, "takenAt": now}
        certificate = {
            "inspectedAt": now, "technician": order["technician"],
            "model": order.get("model", ""), "serialInside": order.get("serial", ""),
            "packaging": "PACKAGING_MISSING", "exterior": "EXTERIOR_INTACT",
            "function": "FUNCTION_FAULT", "faultCode": "F01", "cause": "CAUSE_PRODUCT",
            "evidence": [photo("EVIDENCE_KIND_NAMEPLATE"), photo("EVIDENCE_KIND_FAULT")],
            "handling": "ON_SITE_HANDLING_NONE", "signature": "SIGNATURE_SIGNED",
            "conclusion": "CONCLUSION_REPAIRABLE",
        }
        self.on_case(case, "technician", "submitInspection", certificate=certificate)
        self.log(f"{case['caseId']}: inspected")

    def repair(self, _, case):
        self.on_case(case, "technician", "completeRepair",
                     summary="replaced the sensor", function="FUNCTION_NORMAL")
        self.repaired.add(case["caseId"])
        self.log(f"{case['caseId']}: repaired")

    def on_case(self, case, side, verb, **body):
        prefix = f"/v1/{side}/cases/" if side else "/v1/cases/"
        return self.platform.step(f"{prefix}{case['caseId']}:{verb}", case, verb, **body)


def pages(centre, cursor):
    """What is open if there is no cursor, then every change in the order in which they were committed; ends
    where there is no more for now."""
    while True:
        try:
            page = centre.platform.get("/v1/partner/work-orders", cursor=cursor, pageSize=50)
        except Refused as refused:
            if refused.reason != "RESYNC_REQUIRED":
                raise
            cursor = ""  # the place is not known any more: begin with what is open
            continue
        for change in page.get("changes", []):
            centre.change(change)
        cursor = page["cursor"]
        yield cursor
        if not page.get("more"):
            return


def poll(centre, cursor_file, repairs):
    cursor = cursor_file.read_text() if cursor_file and cursor_file.exists() else ""
    while len(centre.repaired) < repairs:
        for cursor in pages(centre, cursor):
            if cursor_file:
                cursor_file.write_text(cursor)
        time.sleep(0.2)


def verified(secrets, headers, body):
    """Whether a webhook is ours and fresh (Standard Webhooks)."""
    name, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "0")
    if not (sent.isascii() and sent.isdigit()) or abs(time.time() - int(sent)) > FRESH_MAX:
        return False
    signed = f"{name}.{sent}.".encode() + body
    given = [one.partition(",")[2] for one in headers.get("webhook-signature", "").split()]
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
        if any(hmac.compare_digest(expected, one.encode()) for one in given):
            return True
    return False


def listen(centre, port, secrets, repairs):
    """The same changes, pushed. They are kept in a queue and answered at once, because the platform waits
    ten seconds. The queue dies with the process, so whatever is open is read once at the start."""
    inbox = queue.Queue()

    class Receiver(http.server.BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self):
            length = self.headers.get("content-length", "")
            if not (length.isascii() and length.isdigit()) or int(length) > BODY_MAX:
                return self.send_error(413)
            body = self.rfile.read(int(length))
            if not verified(secrets, self.headers, body):
                return self.send_error(401)
            inbox.put(json.loads(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"listening on {server.server_port}", flush=True)
    for _ in pages(centre, ""):
        pass
    kinds = {"offer.changed": "offer", "work_order.changed": "workOrder"}
    while len(centre.repaired) < repairs:
        event = inbox.get()
        if event["type"] in kinds:
            centre.change({kinds[event["type"]]: event["data"]})
    server.shutdown()


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--url", required=True, help="the platform's HTTP port")
    options.add_argument("--token", required=True, help="the centre's credential")
    options.add_argument("--repairs", type=int, default=sys.maxsize, help="end after so many")
    options.add_argument("--cursor", type=pathlib.Path, help="where to keep the cursor")
    options.add_argument("--listen", type=int, help="take webhooks on this port; 0 picks one")
    options.add_argument("--secret", action="append", default=[], help="whsec_…, up to two")
    asked = options.parse_args()
    centre = Centre(Platform(asked.url, asked.token), lambda text: print(text, flush=True))
    if asked.listen is None:
        poll(centre, asked.cursor, asked.repairs)
    else:
        listen(centre, asked.listen, asked.secret, asked.repairs)


if __name__ == "__main__":
    main()
