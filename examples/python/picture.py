"""Asks a PoP what a picture shows, using only Python's standard library (3.8 or newer).

    python3 examples/python/picture.py cat.jpg [http://127.0.0.1:8787 [pictures]]    set POPSERVE_KEY if the PoP asks for a key
"""

import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request


def send(url, body, headers, attempts=3):
    """Runs one inference. Where another attempt may help, waits as long as the server asks and tries again."""
    headers = {"popserve-key": "python-1", **headers}
    if os.environ.get("POPSERVE_KEY"):
        headers["Authorization"] = "Bearer " + os.environ["POPSERVE_KEY"]
    for attempt in range(1, attempts + 1):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10) as answer:
                return answer.headers, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            if error.code not in (429, 502, 503, 504) or attempt == attempts:
                sys.exit("HTTP %d: %s" % (error.code, error.read().decode("utf-8", "replace")))
            wait = error.headers.get("Retry-After", "")
            time.sleep(min(float(wait), 30) if wait.isdigit() else 0.2 * attempt)
        except urllib.error.URLError as error:
            if attempt == attempts:
                sys.exit("cannot reach %s: %s" % (url, error.reason))
            time.sleep(0.2 * attempt)


def main():
    if len(sys.argv) < 2:
        sys.exit("expected a picture: python3 examples/python/picture.py cat.jpg")
    pop = sys.argv[2] if len(sys.argv) > 2 else "http://127.0.0.1:8787"
    model = sys.argv[3] if len(sys.argv) > 3 else "pictures"
    with open(sys.argv[1], "rb") as file:
        picture = file.read()
    url = "%s/v2/models/%s/infer" % (pop.rstrip("/"), urllib.parse.quote(model, safe=""))
    # The bytes decide what it is: a PNG or a WebP may go under the same type.
    headers, seen = send(url, picture, {"Content-Type": "image/jpeg"})
    print("version %s at the PoP %s" % (headers["popserve-version"], headers["popserve-pop"]))
    for thing in seen:
        place = ""
        if "box" in thing:
            place = " at %(xmin).0f,%(ymin).0f to %(xmax).0f,%(ymax).0f" % thing["box"]
        print("%.1f %% %s%s" % (thing["score"] * 100, thing["label"], place))


if __name__ == "__main__":
    main()
