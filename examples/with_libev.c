/* A node on a program's own libev loop, with events as they happen: it stores its argument.
 *
 *   cc with_libev.c $(pkg-config --cflags --libs skad) -lev -o with_libev
 *   ./with_libev 127.0.0.1:4700 "some text" */
#include <stdio.h>
#include <string.h>

#include <ev.h>

#include <skad/host.h>

typedef struct program {
    struct ev_loop *loop;
    skad_host host;
    const char *text;
    skad_op put;
    int code;
} program;

static void end(program *self, int code)
{
    self->code = code;
    ev_break(self->loop, EVBREAK_ALL);
}

static void on_event(void *user, skad_host host, const skad_event *event)
{
    program *self = user;
    char key[SKAD_ID_TEXT_BYTES];
    if (event->kind == SKAD_EVENT_JOINED && self->put == 0) {
        if (skad_host_put(host, self->text, strlen(self->text), false, &self->put, NULL) !=
            SKAD_OK) {
            fprintf(stderr, "%s\n", skad_host_error(host));
            end(self, 1);
        }
    } else if (event->kind == SKAD_EVENT_PUT && event->op == self->put) {
        skad_id_format(&event->u.put.key, key);
        printf("stored at %u nodes: %s\n", event->u.put.stored, key);
        end(self, event->outcome == SKAD_OUTCOME_DONE ? 0 : 1);
    }
}

static void on_readable(struct ev_loop *loop, ev_io *watcher, int revents)
{
    const program *self = watcher->data;
    (void)loop;
    (void)revents;
    skad_host_step(self->host);
}

int main(int argc, char **argv)
{
    program self = {.loop = EV_DEFAULT, .text = argc > 2 ? argv[2] : "hello"};
    const char *const join[] = {argc > 1 ? argv[1] : "127.0.0.1:4700"};
    const char *const listen[] = {"0.0.0.0:0"};
    skad_host_config config;
    skad_failure failure;
    ev_io readable;

    skad_host_config_init(&config);
    config.profile = "test";
    config.listen = listen;
    config.listen_count = 1;
    config.join = join;
    config.join_count = 1;
    config.event = on_event;
    config.user = &self;
    if (skad_host_open(&config, &self.host, &failure) != SKAD_OK) {
        fprintf(stderr, "%s\n", failure.text);
        return 1;
    }
    ev_io_init(&readable, on_readable, skad_host_fd(self.host), EV_READ);
    readable.data = &self;
    ev_io_start(self.loop, &readable);
    ev_run(self.loop, 0);
    skad_host_close(self.host);
    return self.code;
}
