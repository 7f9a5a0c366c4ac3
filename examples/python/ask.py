"""Asks a PoP about two machines, using only Python's standard library (3.8 or newer).

    python3 examples/python/ask.py [http://127.0.0.1:8787]        set POPSERVE_KEY if the PoP asks for a key
"""

import json
import os
import struct
import sys
import time
import urllib.error
import urllib.request

NUMERIC = {
    "air_temperature": [298.1, 298.9],
    "process_temperature": [308.6, 309.1],
    "rotational_speed": [1551.0, 1310.0],
    "torque": [42.8, 64.5],
    "tool_wear": [0.0, 198.0],
}
TYPES = ["M", "L"]
# The letter that struct uses for each datatype; BYTES and BOOL are read below.
LETTERS = {
    "UINT8": "B", "UINT16": "H", "UINT32": "I", "UINT64": "Q", "INT8": "b", "INT16": "h", "INT32": "i", "INT64": "q",
    "FP16": "e", "FP32": "f", "FP64": "d", "BOOL": "?",
}


def send(url, body, headers, attempts=3):
    """Runs one inference. Where another attempt may help, waits as long as the server asks and tries again."""
    headers = {"popserve-key": "python-1", **headers}
    if os.environ.get("POPSERVE_KEY"):
        headers["Authorization"] = "Bearer " + os.environ["POPSERVE_KEY"]
    for attempt in range(1, attempts + 1):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10) as answer:
                return answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            if error.code not in (429, 502, 503, 504) or attempt == attempts:
                sys.exit("HTTP %d: %s" % (error.code, error.read().decode("utf-8", "replace")))
            wait = error.headers.get("Retry-After", "")
            time.sleep(min(float(wait), 30) if wait.isdigit() else 0.2 * attempt)
        except urllib.error.URLError as error:
            if attempt == attempts:
                sys.exit("cannot reach %s: %s" % (url, error.reason))
            time.sleep(0.2 * attempt)


def ask_json(url):
    """Encodes tensors as JSON."""
    inputs = [{"name": "type", "datatype": "BYTES", "shape": [2, 1], "data": TYPES}]
    for name, values in NUMERIC.items():
        inputs.append({"name": name, "datatype": "FP32", "shape": [2, 1], "data": values})
    body = json.dumps({"inputs": inputs}).encode()
    headers, answer = send(url, body, {"Content-Type": "application/json"})
    outputs = {output["name"]: output["data"] for output in json.loads(answer)["outputs"]}
    return headers, outputs


def ask_binary(url):
    """Encodes binary tensors: JSON that names them, then their bytes, little-endian, in the same order."""
    texts = b"".join(struct.pack("<I", len(text.encode())) + text.encode() for text in TYPES)
    tensors = [("type", "BYTES", texts)]
    for name, values in NUMERIC.items():
        tensors.append((name, "FP32", struct.pack("<%df" % len(values), *values)))
    inputs = [
        {"name": name, "datatype": datatype, "shape": [2, 1], "parameters": {"binary_data_size": len(data)}}
        for name, datatype, data in tensors
    ]
    head = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()
    headers, answer = send(
        url,
        head + b"".join(data for _, _, data in tensors),
        {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(head))},
    )
    at = int(headers["Inference-Header-Content-Length"])
    outputs = {}
    for output in json.loads(answer[:at])["outputs"]:
        size = output["parameters"]["binary_data_size"]
        outputs[output["name"]] = elements(output["datatype"], answer[at : at + size])
        at += size
    return headers, outputs


def elements(datatype, data):
    if datatype != "BYTES":
        letter = LETTERS[datatype]
        return list(struct.unpack("<%d%s" % (len(data) // struct.calcsize(letter), letter), data))
    texts, at = [], 0
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at)
        texts.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    return texts


def main():
    pop = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8787"
    url = pop.rstrip("/") + "/v2/models/machine-failure/infer"
    for form, ask in (("JSON", ask_json), ("binary", ask_binary)):
        headers, outputs = ask(url)
        print("%s: version %s at the PoP %s" % (form, headers["popserve-version"], headers["popserve-pop"]))
        for machine, failure in enumerate(outputs["failure"]):
            probability = outputs["probability"][2 * machine + 1]
            print("  machine %d: %s (%.4f)" % (machine + 1, "will fail" if failure else "is fine", probability))


if __name__ == "__main__":
    main()
