/* A gateway under load, and whether its node feels it: lookups of another client of the daemon,
 * first alone, then while requests come to the gateway at a steady rate, then while ten thousand
 * connections come that never finish a request. bench/gateway.sh starts what this needs.
 *
 *   bench_gateway PORT SOCKET GATEWAY-PID [SECONDS] [RATE]
 */
#define _GNU_SOURCE /* strcasestr */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/measure.h"
#include "crypto/random.h"
#include "skad/text.h"
#include "src/cli/client/client.h"

#define CONNECTIONS    100
#define LOOKUPS_MAX    200000
#define HALVES         10000
#define HALVES_AT_ONCE 4000 /* of ours: open files are few where this runs */
#define ANSWER_BYTES   65536

/* ---- Lookups of another client ---- */

typedef struct looker {
    const char *socket;
    atomic_bool stop;
    size_t count;
    size_t failures;
    double *ms;
    double seconds;
} looker;

static void random_id(skad_id *out)
{
    skad_random_system(out->bytes, sizeof out->bytes);
}

static void *look(void *user)
{
    looker *self = user;
    skad_options options = {.timeout_s = 60};
    skad_client client;
    skad_failure failure;
    (void)snprintf(options.socket, sizeof options.socket, "%s", self->socket);
    if (skad_client_open(&options, &client, &failure) != SKAD_EXIT_DONE) {
        (void)fprintf(stderr, "%s\n", failure.text);
        exit(1);
    }
    const double begin = bench_wall_s();
    while (!atomic_load(&self->stop) && self->count < LOOKUPS_MAX) {
        skad_control_request request = {.method = SKAD_CONTROL_LOOKUP};
        skad_answer result;
        random_id(&request.id);
        const double at = bench_wall_s();
        if (skad_client_call(&client, &request, &result, &failure) != SKAD_EXIT_DONE) {
            self->failures++;
        }
        self->ms[self->count++] = (bench_wall_s() - at) * 1e3;
        (void)usleep(2000); /* a client that does something else, too */
    }
    self->seconds = bench_wall_s() - begin;
    skad_client_close(&client);
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_lookups(const char *when, looker *self)
{
    qsort(self->ms, self->count, sizeof *self->ms, by_size);
    printf("lookups %-28s %6zu, %zu failed; ms: median %.2f, 99 %% %.2f, most %.2f\n", when,
           self->count, self->failures, self->ms[self->count / 2], self->ms[self->count * 99 / 100],
           self->ms[self->count - 1]);
}

/* ---- Requests ---- */

typedef struct requester {
    int fd;
    bool waits;
    size_t len;
    char in[ANSWER_BYTES];
} requester;

typedef struct load {
    uint16_t port;
    size_t sent;
    size_t served;
    size_t refused; /* 429 and 503 */
    size_t other;
    size_t missed; /* no connection was free at its time */
} load;

static int connect_to(uint16_t port)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port)};
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&name, sizeof name) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Half of them about the node, the others make it search. */
static void send_request(requester *one, load *self)
{
    char text[256];
    char id[SKAD_ID_TEXT_BYTES];
    skad_id target;
    static const char *const about[] = {"/v1/status", "/v1/health", "/v1/table", "/"};
    static const char *const search[] = {"lookup", "value", "providers", "record"};
    random_id(&target);
    skad_id_format(&target, id);
    const size_t n = self->sent++;
    const int len =
        n % 2 == 0
            ? snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n",
                       about[n / 2 % 4])
            : snprintf(text, sizeof text, "GET /v1/%s/%s HTTP/1.1\r\nHost: localhost\r\n\r\n",
                       search[n / 2 % 4], id);
    one->waits = send(one->fd, text, (size_t)len, MSG_NOSIGNAL) == len;
    one->len = 0;
}

static void take_answer(requester *one, load *self)
{
    const ssize_t got =
        recv(one->fd, one->in + one->len, ANSWER_BYTES - 1 - one->len, MSG_DONTWAIT);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN) {
            self->other++;
            close(one->fd);
            one->fd = connect_to(self->port);
            one->waits = false;
        }
        return;
    }
    one->len += (size_t)got;
    one->in[one->len] = 0;
    const char *end = strstr(one->in, "\r\n\r\n");
    const char *length = end == NULL ? NULL : strcasestr(one->in, "content-length: ");
    if (length == NULL || one->len < (size_t)(end + 4 - one->in) + strtoul(length + 16, NULL, 10)) {
        return;
    }
    const long status = strtol(one->in + 9, NULL, 10);
    self->served += status == 200 || status == 404;
    self->refused += status == 429 || status == 503;
    self->other += status != 200 && status != 404 && status != 429 && status != 503;
    one->waits = false;
}

