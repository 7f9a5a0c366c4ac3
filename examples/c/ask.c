/* Asks a PoP about one machine from a small device, with libcurl and buffers of a fixed size: it parses no JSON and allocates nothing.
 *
 *   cc -O2 -Wall -o ask examples/c/ask.c -lcurl
 *   ./ask [http://127.0.0.1:8787 [json|binary]]          set POPSERVE_KEY if the PoP asks for a key
 *
 * Exit status: 0 the machine is fine, 2 it will fail, 1 no answer.
 * The binary form needs a little-endian processor with IEEE 754 floats, as on the wire. */
#include <curl/curl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { attempts = 3, longest_wait_s = 30 };

struct answer {
  char body[4096];
  size_t bytes;
  long json_bytes; /* length of the JSON part of a binary answer, -1 if there is none */
  char version[65];
};

/* The readings of the sensors. */
static const char type[] = "L";
static const struct { const char *name; float value; } measured[] = {
  {"air_temperature", 298.9f}, {"process_temperature", 309.1f}, {"rotational_speed", 1310.0f},
  {"torque", 64.5f}, {"tool_wear", 198.0f},
};
enum { measurements = sizeof measured / sizeof *measured };

static size_t on_body(char *data, size_t size, size_t count, void *context) {
  struct answer *answer = context;
  size_t bytes = size * count;
  if (answer->bytes + bytes >= sizeof answer->body) return 0; /* the answer does not fit: libcurl gives up */
  memcpy(answer->body + answer->bytes, data, bytes);
  answer->bytes += bytes;
  answer->body[answer->bytes] = '\0';
  return bytes;
}

static size_t on_header(char *data, size_t size, size_t count, void *context) {
  struct answer *answer = context;
  char line[160] = "";
  size_t bytes = size * count;
  memcpy(line, data, bytes < sizeof line ? bytes : sizeof line - 1);
  static const char length[] = "inference-header-content-length:";
  if (curl_strnequal(line, length, sizeof length - 1)) answer->json_bytes = atol(line + sizeof length - 1);
  static const char version[] = "popserve-version:";
  if (curl_strnequal(line, version, sizeof version - 1)) sscanf(line + sizeof version - 1, " %64s", answer->version);
  return bytes;
}

/* Sends a request, and after a wait sends it again where that may help. Returns the HTTP status, 0 without an answer. */
static long ask(CURL *curl, const char *body, size_t bytes, struct answer *answer) {
  long status = 0;
  for (int attempt = 1; attempt <= attempts; attempt++) {
    *answer = (struct answer){.json_bytes = -1};
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
    CURLcode result = curl_easy_perform(curl);
    status = 0;
    curl_off_t wait_s = 0;
    if (result == CURLE_OK) {
      curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
      if (status != 429 && status != 502 && status != 503 && status != 504) return status;
      curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &wait_s);
    } else {
      fprintf(stderr, "attempt %d: %s\n", attempt, curl_easy_strerror(result));
    }
    if (attempt < attempts) sleep(wait_s < 1 ? 1 : wait_s > longest_wait_s ? longest_wait_s : (unsigned)wait_s);
  }
  return status;
}

/* Asks only for `failure`, so that the answer's data is one number. */
static size_t json_request(char *body, size_t room) {
  int at = snprintf(body, room, "{\"inputs\":[{\"name\":\"type\",\"datatype\":\"BYTES\",\"shape\":[1,1],\"data\":[\"%s\"]}", type);
  for (int i = 0; i < measurements; i++)
    at += snprintf(body + at, room - at, ",{\"name\":\"%s\",\"datatype\":\"FP32\",\"shape\":[1,1],\"data\":[%.9g]}",
                   measured[i].name, (double)measured[i].value);
  at += snprintf(body + at, room - at, "],\"outputs\":[{\"name\":\"failure\"}]}");
  return (size_t)at;
}

/* Writes JSON that names the tensors and their sizes, then their bytes in the same order. */
static size_t binary_request(char *body, size_t room, size_t *json_bytes) {
  uint32_t length = sizeof type - 1;
  int at = snprintf(body, room,
                    "{\"inputs\":[{\"name\":\"type\",\"datatype\":\"BYTES\",\"shape\":[1,1],\"parameters\":{\"binary_data_size\":%u}}",
                    (unsigned)(sizeof length + length));
  for (int i = 0; i < measurements; i++)
    at += snprintf(body + at, room - at,
                   ",{\"name\":\"%s\",\"datatype\":\"FP32\",\"shape\":[1,1],\"parameters\":{\"binary_data_size\":4}}",
                   measured[i].name);
  at += snprintf(body + at, room - at, "],\"outputs\":[{\"name\":\"failure\",\"parameters\":{\"binary_data\":true}}]}");
  *json_bytes = (size_t)at;
  memcpy(body + at, &length, sizeof length);
  memcpy(body + at + sizeof length, type, length);
  at += (int)(sizeof length + length);
  for (int i = 0; i < measurements; i++, at += sizeof(float)) memcpy(body + at, &measured[i].value, sizeof(float));
  return (size_t)at;
}

static int read_failure(const struct answer *answer, int binary, int64_t *failure) {
  if (binary) {
    if (answer->json_bytes < 0 || (size_t)answer->json_bytes + sizeof *failure != answer->bytes) return 0;
    memcpy(failure, answer->body + answer->json_bytes, sizeof *failure);
    return 1;
  }
  const char *data = strstr(answer->body, "\"data\":[");
  if (data == NULL) return 0;
  *failure = strtoll(data + strlen("\"data\":["), NULL, 10);
  return 1;
}

int main(int count, char **arguments) {
  const char *pop = count > 1 ? arguments[1] : "http://127.0.0.1:8787";
  int binary = count <= 2 || strcmp(arguments[2], "json") != 0;
  char url[512], header[256], body[2048];
  struct answer answer;
  size_t json_bytes = 0;
  size_t bytes = binary ? binary_request(body, sizeof body, &json_bytes) : json_request(body, sizeof body);

  curl_global_init(CURL_GLOBAL_DEFAULT);
  CURL *curl = curl_easy_init();
  if (curl == NULL) return 1;
  snprintf(url, sizeof url, "%s/v2/models/machine-failure/infer", pop);
  struct curl_slist *headers = curl_slist_append(NULL, "popserve-key: c-1");
  headers = curl_slist_append(headers, binary ? "Content-Type: application/octet-stream" : "Content-Type: application/json");
  if (binary) {
    snprintf(header, sizeof header, "Inference-Header-Content-Length: %zu", json_bytes);
    headers = curl_slist_append(headers, header);
  }
  const char *key = getenv("POPSERVE_KEY");
  if (key != NULL) {
    snprintf(header, sizeof header, "Authorization: Bearer %s", key);
    headers = curl_slist_append(headers, header);
  }
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 10L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);

  long status = ask(curl, body, bytes, &answer);
  int64_t failure = 0;
  int exit_status = 1;
  if (status == 200 && read_failure(&answer, binary, &failure)) {
    printf("version %s: the machine %s\n", answer.version, failure ? "will fail" : "is fine");
    exit_status = failure ? 2 : 0;
  } else {
    fprintf(stderr, "HTTP status %ld: %s\n", status, answer.body);
  }
  curl_slist_free_all(headers);
  curl_easy_cleanup(curl);
  curl_global_cleanup();
  return exit_status;
}
