#!/usr/bin/env python3
"""A service centre over gRPC with a generated client: takes offers, sends a technician, inspects, repairs.

The client is made from the contract, in the root of the repository:

  python3 -m venv venv && venv/bin/pip install -r examples/partners/requirements.txt
  mkdir -p examples/partners/generated
  venv/bin/python -m grpc_tools.protoc -I proto --python_out=examples/partners/generated \\
      --grpc_python_out=examples/partners/generated $(find proto/parasol -name '*.proto')
  venv/bin/python examples/partners/grpc_partner.py --target 127.0.0.1:7443 --token "$CENTRE" --repairs 1

What makes it safe is what makes partner.py safe: a request id follows from what is done, the cursor is
kept after the work, and a step is chosen from the work order as it is now.
"""

import argparse
import hashlib
import pathlib
import sys
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).parent / "generated"))

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2, status_pb2
from parasol.admin.v1 import network_pb2, network_pb2_grpc
from parasol.common.v1 import certificate_pb2, vocabulary_pb2
from parasol.partner.v1 import answer_pb2, appointment_pb2, appointment_pb2_grpc
from parasol.partner.v1 import offer_pb2, offer_pb2_grpc
from parasol.technician.v1 import visit_pb2, visit_pb2_grpc

REQUESTS = uuid.UUID("6f2c1f0e-3d7b-5b7e-9a54-2f6d0c1be9a5")
PHOTO = hashlib.sha256(b"a photo").hexdigest()
# Tried again with the same request id: whether it took effect is not known, or it was not its turn.
PASSING = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
}
# Somebody was faster, the case has moved on or is over: the next change says where it stands.
PASSED_OVER = {
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.ALREADY_EXISTS,
}


