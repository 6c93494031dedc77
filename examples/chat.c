/* A rendezvous for a chat, on GLib's loop: everyone who is in a room is announced under its name,
 * and sees who else comes and goes. Lines of its own are not sent anywhere: what the nodes give is
 * the addresses.
 *
 *   cc chat.c $(pkg-config --cflags --libs skad glib-2.0) -o chat
 *   ./chat 127.0.0.1:4700 garden alice 5000     room, name, and the port where alice takes calls */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib-unix.h>

#include <skad/host.h>

typedef struct chat {
    GMainLoop *loop;
    skad_host host;
    skad_id room;
    const char *name;
    uint16_t port;
    skad_op announced;
    skad_op watch;
    int code;
} chat;

static void end_badly(chat *self, const char *why)
{
    fprintf(stderr, "%s\n", why);
    self->code = 1;
    g_main_loop_quit(self->loop);
}

static void print_guests(const skad_get_report *report)
{
    char address[SKAD_ADDRESS_TEXT_BYTES];
    printf("in the room:");
    for (size_t i = 0; i < report->providers_count; i++) {
        const skad_provider *one = &report->providers[i];
        skad_address_format(&one->endpoint, address);
        printf(" %.*s at %s", (int)one->metadata_len, (const char *)one->metadata, address);
    }
    printf("\n");
    fflush(stdout);
}

static void on_event(void *user, skad_host host, const skad_event *event)
{
    chat *self = user;
    const skad_span name = {(const uint8_t *)self->name, strlen(self->name)};
    skad_status status = SKAD_OK;
    if (event->kind == SKAD_EVENT_JOINED && self->announced == 0) {
        /* Kept, it is announced anew as long as the program runs. */
        status = skad_host_announce(host, &self->room, self->port, name, true, &self->announced);
    } else if (event->kind == SKAD_EVENT_PUT && event->op == self->announced && self->watch == 0) {
        status = skad_host_watch_providers(host, &self->room, SKAD_WATCH_S_MIN, &self->watch);
    } else if (event->kind == SKAD_EVENT_CHANGED) {
        print_guests(&event->u.get);
    }
    if (status != SKAD_OK) {
        end_badly(self, skad_host_error(host));
    }
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer user)
{
    const chat *self = user;
    (void)fd;
    (void)condition;
    skad_host_step(self->host);
    return G_SOURCE_CONTINUE;
}

static gboolean on_end(gpointer user)
{
    const chat *self = user;
    g_main_loop_quit(self->loop);
    return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: chat NODE ROOM NAME PORT\n");
        return 2;
    }
    chat self = {.loop = g_main_loop_new(NULL, FALSE),
                 .name = argv[3],
                 .port = (uint16_t)strtoul(argv[4], NULL, 10)};
    const char *const join[] = {argv[1]};
    const char *const listen[] = {"0.0.0.0:0"};
    skad_host_config config;
    skad_failure failure;

    skad_value_key((const uint8_t *)argv[2], strlen(argv[2]), &self.room);
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
    g_unix_fd_add(skad_host_fd(self.host), G_IO_IN, on_readable, &self);
    g_unix_signal_add(SIGINT, on_end, &self);
    g_unix_signal_add(SIGTERM, on_end, &self);
    g_main_loop_run(self.loop);
    skad_host_close(self.host);
    g_main_loop_unref(self.loop);
    return self.code;
}
