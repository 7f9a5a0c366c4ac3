/* Asks a PoP what a picture shows from a small device, with libcurl and a buffer of a fixed size: the file is sent as it is read, and of
 * the answer's JSON only the best label is looked for.
 *
 *   cc -O2 -Wall -o picture examples/c/picture.c -lcurl
 *   ./picture camera.jpg [http://127.0.0.1:8787 [pictures]]          set POPSERVE_KEY if the PoP asks for a key
 *
 * Exit status: 0 with a label, 2 if the picture shows nothing that the model knows, 1 without an answer. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { attempts = 3, longest_wait_s = 30 };

struct answer {
  char body[4096];
  size_t bytes;
  char version[65];
};

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
  static const char version[] = "popserve-version:";
  if (curl_strnequal(line, version, sizeof version - 1)) sscanf(line + sizeof version - 1, " %64s", answer->version);
  return bytes;
}

/* Sends the file, and after a wait sends it again where that may help. Returns the HTTP status, 0 without an answer. */
static long ask(CURL *curl, FILE *picture, long bytes, struct answer *answer) {
  long status = 0;
  for (int attempt = 1; attempt <= attempts; attempt++) {
    memset(answer, 0, sizeof *answer);
    rewind(picture);
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, bytes);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, fread);
    curl_easy_setopt(curl, CURLOPT_READDATA, picture);
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

/* The first label is the best one. Returns its length, 0 if there is none; quotes inside a label are escaped by a backslash. */
static int best_label(const char *body, const char **label) {
  static const char member[] = "\"label\":\"";
  const char *found = strstr(body, member);
  if (found == NULL) return 0;
  *label = found + sizeof member - 1;
  int length = 0;
  for (const char *at = *label; at[length] != '\0' && at[length] != '"'; length++)
    if (at[length] == '\\' && at[length + 1] != '\0') length++;
  return length;
}

int main(int count, char **arguments) {
  if (count < 2) {
    fprintf(stderr, "expected a picture: ./picture camera.jpg\n");
    return 1;
  }
  FILE *picture = fopen(arguments[1], "rb");
  if (picture == NULL || fseek(picture, 0, SEEK_END) != 0) {
    perror(arguments[1]);
    return 1;
  }
  long bytes = ftell(picture);

  curl_global_init(CURL_GLOBAL_DEFAULT);
  CURL *curl = curl_easy_init();
  if (curl == NULL) return 1;
  char url[512], header[256];
  snprintf(url, sizeof url, "%s/v2/models/%s/infer", count > 2 ? arguments[2] : "http://127.0.0.1:8787",
           count > 3 ? arguments[3] : "pictures");
  struct curl_slist *headers = curl_slist_append(NULL, "popserve-key: c-1");
  /* The bytes decide what it is: a PNG or a WebP may go under the same type. */
  headers = curl_slist_append(headers, "Content-Type: image/jpeg");
  /* Without it libcurl asks first whether it may send a large body, and waits. */
  headers = curl_slist_append(headers, "Expect:");
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

  struct answer answer;
  long status = ask(curl, picture, bytes, &answer);
  int exit_status = 1;
  if (status == 200) {
    const char *label = "";
    int length = best_label(answer.body, &label);
    exit_status = length > 0 ? 0 : 2;
    printf("version %s: %.*s\n", answer.version, length > 0 ? length : 7, length > 0 ? label : "nothing");
  } else {
    fprintf(stderr, "HTTP status %ld: %s\n", status, answer.body);
  }
  curl_slist_free_all(headers);
  curl_easy_cleanup(curl);
  curl_global_cleanup();
  fclose(picture);
  return exit_status;
}
