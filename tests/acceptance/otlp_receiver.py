"""A receiver of OTLP over HTTP and gRPC on loopback; what it gets it writes as JSON lines.

``python otlp_receiver.py FILE`` prints its two addresses as one line of JSON, and goes on until it is killed.
"""

import gzip
import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]  # it has no types
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

FILE = Path(sys.argv[1])
WRITING = threading.Lock()


def keep(way: str, request: Any) -> None:
    line = json.dumps({"way": way, "kind": type(request).__name__, "message": MessageToDict(request)})
    with WRITING, FILE.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


class Traces(trace_service_pb2_grpc.TraceServiceServicer):
    """Takes spans."""

    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802 -- as the protocol calls it
        del context
        keep("grpc", request)
        return trace_service_pb2.ExportTraceServiceResponse()


class Metrics(metrics_service_pb2_grpc.MetricsServiceServicer):
    """Takes metrics."""

    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802 -- as above
        del context
        keep("grpc", request)
        return metrics_service_pb2.ExportMetricsServiceResponse()


KINDS: dict[str, tuple[Any, Any]] = {
    "/v1/traces": (trace_service_pb2.ExportTraceServiceRequest, trace_service_pb2.ExportTraceServiceResponse),
    "/v1/metrics": (metrics_service_pb2.ExportMetricsServiceRequest, metrics_service_pb2.ExportMetricsServiceResponse),
}


class Http(BaseHTTPRequestHandler):
    """Takes both over HTTP."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        request, response = KINDS[self.path]
        keep("http", request.FromString(body))
        answer = response().SerializeToString()
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    server = grpc.server(ThreadPoolExecutor(2))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(Traces(), server)  # type: ignore[no-untyped-call]  # as above
    metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(Metrics(), server)  # type: ignore[no-untyped-call]  # as above
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    http = ThreadingHTTPServer(("127.0.0.1", 0), Http)
    print(json.dumps({"http": f"http://127.0.0.1:{http.server_port}", "grpc": f"http://127.0.0.1:{port}"}), flush=True)
    http.serve_forever()


if __name__ == "__main__":
    main()