def reason_of(error):
    """The documented reason of a refusal; empty if the answer carries none."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(value).details:
                info = error_details_pb2.ErrorInfo()
                if detail.Unpack(info):
                    return info.reason
    return ""


class Platform:
    """The stubs, with the credential on every call."""

    def __init__(self, target, token):
        self.metadata = (("authorization", "Bearer " + token), ("accept-language", "en"))
        channel = grpc.insecure_channel(target)
        self.offers = offer_pb2_grpc.OfferServiceStub(channel)
        self.appointments = appointment_pb2_grpc.AppointmentServiceStub(channel)
        self.visits = visit_pb2_grpc.VisitServiceStub(channel)
        self.network = network_pb2_grpc.NetworkServiceStub(channel)

    def call(self, method, request, tries=6):
        """One call; what may pass is tried again with the same bytes, with a growing wait."""
        for attempt in range(tries):
            try:
                return method(request, metadata=self.metadata, timeout=30)
            except grpc.RpcError as error:
                if error.code() not in PASSING or attempt + 1 == tries:
                    raise
            time.sleep(min(0.2 * 2**attempt, 10))
        raise AssertionError("the last try returns or raises")

    def step(self, method, message, case_id, etag, step, **fields):
        """Something that changes a case."""
        name = str(uuid.uuid5(REQUESTS, f"{case_id}/{etag}/{step}"))
        return self.call(method, message(request_id=name, case_id=case_id, **fields))

    def changes(self, cursor):
        """Every change as it is committed, with the cursor behind it. A stream that breaks goes on from
        there; a place that is not known any more begins with what is open."""
        waited = 0
        while True:
            request = offer_pb2.StreamOffersRequest(cursor=cursor)
            try:
                for message in self.offers.StreamOffers(request, metadata=self.metadata):
                    cursor, waited = message.cursor, 0
                    yield message
            except grpc.RpcError as error:
                if reason_of(error) == "RESYNC_REQUIRED":
                    cursor = ""
                elif error.code() not in PASSING:
                    raise
            time.sleep(min(0.2 * 2**waited, 10))
            waited = min(waited + 1, 10)


class Centre:
    """What a centre does with a change."""

    def __init__(self, platform, log):
        self.platform, self.log, self.repaired = platform, log, set()

    def change(self, message):
        try:
            kind = message.WhichOneof("change")
            if kind == "offer":
                self.offer(message.offer)
            elif kind == "work_order":
                self.work_order(message.work_order.work_order_id)
        except grpc.RpcError as error:
            if error.code() not in PASSED_OVER:
                raise
            self.log(f"passed over: {reason_of(error)} {error.details()}")

    def offer(self, offer):
        if offer.state != offer_pb2.OFFER_STATE_OFFERED:
            return
        answer = self.platform.step(
            self.platform.offers.AcceptOffer, answer_pb2.AcceptOfferRequest,
            offer.case_id, offer.etag, "accept",
            offer_id=offer.offer_id, partner_order_no="P-" + offer.offer_id[-8:],
        )
        self.log(f"{offer.case_id}: accepted")
        if answer.HasField("work_order"):
            self.work_order(answer.work_order.work_order_id)

    def work_order(self, name):
        """Goes as far as the case lets us go; each step is chosen from the order as it is now."""
        for _ in range(8):
            request = offer_pb2.GetWorkOrderRequest(work_order_id=name)
            order = self.platform.call(self.platform.offers.GetWorkOrder, request)
            step = {
                vocabulary_pb2.STAGE_CENTRE_ASSIGNED: self.assign,
                vocabulary_pb2.STAGE_TECHNICIAN_ASSIGNED: self.book,
                vocabulary_pb2.STAGE_APPOINTED: self.check_in,
                vocabulary_pb2.STAGE_ON_SITE: self.inspect,
                vocabulary_pb2.STAGE_REPAIRING: self.repair,
            }.get(order.case.stage)
            if step is None:
                return
            step(order)

    def assign(self, order):
        request = network_pb2.ListTechniciansRequest(centre=order.centre, page_size=50)
        people = self.platform.call(self.platform.network.ListTechnicians, request)
        for person in people.technicians:
            try:
                self.on(order, self.platform.offers.AssignTechnician,
                        answer_pb2.AssignTechnicianRequest, "assign/" + person.technician,
                        technician=person.technician)
                return self.log(f"{order.case.case_id}: {person.technician} goes")
            except grpc.RpcError as error:
                if reason_of(error) != "TECHNICIAN_NOT_CERTIFIED":
                    raise
        raise SystemExit("nobody of the centre is certified for this work")

    def book(self, order):
        request = appointment_pb2.FindSlotsRequest(case_id=order.case.case_id, days=7)
        found = self.platform.call(self.platform.appointments.FindSlots, request)
        for slot in found.slots:
            try:
                self.on(order, self.platform.appointments.BookAppointment,
                        appointment_pb2.BookAppointmentRequest, "book/" + slot.slot_id,
                        slot_id=slot.slot_id)
                return self.log(f"{order.case.case_id}: booked")
            except grpc.RpcError as error:
                if reason_of(error) not in ("SLOT_TAKEN", "WINDOW_IN_PAST"):
                    raise
        raise SystemExit("no window of the next seven days is free")

    def check_in(self, order):
        self.on(order, self.platform.visits.CheckIn, visit_pb2.CheckInRequest, "check-in",
                appointment_id=order.appointment_id)

    def inspect(self, order):
        now = Timestamp()
        now.GetCurrentTime()
        evidence = [
            certificate_pb2.EvidenceItem(kind=kind, sha256=PHOTO, taken_at=now)
            for kind in (certificate_pb2.EVIDENCE_KIND_NAMEPLATE,
                         certificate_pb2.EVIDENCE_KIND_FAULT)
        ]
        certificate = certificate_pb2.Certificate(
            inspected_at=now, technician=order.technician,
            model=order.model, serial_inside=order.serial,
            packaging=certificate_pb2.PACKAGING_MISSING, exterior=certificate_pb2.EXTERIOR_INTACT,
            function=vocabulary_pb2.FUNCTION_FAULT, fault_code="F01",
            cause=vocabulary_pb2.CAUSE_PRODUCT, evidence=evidence,
            handling=certificate_pb2.ON_SITE_HANDLING_NONE,
            signature=certificate_pb2.SIGNATURE_SIGNED,
            conclusion=vocabulary_pb2.CONCLUSION_REPAIRABLE,
        )
        # The body holds the time, so a repetition is another body: it has an id of its own, and what
        # has moved on meanwhile is refused.
        self.on(order, self.platform.visits.SubmitInspection, visit_pb2.SubmitInspectionRequest,
                f"inspect/{now.ToNanoseconds()}", certificate=certificate)
        self.log(f"{order.case.case_id}: inspected")

    def repair(self, order):
        self.on(order, self.platform.visits.CompleteRepair, visit_pb2.CompleteRepairRequest,
                "repair", summary="replaced the sensor", function=vocabulary_pb2.FUNCTION_NORMAL)
        self.repaired.add(order.case.case_id)
        self.log(f"{order.case.case_id}: repaired")

    def on(self, order, method, message, step, **fields):
        case = order.case
        return self.platform.step(method, message, case.case_id, case.etag, step, **fields)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--target", required=True, help="the platform's gRPC port, host:port")
    options.add_argument("--token", required=True, help="the centre's credential")
    options.add_argument("--repairs", type=int, default=sys.maxsize, help="end after so many")
    options.add_argument("--cursor", type=pathlib.Path, help="where to keep the cursor")
    asked = options.parse_args()
    platform = Platform(asked.target, asked.token)
    centre = Centre(platform, lambda text: print(text, flush=True))
    kept = asked.cursor and asked.cursor.exists()
    for message in platform.changes(asked.cursor.read_text() if kept else ""):
        centre.change(message)
        if asked.cursor:
            asked.cursor.write_text(message.cursor)
        if len(centre.repaired) >= asked.repairs:
            return


if __name__ == "__main__":
    main()