static void run_load(load *self, double seconds, double rate)
{
    static requester all[CONNECTIONS];
    struct pollfd waits[CONNECTIONS];
    const double begin = bench_wall_s();
    double due = begin;
    for (size_t i = 0; i < CONNECTIONS; i++) {
        all[i].fd = connect_to(self->port);
        all[i].waits = false;
    }
    double now = begin;
    while (now < begin + seconds) {
        for (size_t i = 0; i < CONNECTIONS && due <= now; i++) {
            if (!all[i].waits && all[i].fd >= 0) {
                send_request(&all[i], self);
                due += 1 / rate;
            }
        }
        while (due < now - 0.05) { /* nothing is made up for later */
            self->missed++;
            due += 1 / rate;
        }
        for (size_t i = 0; i < CONNECTIONS; i++) {
            waits[i] = (struct pollfd){.fd = all[i].waits ? all[i].fd : -1, .events = POLLIN};
        }
        if (poll(waits, CONNECTIONS, 1) < 0) {
            return;
        }
        for (size_t i = 0; i < CONNECTIONS; i++) {
            if (waits[i].revents != 0) {
                take_answer(&all[i], self);
            }
        }
        now = bench_wall_s();
    }
    for (size_t i = 0; i < CONNECTIONS; i++) {
        close(all[i].fd);
    }
}

/* ---- Connections that never finish ---- */

static void run_halves(uint16_t port)
{
    static int open_fds[HALVES_AT_ONCE];
    size_t made = 0;
    size_t ended = 0;
    memset(open_fds, -1, sizeof open_fds);
    const double begin = bench_wall_s();
    for (size_t i = 0; i < HALVES; i++) {
        int *place = &open_fds[i % HALVES_AT_ONCE];
        char byte;
        if (*place >= 0) {
            ended += recv(*place, &byte, 1, MSG_DONTWAIT) == 0 || errno == ECONNRESET;
            close(*place);
        }
        *place = connect_to(port);
        made += *place >= 0;
        (void)!send(*place, "GET /v1/status HTTP/1.1\r\nHo", 27, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    load after = {.port = port};
    run_load(&after, 1, 100);
    printf("half requests: %zu connections in %.1f s; of the %d oldest %zu were ended; meanwhile "
           "%zu whole requests served, %zu not\n",
           made, bench_wall_s() - begin, HALVES - HALVES_AT_ONCE, ended,
           after.served + after.refused, after.other);
    for (size_t i = 0; i < HALVES_AT_ONCE; i++) {
        close(open_fds[i]);
    }
}

static long rss_kib(const char *pid)
{
    char path[64];
    char line[256];
    long kib = -1;
    (void)snprintf(path, sizeof path, "/proc/%s/status", pid);
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "VmRSS:", 6) == 0) {
            kib = strtol(line + 6, NULL, 10);
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return kib;
}

typedef enum phase { ALONE, LOADED, HALF } phase;

static void measure(phase which, char **argv, double seconds, double rate)
{
    static const char *const names[] = {
        "without load:", "with requests at the gateway:", "with half requests:"};
    looker self = {.socket = argv[2], .ms = malloc(LOOKUPS_MAX * sizeof(double))};
    load requests = {.port = (uint16_t)strtoul(argv[1], NULL, 10)};
    pthread_t thread;
    if (self.ms == NULL || pthread_create(&thread, NULL, look, &self) != 0) {
        abort();
    }
    if (which == ALONE) {
        (void)usleep((useconds_t)(seconds * 1e6));
    } else if (which == LOADED) {
        run_load(&requests, seconds, rate);
        printf("requests: %.0f a second answered: %.0f served, %.0f refused; %zu otherwise, %zu "
               "not sent in time\n",
               (double)(requests.served + requests.refused) / seconds,
               (double)requests.served / seconds, (double)requests.refused / seconds,
               requests.other, requests.missed);
    } else {
        run_halves(requests.port);
    }
    atomic_store(&self.stop, true);
    (void)pthread_join(thread, NULL);
    print_lookups(names[which], &self);
    printf("the gateway has %ld KiB of memory (RSS)\n", rss_kib(argv[3]));
    free(self.ms);
}

int main(int argc, char **argv)
{
    struct rlimit files;
    if (argc < 4) {
        (void)fprintf(stderr, "usage: bench_gateway PORT SOCKET GATEWAY-PID [SECONDS] [RATE]\n");
        return 2;
    }
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    const double seconds = argc > 4 ? strtod(argv[4], NULL) : 10;
    const double rate = argc > 5 ? strtod(argv[5], NULL) : 10000;
    measure(ALONE, argv, seconds, rate);
    measure(LOADED, argv, seconds, rate);
    measure(HALF, argv, seconds, rate);
    return 0;
}
